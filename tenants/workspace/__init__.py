"""The workspace as a whole: what it is called, its data as one archive and back, its sandbox, its end and its owner.

Owns ``control.workspace_archive``, ``control.workspace_import`` and ``control.workspace_closing``. Emits workspace.*
and sandbox.* into the control plane's log. Never removes a workspace at once: its owners can open it again for thirty
days.
"""
