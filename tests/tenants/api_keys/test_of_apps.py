"""The keys of remote apps end with their app."""

from __future__ import annotations

from core.kernel.ids import uuid7
from tenants.api_keys import of_apps, service
from tests.fixtures.people import Person


async def test_all_keys_of_an_app_end_at_once(ann: Person) -> None:
    app_id = uuid7()
    async with ann.runtime.control() as control:
        for name in ("old", "new"):
            data = service.KeyIn(
                tenant_id=ann.tenant.id,
                member_id=ann.member_id,
                name=name,
                scopes=["customers:read"],
                app_id=app_id,
            )
            await service.issue(control, data)
        assert len(await of_apps.living(control, app_id)) == 2
        await of_apps.end(control, app_id)
        assert await of_apps.living(control, app_id) == []
