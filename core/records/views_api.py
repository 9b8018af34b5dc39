"""The JSON API of saved views."""

from uuid import UUID

from litestar import Controller, Response

from core.records import queries, service
from core.records.schema import SavedViewIn, SavedViewOut, SavedViewPatch, SavedViews
from core.tenancy.ctx import Ctx
from core.web.routing import delete, get, patch, post


class SavedViewApi(Controller):
    """Lists, saves, changes and removes views."""

    path = "/views"
    tags = ("Views",)

    @get("/", permission="views.view")
    async def list_views(self, ctx: Ctx, record_type: str = "") -> SavedViews:
        """List the views that one may use."""
        return SavedViews(data=[service.to_out(view) for view in await queries.views(ctx, record_type)])

    @post("/", permission="views.edit", status_code=201)
    async def create_view(self, ctx: Ctx, data: SavedViewIn) -> SavedViewOut:
        """Save a view."""
        return service.to_out(await service.create_view(ctx, data))

    @get("/{view_id:uuid}", permission="views.view")
    async def get_view(self, ctx: Ctx, view_id: UUID) -> SavedViewOut:
        """Read one view."""
        return service.to_out(await queries.view(ctx, view_id))

    @patch("/{view_id:uuid}", permission="views.edit")
    async def update_view(self, ctx: Ctx, view_id: UUID, data: SavedViewPatch) -> SavedViewOut:
        """Change a view."""
        return service.to_out(await service.update_view(ctx, await queries.view(ctx, view_id), data))

    @delete("/{view_id:uuid}", permission="views.edit", status_code=204)
    async def delete_view(self, ctx: Ctx, view_id: UUID) -> Response[None]:
        """Remove a view."""
        await service.delete_view(ctx, await queries.view(ctx, view_id))
        return Response(None, status_code=204)
