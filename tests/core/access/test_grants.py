import pytest

from core.access.grants import REACHES, narrower, of_key, of_role, reach_of, scope_of
from core.ext.specs import Permission, Reach

VIEW = Permission(name="customers.view", title="See customers", reach={"owner": "all", "member": "own"})
EDIT = Permission(name="customers.edit", title="Edit customers", reach={"owner": "all", "member": "own"})
DEALS = Permission(name="deals.view", title="See deals", reach={"owner": "all", "member": "team"})
ALL = (VIEW, EDIT, DEALS)


def test_a_built_in_role_has_the_declared_reaches() -> None:
    assert of_role("member", ALL) == {"customers.view": "own", "customers.edit": "own", "deals.view": "team"}
    assert set(of_role("readonly", ALL).values()) == {"none"}


def test_a_stored_role_overlays_the_defaults_and_drops_what_is_unknown() -> None:
    grants = of_role("member", ALL, {"customers.view": "all", "customers.edit": "galaxy", "gone.view": "all"})
    assert grants == {"customers.view": "all", "customers.edit": "none", "deals.view": "team"}


def test_a_role_of_the_workspaces_own_starts_from_nothing() -> None:
    assert of_role("auditor", ALL, {"deals.view": "all"}) == {
        "customers.view": "none",
        "customers.edit": "none",
        "deals.view": "all",
    }


def test_a_key_has_at_most_its_scopes_and_at_most_the_role() -> None:
    role = of_role("member", ALL)
    assert of_key(role, ["customers:read"], ALL) == {
        "customers.view": "own",
        "customers.edit": "none",
        "deals.view": "none",
    }
    assert of_key(role, ["customers:write"], ALL)["customers.view"] == "own"
    assert of_key(role, [], ALL) == {"customers.view": "none", "customers.edit": "none", "deals.view": "none"}


def test_viewing_and_exporting_are_reading() -> None:
    export = Permission(name="customers.export", title="Export", reach={})
    assert scope_of(export) == "customers:read"
    assert scope_of(EDIT) == "customers:write"


def test_what_nobody_granted_reaches_nowhere() -> None:
    assert reach_of({}, "customers.view") == "none"
    assert reach_of({"customers.view": "moon"}, "customers.view") == "none"  # type: ignore[dict-item]


@pytest.mark.parametrize("one", REACHES)
@pytest.mark.parametrize("other", REACHES)
def test_the_narrower_reach_is_one_of_both_and_never_wider(one: Reach, other: Reach) -> None:
    found = narrower(one, other)
    assert found in (one, other)
    assert REACHES.index(found) <= min(REACHES.index(one), REACHES.index(other))
