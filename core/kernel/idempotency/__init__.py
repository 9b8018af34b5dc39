"""Answer a repeated request with the answer of the first, and let its effect happen once.

Owns: the table `idempotency` of every tenant, and that of the control plane.
Emits nothing. Never commits: effect and answer are one transaction of the caller's.
"""

from core.kernel.idempotency.answers import (
    CONTROL,
    Answer,
    Pending,
    Replay,
    Stored,
    begin,
    canonical,
    kept,
    store,
)

__all__ = ["CONTROL", "Answer", "Pending", "Replay", "Stored", "begin", "canonical", "kept", "store"]
