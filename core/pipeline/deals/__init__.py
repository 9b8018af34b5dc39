"""Deals: chances to sell, their board, and how they end.

Owns the verbs of deal (its table is in core/pipeline/models.py). Emits ``deal.*``.
Never invents an exchange rate: a foreign sum without one is refused.
"""
