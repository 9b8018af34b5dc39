"""What people are going to do: tasks, appointments, the calendar, reminders.

Owns task. Emits ``task.*``. Never logs that something was done with a customer: that is an activity.
"""
