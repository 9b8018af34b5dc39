"""Contacts: the people at customers, and the part each plays there.

Owns contact and contact_role. Emits ``contact.*``. Never makes or changes a customer.
"""
