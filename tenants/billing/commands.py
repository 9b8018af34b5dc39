"""``guanxi billing``: what the operator does about money; ``guanxi billing-simulator``: payments without any."""

from __future__ import annotations

import asyncio
import json
from datetime import date, datetime
from pathlib import Path
from uuid import UUID

import click
from sqlalchemy import select

from core.kernel import validate
from core.runtime import Runtime
from core.settings import Settings
from tenants.billing import rehearsal, service_accounts, service_offline
from tenants.billing.models import FapiaoRequest
from tenants.billing.plans import PLANS
from tenants.billing.schema import TransferIn
from tenants.process import require_tenant, with_runtime

FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
FILE_MAX = 5 * 1024 * 1024


@click.group()
def billing() -> None:
    """Record bank transfers, give plans away, issue fapiao."""


@billing.command()
@click.argument("workspace")
@click.option("--reference", required=True, help="The bank's number of the transfer; it is recorded once.")
@click.option("--amount-minor", type=int, required=True, help="In cents or fen.")
@click.option("--currency", default="CNY", show_default=True)
@click.option("--plan", type=click.Choice(["team", "business"]), required=True)
@click.option("--months", type=int, default=12, show_default=True, help="How long it pays for.")
@click.option("--received-on", type=click.DateTime(["%Y-%m-%d"]), help="Default: today.")
def transfer(workspace: str, received_on: datetime | None, **given: object) -> None:
    """Record a bank transfer and lengthen what it pays for."""
    on: date | None = received_on.date() if received_on else None
    data = validate.convert(TransferIn, {**given, "received_on": on.isoformat() if on else None})

    async def work(runtime: Runtime) -> str:
        tenant = await require_tenant(runtime, workspace)
        async with runtime.control() as control:
            made = await service_offline.record_transfer(control, tenant, data)
            return made.paid_until.date().isoformat()

    click.echo(f"paid until {with_runtime(work)}")


@billing.command()
@click.argument("workspace")
@click.argument("plan", type=click.Choice(list(PLANS)))
def give(workspace: str, plan: str) -> None:
    """Give a workspace a plan that nobody pays for; free takes it back."""

    async def work(runtime: Runtime) -> None:
        tenant = await require_tenant(runtime, workspace)
        async with runtime.control() as control:
            await service_accounts.give(control, tenant, plan)

    with_runtime(work)


@billing.command("fapiao")
@click.option("--issue", type=click.UUID, metavar="ID", help="Note one as issued.")
@click.option("--number", default="", help="Its number.")
@click.option("--file", type=FILE, help="The fapiao itself, which goes with the mail to the customer.")
def fapiao(issue: UUID | None, number: str, file: Path | None) -> None:
    """List the fapiao that are asked for, one JSON object a line, or note one as issued and mail the customer."""
    if (issue is None) is bool(number) or (file is not None and issue is None):
        raise click.UsageError("--issue needs --number, and they need --issue")
    if file is not None and file.stat().st_size > FILE_MAX:
        raise click.UsageError("--file may have 5 MB at most")
    content = (file.name, file.read_bytes()) if file is not None else None

    async def work(runtime: Runtime) -> list[dict[str, object]]:
        async with runtime.control() as control:
            if issue is not None:
                await service_offline.issue_fapiao(control, issue, number, content)
            waiting = select(FapiaoRequest).where(FapiaoRequest.number.is_(None)).order_by(FapiaoRequest.id)
            return [
                {
                    "id": str(each.id),
                    "tenant": str(each.tenant_id),
                    "title": each.title,
                    "tax_number": each.tax_number,
                    "amount_minor": each.amount_minor,
                    "email": each.email,
                }
                for each in await control.session.scalars(waiting)
            ]

    for shown in with_runtime(work):
        click.echo(json.dumps(shown, ensure_ascii=False))


@click.command("billing-simulator")
def simulator() -> None:
    """Play the payment service at STRIPE_API_BASE; `guanxi up` does so where no STRIPE_API_KEY is set."""
    from tenants.billing.simulator.app import serve

    settings = Settings.read()
    if settings.stripe_api_base is None:
        raise click.UsageError("STRIPE_API_BASE says where, like http://127.0.0.1:8001")
    asyncio.run(
        serve(
            settings.stripe_api_base,
            home=settings.home,
            webhook=rehearsal.webhook(settings),
            secret=settings.stripe_webhook_secret,
        )
    )
