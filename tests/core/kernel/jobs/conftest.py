import pytest

from core.tenancy.db import Databases
from core.tenancy.directory import Tenant
from tests.core.kernel.scene import Scene, make_effects
from tests.fixtures.restore import Restore


@pytest.fixture
async def scene(databases: Databases, tenant: Tenant, other_tenant: Tenant, committing: Restore) -> Scene:
    make_effects(databases.settings, tenant, other_tenant)
    return Scene(databases, (tenant, other_tenant))
