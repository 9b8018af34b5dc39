"""What people did and are going to do: activities, tasks, files on records, and the timeline.

Owns activity, task, attachment and notification. Emits ``activity.*`` and ``task.*``.
Never changes a record except by telling it that it was contacted.
"""
