"""Reads files of customers, contacts and any other record type into a workspace, row by row and never twice.

Owns runs, their rows, errors and remembered mappings. Emits import.finished and import.reverted.
Never writes a record but through its type's verbs, and never stops at a bad row.
"""
