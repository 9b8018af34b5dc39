"""Plans, subscriptions, invoices and bank transfers: what a workspace may have, and who pays for it.

Owns the tables ``control.billing_*`` and what the directory says of limits, notices and being read-only.
Emits ``subscription.changed``, ``transfer.recorded``, ``fapiao.requested``, ``fapiao.issued``.
Never takes anything away: above a limit nothing is added, unpaid nothing is written.
"""
