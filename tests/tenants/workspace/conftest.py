"""What tests of the workspace as a whole share."""

import psycopg
import pytest

from core.tenancy import provisioning
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
    # Roles belong to the whole server, where other tests make theirs.
    names, allot = [], provisioning._allot

    def noting(*asked):
        allotted = allot(*asked)
        names.extend(schema for schema, _ in allotted)
        return allotted

    def found():
        with psycopg.connect(settings.admin_dsn()) as admin:
            rows = {
                what: admin.execute(query).fetchall()
                for what, query in {
                    "schemas": "SELECT nspname FROM pg_namespace WHERE nspname !~ '^pg_' ORDER BY 1",
                    "workspaces": "SELECT id FROM control.tenant WHERE state <> 'free' ORDER BY 1",
                    "members": "SELECT tenant_id FROM control.membership ORDER BY 1, id",
                    "modules": "SELECT tenant_id, plugin FROM control.tenant_plugin ORDER BY 1, 2",
                }.items()
            }
            held = admin.execute("SELECT rolname FROM pg_roles WHERE rolname = ANY(%s)", [names])
            rows["roles"] = held.fetchall()
        files = sorted(str(path) for folder in ("files", BROUGHT) for path in (home / folder).rglob("*"))
        return rows | {"files": [path for path in files if not path.endswith(BROUGHT)]}

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(provisioning, "_allot", noting)
        yield found
