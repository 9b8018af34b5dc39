"""Modules of other people that crash, hang, lie and misspell at boot, at every hook: out of order, and named.

Each is written as a distribution of its own.
"""

from __future__ import annotations

import pytest

from core.cli import doctor
from core.ext.documented import hook_names
from tests.fixtures.planted import Plant

# Hooks that return something at boot, and two lies for each: what is no list of it, and what is nearly one.
LIES = {
    "crm_records": ("[1]", "'text'"),
    "crm_api": ("[1]", "[type('X', (Controller,), {'path': 7})]"),
    "crm_pages": ("[1]", "None"),
    "crm_public": ("[1]", "None"),
    "crm_permissions": ("[Permission(name=1, title='x', reach={})]", "{}"),
    "crm_jobs": ("[JobSpec(name='x', handler=None, params=int)]", "[None]"),
    "crm_events": ("[int]", "[type('E', (), {})]"),
    "crm_subscriptions": ("[Subscription(event='no.such', name='x', handler=print)]", "[Nav]"),
    "crm_nav": (
        "[Nav(key='x', title='x', icon='x', url='/x', permission='no.such')]",
        "[Nav(key=1, title=2, icon=3, url=4)]",
    ),
    "crm_panels": ("[Panel(slot='customer.side', key='x', title='x', render=7)]", "'panel'"),
    "crm_timeline": (
        "[TimelineKind(event='no.such', icon='x', summary=str)]",
        "[TimelineKind(event='customer.created', icon='x', summary=str)]",
    ),
    "crm_widgets": ("[Widget(key='x', title='x', render=None)]", "[Widget]"),
    "crm_steps": ("[Step(key='x', title='x', url='/x', is_done=1)]", "[1]"),
    "crm_processes": ("[]", "[1]"),
    "crm_live": ("[LivePart(key='x', render=1)]", "7"),
    "crm_banners": ("[Banner(key='x', render=1)]", "7"),
    "crm_actions": ("[Action(key='x', title='x', icon='x', record_type='no_such', run=print)]", "[{}]"),
    "crm_filters": ("[Filter(key='x', title='x', record_type='no_such', condition=print)]", "[{}]"),
    "crm_settings": ("int", "type('S', (msgspec.Struct,), {'__annotations__': {'a': int}})"),
    "crm_personal_data": ("[PersonalData(key='x', title='x', export=1, erase=1, restrict=1)]", "[1]"),
    "crm_checks": ("[Check(key='x', title='x', run=1)]", "[1]"),
    "crm_commands": ("[print]", "[1]"),
    "crm_manifest": ("None", "Manifest(key='other', title='x')"),
}
LATER = {"crm_seed", "crm_demo", "crm_install", "crm_upgrade", "crm_uninstall", "crm_authenticate"}


def hook(name: str, body: str) -> str:
    return f"\n@hookimpl\ndef {name}():\n    {body}\n"


def boot(plant: Plant, text: str) -> str:
    """What is said of a module that starts with this text; nothing of it may be left."""
    registry = plant("planted", {"plugin.py": "import msgspec, os, sys, time\n" + text})
    from core.app import refuse_unmountable

    refuse_unmountable(registry)
    found = registry.modules["planted"]
    if found.error:
        assert f"planted: {found.error}" in doctor.out_of_order(registry)
        assert not [
            item
            for items in registry.declared.values()
            for item in items
            if getattr(item, "plugin", "") == "planted"
        ]
        assert "planted" not in registry.owners.values()
        assert "planted" not in registry.settings
    return found.error


def test_every_hook_is_tried() -> None:
    assert set(LIES) | LATER == set(hook_names())


@pytest.mark.parametrize("name", sorted(LIES))
def test_a_hook_that_crashes_puts_its_module_out_of_order(plant: Plant, name: str) -> None:
    assert "no luck" in boot(plant, hook(name, "raise ValueError('no luck')"))


@pytest.mark.parametrize(("name", "lie"), [(name, lie) for name in sorted(LIES) for lie in LIES[name]])
def test_a_hook_that_lies_puts_its_module_out_of_order(plant: Plant, name: str, lie: str) -> None:
    assert boot(plant, hook(name, f"return {lie}"))


@pytest.mark.parametrize("name", sorted(LIES))
def test_a_hook_that_hangs_is_left_behind(plant: Plant, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for module in ("core.kernel.installed", "core.ext.registry"):
        monkeypatch.setattr(f"{module}.LIMIT_S", 0.5)
    assert "did not end" in boot(plant, hook(name, "time.sleep(3)"))


@pytest.mark.parametrize("name", [*LIES, *sorted(LATER)])
def test_a_misspelt_hook_is_named(plant: Plant, name: str) -> None:
    assert f"{name}x" in boot(plant, hook(f"{name}x", "return []"))


@pytest.mark.parametrize("name", sorted(LATER))
def test_a_hook_of_the_wrong_form_is_named(plant: Plant, name: str) -> None:
    assert name in boot(plant, hook(name, "return None"))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("raise ValueError('at import')", "at import"),
        ("sys.exit(3)", "SystemExit"),
        ("import no_such_module", "no_such_module"),
        ("def broken(:", "SyntaxError"),
        ("@hookimpl\nasync def crm_authenticate(runtime, request): ...", "crm_authenticate"),
        ("def crm_nav(): return []", "hookimpl"),
        (
            "@hookimpl\ndef crm_manifest(): return Manifest(key='planted', title='x', kind='locked')",
            "optional",
        ),
        (
            "@hookimpl\ndef crm_manifest(): return Manifest(key='planted', title='x', requires=('no.such',))",
            "no.such",
        ),
        (
            "@hookimpl\ndef crm_manifest(): return Manifest(key='planted', title='x', requires_core='>=99')",
            ">=99",
        ),
        (
            hook("crm_nav", "return [Nav(key='a', title='a', icon='x', url='/a')]")
            + hook("crm_permissions", "return [Permission(name='customers.view', title='x', reach={})]"),
            "customers.view",
        ),
        (
            "from litestar import get as bare\n"
            "class Api(Controller):\n"
            "    path = '/open'\n"
            "    @bare('/')\n"
            "    async def show(self) -> str: return 'x'\n" + hook("crm_api", "return [Api]"),
            "neither permission",
        ),
        (
            "class Thing: ...\n"
            "class Api(Controller):\n"
            "    path = '/odd'\n"
            "    @get('/', permission='*')\n"
            "    async def show(self, what: 'NoSuchType') -> str: return 'x'\n"
            + hook("crm_api", "return [Api]"),
            "NoSuchType",
        ),
    ],
)
def test_what_cannot_be_taken_in_is_quarantined(plant: Plant, text: str, said: str) -> None:
    assert said in boot(plant, text)


def test_a_module_whose_need_is_out_of_order_is_out_of_order_too(plant: Plant) -> None:
    plant("first", {"plugin.py": "raise ValueError('no')"})
    registry = plant("second", {"plugin.py": ""}, more=", requires=('first',)")
    assert "first" in registry.modules["second"].error


def test_the_doctor_names_modules_that_are_out_of_order(plant: Plant) -> None:
    registry = plant("planted", {"plugin.py": "raise ValueError('no luck today')"})
    assert [problem for problem in doctor.out_of_order(registry) if problem.startswith("planted: ")]
    assert "no luck today" in "".join(doctor.out_of_order(registry))
