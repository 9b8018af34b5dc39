"""What people did with whom: calls, meetings, visits, messages and notes, and the timeline that shows them.

Owns activity; tasks, files and notifications are packages below. Emits ``activity.*``.
Never changes a record except by telling it that it was contacted.
"""
