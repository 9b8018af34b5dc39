"""The machinery of record types: lists, filters, API, bulk writing, saved views, pages.

Owns: saved_view. Emits: saved_view.*; records' own events come from their verbs. Never: names a domain.
"""
