"""Shows the long work of a workspace: what runs, how far it is, what failed; cancels it and has it run again.

Owns no table: jobs are the kernel's. Emits nothing. Never does any of the work itself.
"""
