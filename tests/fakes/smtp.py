"""An SMTP server on loopback that keeps what it is given."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import Any

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session


@dataclass
class SmtpServer:
    """Mail server whose answers a test may set: `refuse` maps an address to the reply to its RCPT."""

    require_login: bool = False
    refuse: dict[str, str] = field(default_factory=dict)
    reply_to_data: str = "250 kept"
    envelopes: list[Envelope] = field(default_factory=list)
    logins: list[tuple[bytes, bytes]] = field(default_factory=list)

    async def start(self) -> None:
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(self._session, "127.0.0.1", 0)
        self.port: int = self._server.sockets[0].getsockname()[1]

    def stop(self) -> None:
        self._server.close()

    def _session(self) -> SMTP:
        return SMTP(
            self,
            authenticator=self._login,
            auth_required=self.require_login,
            auth_require_tls=False,
            ident="fake",
        )

    def _login(self, server: SMTP, session: Session, envelope: Envelope, kind: str, data: Any) -> AuthResult:
        assert isinstance(data, LoginPassword)
        self.logins.append((data.login, data.password))
        return AuthResult(success=data.password == b"right")

    async def handle_RCPT(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if address in self.refuse:
            return self.refuse[address]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        if self.reply_to_data.startswith("250"):
            self.envelopes.append(envelope)
        return self.reply_to_data
