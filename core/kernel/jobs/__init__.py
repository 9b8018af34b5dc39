"""Background work: a queue per cell that is fair between tenants, and jobs that are sequences of steps.

Owns ``cell.outbox``, ``cell.job``, ``cell.lane``, ``cell.worker``, ``cell.schedule`` and the tenant's
``job_run`` and ``circuit``. Emits nothing. Never runs a step's effect twice, and never holds a transaction
open between steps.
"""
