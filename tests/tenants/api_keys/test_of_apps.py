"""The keys of remote apps: all that one ever had, and an end that leaves time to change over."""

from __future__ import annotations

from datetime import timedelta

from core.kernel.ids import uuid7
from tenants.api_keys import of_apps, service
from tenants.api_keys.models import ApiKey
from tests.fixtures.people import Person


async def test_keys_end_at_once_or_when_an_overlap_is_over_and_never_later(ann: Person) -> None:
    app_id, made = uuid7(), []
    async with ann.runtime.control() as control:
        now = control.now()
        for expires_at in (None, now + timedelta(minutes=5)):
            data = service.KeyIn(
                tenant_id=ann.tenant.id,
                member_id=ann.member_id,
                name="app",
                scopes=["customers:read"],
                expires_at=expires_at,
            )
            _, key = await service.issue(control, data)
            key.app_id = app_id
            made.append(key.id)
        await control.session.flush()
        await of_apps.end(control, app_id, overlap=timedelta(hours=1))
        ends = [(await control.session.get_one(ApiKey, key_id)).expires_at for key_id in made]
        assert abs(ends[0] - now - timedelta(hours=1)) < timedelta(minutes=1)
        assert ends[1] == now + timedelta(minutes=5)
        assert len(await of_apps.living(control, app_id)) == 2
        await of_apps.end(control, app_id)
        assert await of_apps.living(control, app_id) == []
        assert [key.id for key in await of_apps.of_app(control, app_id)] == made[::-1]
