"""Remote apps: programs elsewhere that a workspace lets in by a key, tells of events and gives a place on its pages.

Owns what an app may do and what it asks for. Emits remote_app.*. Never runs an app's code: its panels are frames that
reach nothing of the page around them.
"""
