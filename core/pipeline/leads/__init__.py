"""Leads: people who may become customers, and how they do.

Owns lead. Emits ``lead.*``. Never makes a customer of anybody without being told to.
"""
