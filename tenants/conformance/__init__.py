"""What a plugin's author tests with: two workspaces on real servers, and checks that every plugin must pass.

Owns no table. Emits nothing. Never part of a running installation.
"""
