"""The plugin contract: what a module may declare, the hooks it declares through, and who collects it.

Owns the specs, the hook specifications and the registry. Emits nothing. Never dispatches work through a hook.
"""
