"""The shell: routing, pages and forms, problem documents, static files, and the templates' macros.

Owns no table and emits nothing. Never holds a business word.
"""
