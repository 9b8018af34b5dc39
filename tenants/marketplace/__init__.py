"""The marketplace: which modules a workspace has, and how they come and go.

Owns the rows of ``control.tenant_plugin``. Emits ``plugin.*`` into the control plane's log.
Never runs a module's code in a request, and never changes a workspace's tables outside of a job.
"""
