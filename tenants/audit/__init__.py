"""The audit log of a workspace: what happened in it and what happened to it, as one story.

Owns no table. Emits nothing itself; a file of the log ends with export.finished. Never changes an entry.
"""
