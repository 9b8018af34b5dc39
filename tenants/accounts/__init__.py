"""Accounts, their memberships in workspaces and their sessions.

Owns ``control.account``, ``control.membership`` and ``control.session``. Emits nothing.
Never decides what a member may do inside a workspace: that is the workspace's own.
"""
