"""Files that lie on records.

Owns attachment; the bytes are the kernel's. Emits ``file.*``. Never serves a file that a browser would run.
"""
