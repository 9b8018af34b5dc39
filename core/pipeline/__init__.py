"""Pipelines, their stages, and deals from the first talk to won or lost; leads are the sub-package.

Owns pipeline, stage, deal, close_reason and currency_rate. Emits ``deal.*``.
Never writes a customer or a contact except through their verbs.
"""
