"""Customers: the companies and persons that a workspace does business with, and how they are classed.

Owns customer, customer_address, customer_class and customer_relation. Emits ``customer.*``.
Never knows a deal, an activity or an invoice: those point here.
"""
