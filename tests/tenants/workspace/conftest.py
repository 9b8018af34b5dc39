"""What tests of the workspace as a whole share."""

import psycopg
import pytest

from core.tenancy.provisioning import drop
from tenants.workspace.places import BROUGHT


@pytest.fixture
async def made(ann):
    """Give the workspaces that the test made, and remove them afterwards."""
    known = {tenant.id for tenant in await ann.runtime.directory.all()}

    async def new():
        ann.runtime.directory.forget()
        return [tenant for tenant in await ann.runtime.directory.all() if tenant.id not in known]

    yield new
    for tenant in await new():
        drop(ann.runtime.databases.settings, tenant)
        await ann.runtime.files.delete_tenant(tenant.schema)
    ann.runtime.directory.forget()
    for path in (ann.runtime.settings.home / BROUGHT).glob("*"):
        path.unlink()


@pytest.fixture
def traces(ann):
    """Give what there is: schemas, roles, workspaces, files; tests compare it before and after."""
    home = ann.runtime.settings.home
    settings = ann.runtime.databases.settings

    def found():
        with psycopg.connect(settings.admin_dsn()) as admin:
            rows = {
                what: admin.execute(query).fetchall()
                for what, query in {
                    "schemas": "SELECT nspname FROM pg_namespace WHERE nspname !~ '^pg_' ORDER BY 1",
                    "roles": "SELECT rolname FROM pg_roles WHERE rolname ~ '^t_' ORDER BY 1",
                    "workspaces": "SELECT id FROM control.tenant WHERE state <> 'free' ORDER BY 1",
                    "members": "SELECT tenant_id FROM control.membership ORDER BY 1, id",
                    "modules": "SELECT tenant_id, plugin FROM control.tenant_plugin ORDER BY 1, 2",
                }.items()
            }
        files = sorted(str(path) for folder in ("files", BROUGHT) for path in (home / folder).rglob("*"))
        return rows | {"files": [path for path in files if not path.endswith(BROUGHT)]}

    return found
