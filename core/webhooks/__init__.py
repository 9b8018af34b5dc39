"""Webhooks: tells servers of others what happened, signed as Standard Webhooks says, until they have taken it.

Owns webhook_endpoint, webhook_delivery and webhook_attempt. Emits webhook.*. Never sends what the member behind an
endpoint may not see, never calls anybody inside a transaction, and never promises an order.
"""
