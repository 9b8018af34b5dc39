"""A stand-in for Stripe where none can be reached: a small application of its own, with a state of its own.

Owns its objects, its clock and the webhooks that it sends. Emits nothing here: the product knows its address alone.
Never imported by the billing code; never to be shown to the world, for it takes no real money and any login.
"""
