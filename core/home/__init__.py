"""Today: the page that a member's day begins with.

Owns no table. Emits nothing. Never shows numbers of its own making: cards come from modules as widgets.
"""
