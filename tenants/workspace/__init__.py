"""The workspace as a whole: what it is called, its data as one archive, its sandbox, its end and who owns it.

Owns ``control.workspace_archive`` and ``control.workspace_closing``. Emits workspace.* and sandbox.* into the
control plane's log. Never removes a workspace at once: for thirty days its owners can open it again.
"""
