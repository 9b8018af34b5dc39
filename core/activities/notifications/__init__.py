"""What one member should know: mentioned, reminded, given something to do.

Owns notification. Emits nothing. Never keeps a text: each is put into its reader's language when shown.
"""
