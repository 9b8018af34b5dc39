"""What happens behind remote apps: manifests are read, and webhooks in workspaces are made what they are to be."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Final

from sqlalchemy import or_, select

from core.ext.specs import JobSpec
from core.kernel.errors import AppError, Invalid
from core.kernel.http import OutboundError, OutboundRefused, OutboundTooLarge
from core.kernel.i18n import N_
from core.kernel.jobs import JobRun
from core.runtime import Runtime
from core.tenancy.ctx import Ctx
from core.webhooks import service_lent
from core.webhooks.schema import EndpointIn
from core.webhooks.service import Answering
from tenants.remote_apps import asking, service
from tenants.remote_apps.models import RemoteApp
from tenants.remote_apps.schema import AppIn, AppParams, Nothing

LARGEST: Final = 64 * 1024
EVERY: Final = timedelta(days=1)
LATE: Final = timedelta(minutes=10)
AT_ONCE: Final = 100
TRIES: Final = 5


async def read_manifest(runtime: Runtime, params: AppParams) -> None:
    """Read what an app asks for, and note it or what is wrong with it; harmless to repeat."""
    async with runtime.control() as control:
        app = await control.session.get(RemoteApp, params.app_id)
        found = (app.tenant_id, app.manifest_url) if app is not None and app.manifest_url else None
    if found is None:
        return
    tenant = await runtime.tenant(found[0])
    wanted: AppIn | None = None
    problems: list[dict[str, Any]] = []
    try:
        asked = asking.of_document(await _fetched(runtime, found[1]))
        async with runtime.open(tenant, readonly=True) as ctx:
            wanted = asking.check(ctx, asked)
    except AppError as error:
        problems = asking.problems(error)
    async with runtime.control() as control:
        app = await control.session.get(RemoteApp, params.app_id, with_for_update=True)
        if app is None:
            return
        app.problems, app.reading_since, app.read_at = problems, None, control.now()
        if wanted is not None:
            service.ask_again(control, app, wanted)


async def _fetched(runtime: Runtime, url: str) -> bytes:
    """The document at an address; raises Invalid with why there is none."""
    try:
        answer = await runtime.http.request(
            "GET", url, headers={"Accept": "application/json"}, max_response_bytes=LARGEST, timeout_s=10.0
        )
    except OutboundTooLarge:
        message = N_("The manifest is larger than {count} KB.")
        raise Invalid.field("manifest_url", "too_large", message, count=LARGEST // 1024) from None
    except OutboundRefused:
        raise Invalid.field("manifest_url", "outbound", asking.REFUSED) from None
    except OutboundError:
        raise Invalid.field("manifest_url", "unreachable", N_("The address did not answer.")) from None
    if answer.status != 200:
        message = N_("The address answered {status}; the manifest must be there itself.")
        raise Invalid.field("manifest_url", "status", message, status=answer.status)
    return answer.body


async def read_all(runtime: Runtime, _params: Nothing) -> None:
    """Ask for manifests to be read that were not for a day; harmless to run twice at once."""
    async with runtime.control() as control:
        now = control.now()
        late = select(RemoteApp).where(
            RemoteApp.manifest_url != "",
            or_(RemoteApp.read_at.is_(None), RemoteApp.read_at < now - EVERY),
            or_(RemoteApp.reading_since.is_(None), RemoteApp.reading_since < now - LATE),
        )
        locked = late.order_by(RemoteApp.id).limit(AT_ONCE).with_for_update(skip_locked=True)
        for app in (await control.session.scalars(locked)).all():
            service.read_again(control, app)


async def settle(run: JobRun) -> None:
    """Make an app's webhook what it is to be now; whatever was decided meanwhile holds in the end."""
    async with run.open() as ctx:
        runtime: Runtime = ctx.machinery
    for number in range(TRIES):
        before = await _present(runtime, run)
        try:
            await run.step(f"{number}:{before.version if before else 0}", _place, before, run.params)
        except AppError as error:
            await _note(runtime, run, error)
            return
        after = await _present(runtime, run)
        if (after and after.version) == (before and before.version):
            return


async def _present(runtime: Runtime, run: JobRun) -> RemoteApp | None:
    async with runtime.control() as control:
        return await control.session.get(RemoteApp, run.params.app_id)


async def _place(ctx: Ctx, app: RemoteApp | None, params: AppParams) -> None:
    granted = asking.read(app.granted) if app is not None else None
    if app is None or app.member_id is None or granted is None or not granted.webhook_url:
        await service_lent.remove(ctx, params.app_id)
        return
    secret = ctx.cipher().decrypt(app.secret, service.place(ctx.tenant, app.id))
    data = EndpointIn(url=granted.webhook_url, description=granted.name, events=list(granted.events))
    held = asking.bounds(ctx.machinery.registry, granted.scopes)
    who = Answering(app.member_id, held, f"/remote-apps/{app.id}")
    lent = service_lent.Lent(id=app.id, secret=secret, who=who, is_paused=app.state == "paused")
    await service_lent.keep(ctx, data, lent)


async def _note(runtime: Runtime, run: JobRun, error: AppError) -> None:
    """Say on the app's page why it is not told of events."""
    async with runtime.control() as control:
        app = await control.session.get(RemoteApp, run.params.app_id, with_for_update=True)
        if app is not None:
            app.problems = asking.problems(error)


JOBS: Final = [
    JobSpec(
        name=service.READ,
        handler=read_manifest,
        params=AppParams,
        title=N_("Read a manifest"),
        kind="control",
    ),
    JobSpec(
        name="remote_apps.read_all",
        handler=read_all,
        params=Nothing,
        title=N_("Read the manifests of remote apps again"),
        kind="control",
        every_s=900,
    ),
    JobSpec(
        name=service.SETTLE, handler=settle, params=AppParams, title=N_("Set the webhook of a remote app")
    ),
]
