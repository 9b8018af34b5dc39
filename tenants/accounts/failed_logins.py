"""Failed logins on their way into the log, apart from the requests that they came with.

A request that wrote one itself, or had it written before the next on its connection is served, would tell by its time
whether there is an account to write about.
"""

from __future__ import annotations

from collections import deque
from typing import Final

from core.kernel.later import Later
from core.runtime import Runtime
from tenants.accounts import limits, service
from tenants.accounts.events import LoginFailed
from tenants.accounts.log import tell

PAUSE_S: Final = 1.0
WAITING: Final = 1_000
"""Whoever tries more often in a second is not told of again and again."""


class FailedLogins(Later):
    """Those of this process that are not in the log yet."""

    def __init__(self, runtime: Runtime) -> None:
        super().__init__()
        self._runtime = runtime
        self._waiting: deque[tuple[str, str]] = deque(maxlen=WAITING)

    @property
    def pause_s(self) -> float:
        return PAUSE_S

    @property
    def waiting(self) -> int:
        return len(self._waiting)

    def note(self, client: str, email: str) -> None:
        """Have a failed login written, a few times an hour for one address at most. Emits ``login.failed``."""
        self._waiting.append((client, email))
        self.begin()

    async def flush(self) -> None:
        while self._waiting:
            client, email = self._waiting.popleft()
            try:
                if await limits.may_tell(self._runtime, email):
                    await self._tell(client, email)
            except BaseException:
                self._waiting.appendleft((client, email))
                raise

    async def _tell(self, client: str, email: str) -> None:
        async with self._runtime.control() as control:
            found = [one for one in await service.candidates(control, email) if one is not None]
        for account in found:
            # Who has a claim is not known to be whose address it is: where he was is nobody's business there.
            address = client if account.verify_by is None else ""
            async with self._runtime.control(address=address) as control:
                await tell(control, LoginFailed(subject_id=account.id))


def failed_logins(runtime: Runtime) -> FailedLogins:
    """Those of this process."""
    return runtime.part(FailedLogins, lambda: FailedLogins(runtime))
