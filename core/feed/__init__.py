"""The change feed: everything that happened in a workspace, in the order of its commits, for other systems.

Owns the permission to read it. Emits nothing. Never waits and never skips: who asks again from the last
position misses nothing.
"""
