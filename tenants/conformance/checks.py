"""What holds for every plugin. Collected by ``pytest --guanxi-plugin KEY``, in this order."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import msgspec
import pytest
from alembic.autogenerate import compare_metadata

from core.kernel import catalogues
from core.tenancy.author import comparison
from core.tenancy.components import plugin_component
from core.tenancy.linter import lint
from core.tenancy.migrations import compile_history
from tenants.conformance.scene import Scene, Workspace
from tenants.marketplace.queries import rows

DOOR = "core.sdk"
HOUSE = ("core", "tenants", "plugins")
PLACE = re.compile(r"{(\w+)(?::\w+)?}")


def test_it_loads(guanxi: Scene) -> None:
    """Its declarations are whole, and whatever it names is there."""
    assert not guanxi.module.error, guanxi.module.error
    assert guanxi.is_on(), "it could not be switched on"


def test_it_imports_the_one_door_only(guanxi: Scene) -> None:
    """Everything but ``core.sdk`` may change any day."""
    past = [
        f"{path.name}:{line} imports {name}"
        for path in sorted(guanxi.module.folder.rglob("*.py"))
        if "migrations" not in path.parts
        for line, name in _imports(path)
        if name.partition(".")[0] in HOUSE and name != DOOR and not name.startswith(f"{DOOR}.")
    ]
    assert not past, "\n".join(past)


def test_every_text_is_translated(guanxi: Scene) -> None:
    """``python -m core.kernel.i18n extract PACKAGE`` finds the texts; the message file translates them."""
    folder = guanxi.module.folder
    assert not (missing := catalogues.problems(folder.parent, (folder.name,))), "\n".join(missing)


def test_its_tables_follow_from_its_migrations(guanxi: Scene) -> None:
    """A migrated schema is what the models say, and no step of the history breaks a rule."""
    component = plugin_component(guanxi.key)
    if component is None:
        pytest.skip("it has no tables")
    settings = guanxi.runtime.databases.settings
    with comparison(component, settings.admin_dsn(), guanxi.has.tenant.schema) as context:
        differences = compare_metadata(context, component.metadata)
    assert not differences, differences
    assert not (problems := lint(component, compile_history(component))), list(map(str, problems))


def test_its_tables_are_where_it_is_on_alone(guanxi: Scene) -> None:
    """A workspace that does not have it has none of its tables."""
    component = plugin_component(guanxi.key)
    wanted = {table.name for table in component.tables()} if component else set()
    assert guanxi.tables(guanxi.has).keys() == wanted
    assert guanxi.tables(guanxi.lacks) == {}


def test_every_route_answers_where_it_is_on(guanxi: Scene) -> None:
    """No address fails, whatever ids it is asked for."""
    for path, method in _addresses(guanxi, guanxi.has):
        answer = guanxi.ask(guanxi.has, path, method)
        assert answer.status_code < 500, (method, path, answer.text[:500])
        if method == "GET" and "{" not in path and path == _plain(path):
            assert answer.status_code != 404, (method, path)


def test_no_route_is_there_where_it_is_off(guanxi: Scene) -> None:
    """To the other workspace every address is like one that does not exist."""
    for path, method in _addresses(guanxi, guanxi.lacks):
        assert guanxi.ask(guanxi.lacks, path, method).status_code in {403, 404}, (method, path)


def test_strangers_stay_outside(guanxi: Scene) -> None:
    """Without a login or a key nothing but public pages opens."""
    for template, handler in guanxi.routes():
        if handler.opt.get("public"):
            continue
        for method in handler.http_methods:
            answer = guanxi.ask(None, _filled(template, guanxi.has), method)
            assert answer.status_code in {303, 401, 403}, (method, template, answer.status_code)


def test_panels_and_widgets_show_something(guanxi: Scene) -> None:
    """Each card of a record's page, of a record that has nothing yet and of one with the demo's rows."""
    records = _records(guanxi)
    for panel in _own(guanxi, "Panel"):
        kind, _, place = panel.slot.partition(".")
        for record_id in records.get(kind, ()):
            shown = guanxi.ask(guanxi.has, _page(guanxi, f"/panels/{kind}/{record_id}/{place}/{panel.key}"))
            assert shown.status_code == 200, (panel.slot, panel.key, shown.text[:500])
            assert "This part could not be loaded" not in shown.text, (panel.slot, panel.key)
    for widget in _own(guanxi, "Widget"):
        shown = guanxi.ask(guanxi.has, _page(guanxi, f"/widgets/{widget.key}"))
        assert shown.status_code == 200, (widget.key, shown.text[:500])


def test_its_menu_leads_somewhere(guanxi: Scene) -> None:
    """Each entry opens a page, in both languages."""
    for entry in _own(guanxi, "Nav"):
        for language in ("en", "zh-CN"):
            shown = guanxi.ask(guanxi.has, _page(guanxi, entry.url), headers={"accept-language": language})
            assert shown.status_code == 200, (entry.url, language)


def test_its_settings_can_be_read_before_anybody_set_them(guanxi: Scene) -> None:
    """Every field has a default that its own type accepts."""
    struct = guanxi.runtime.registry.settings.get(guanxi.key)
    if struct is None:
        pytest.skip("it has no settings")
    assert msgspec.convert(msgspec.to_builtins(struct()), struct) == struct()


def test_switched_off_it_is_gone_at_once_and_keeps_its_rows(guanxi: Scene) -> None:
    """The very next request finds nothing; switched on again, everything is there."""
    before = guanxi.tables(guanxi.has)
    guanxi.switch("disable")
    for path, method in _addresses(guanxi, guanxi.has):
        assert guanxi.ask(guanxi.has, path, method).status_code in {403, 404}, (method, path)
    assert guanxi.tables(guanxi.has) == before
    guanxi.switch("enable")
    guanxi.settle()
    assert guanxi.is_on()
    assert guanxi.tables(guanxi.has) == before


def test_removed_it_leaves_no_table_and_comes_back_from_its_export(guanxi: Scene) -> None:
    """The export is written before the tables go, and brings every row back."""
    before = guanxi.tables(guanxi.has)
    guanxi.switch("uninstall")
    guanxi.settle()
    assert guanxi.tables(guanxi.has) == {}
    archive = guanxi.run(_archive(guanxi)) if before else ""
    guanxi.switch("enable", archive=archive)
    guanxi.settle()
    assert guanxi.is_on()
    assert guanxi.tables(guanxi.has) == before


async def _archive(guanxi: Scene) -> str:
    async with guanxi.runtime.control(guanxi.has.principal) as control:
        return str((await rows(control, guanxi.has.tenant.id))[guanxi.key].archive)


def _imports(path: Path) -> Iterator[tuple[int, str]]:
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names = [alias.name for alias in node.names]
            is_door = node.module == "core" and names == ["sdk"]
            yield node.lineno, DOOR if is_door else node.module


def _addresses(guanxi: Scene, workspace: Workspace) -> Iterator[tuple[str, str]]:
    for template, handler in guanxi.routes():
        for method in sorted(handler.http_methods - {"HEAD", "OPTIONS"}):
            yield _filled(template, workspace), method


def _filled(template: str, workspace: Workspace) -> str:
    values = {"workspace": workspace.tenant.slug}
    return PLACE.sub(lambda place: values.get(place[1], str(uuid4())), template)


def _plain(path: str) -> str:
    return re.sub(r"[0-9a-f]{8}-[0-9a-f-]{27}", "", path)


def _page(guanxi: Scene, path: str) -> str:
    return f"/w/{guanxi.has.tenant.slug}{path}"


def _own(guanxi: Scene, kind: str) -> list[Any]:
    return [item for item in guanxi.runtime.registry.declared[kind] if item.plugin == guanxi.key]


def _records(guanxi: Scene) -> dict[str, list[str]]:
    """One new record of each kind, and a few of those that were there."""
    found: dict[str, list[str]] = {}
    for kind, path in {
        "customer": "customers",
        "contact": "contacts",
        "lead": "leads",
        "deal": "deals",
    }.items():
        listed = guanxi.ask(guanxi.has, f"/api/v1/{path}?limit=3").json()["data"]
        made = guanxi.post(f"/{path}", {"name": f"Conformance {kind}"})
        found[kind] = [made["id"], *(one["id"] for one in listed)]
    return found
