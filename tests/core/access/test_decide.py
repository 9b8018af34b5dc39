"""The decision and the lists' condition agree, on generated members, units, records and shares."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID, uuid5

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import CTE, ColumnElement, Connection, Text, Uuid, cast, column, create_engine, select, values
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from core.access.decide import RESTRICTED, Facts, decide
from core.access.grants import REACHES
from core.access.visible import visible
from tests.fixtures.server import Server

NS = UUID(int=7)
PEOPLE = [uuid5(NS, f"m{n}") for n in range(5)]
RECORDS = [uuid5(NS, f"r{n}") for n in range(4)]
PERMISSIONS = ("thing.view", "thing.edit", "thing.delete")


@dataclass(frozen=True)
class Someone:
    kind: str = "member"
    member_id: UUID | None = PEOPLE[0]
    grants: dict[str, str] = field(default_factory=dict)
    team_ids: frozenset[UUID] = frozenset()


class Toys(DeclarativeBase):
    pass


class Thing(Toys):
    __tablename__ = "thing"
    id: Mapped[UUID] = mapped_column(primary_key=True)
    owner_id: Mapped[UUID | None]


class Plain(Toys):
    __tablename__ = "plain"
    id: Mapped[UUID] = mapped_column(primary_key=True)


def test_the_system_may_do_everything() -> None:
    assert decide(Someone(kind="system"), "thing.delete", Facts(True, PEOPLE[1])).allowed


def test_what_is_restricted_is_looked_at_and_nothing_else_even_by_the_system() -> None:
    record = Facts(is_restricted=True)
    system = Someone(kind="system")
    for who in (system, Someone(kind="public", member_id=None)):
        found = decide(who, "contacts.edit", record)
        assert (found.allowed, found.reason) == (False, RESTRICTED)
    assert decide(system, "contacts.view", record).allowed
    assert not decide(system, "contacts.export", record).allowed


def test_the_public_is_told_to_sign_in() -> None:
    decision = decide(Someone(kind="public", member_id=None), "thing.view")
    assert not decision.allowed
    assert "signed in" in decision.reason


def test_a_refusal_names_the_permission() -> None:
    decision = decide(Someone(), "thing.view")
    assert (decision.allowed, decision.params) == (False, {"permission": "thing.view"})


def test_own_does_not_reach_a_record_without_owner_and_team_does() -> None:
    record = Facts(ownable=True)
    assert not decide(Someone(grants={"thing.view": "own"}), "thing.view", record).allowed
    assert decide(Someone(grants={"thing.view": "team"}), "thing.view", record).allowed


def test_an_actor_without_member_owns_nothing() -> None:
    actor = Someone(kind="key", member_id=None, grants={"thing.view": "own"})
    assert not decide(actor, "thing.view", Facts(ownable=True)).allowed


@pytest.mark.parametrize(("level", "seen", "edited"), [("view", True, False), ("edit", True, True)])
def test_a_share_carries_its_level_and_never_deletion(level: Any, seen: bool, edited: bool) -> None:
    actor = Someone(grants=dict.fromkeys(PERMISSIONS, "own"))
    record = Facts(True, PEOPLE[1], level)
    assert decide(actor, "thing.view", record).allowed is seen
    assert decide(actor, "thing.edit", record).allowed is edited
    assert not decide(actor, "thing.delete", record).allowed


def test_a_share_gives_nothing_to_a_role_without_the_permission() -> None:
    assert not decide(Someone(), "thing.view", Facts(True, PEOPLE[1], "edit")).allowed


_ACTORS = st.builds(
    Someone,
    kind=st.sampled_from(["member", "key", "system", "public"]),
    member_id=st.sampled_from([*PEOPLE, None]),
    grants=st.fixed_dictionaries({}, optional={p: st.sampled_from([*REACHES, "junk"]) for p in PERMISSIONS}),
    team_ids=st.frozensets(st.sampled_from(PEOPLE)),
)
Owners = list[UUID | None]
Shared = dict[tuple[UUID, str, UUID], str]
_OWNERS = st.lists(st.sampled_from([*PEOPLE, None]), min_size=len(RECORDS), max_size=len(RECORDS))
_SHARES = st.dictionaries(
    st.tuples(
        st.sampled_from(PEOPLE), st.sampled_from(["thing", "plain", "other"]), st.sampled_from(RECORDS)
    ),
    st.sampled_from(["view", "edit"]),
    max_size=8,
)


@pytest.fixture(scope="module")
def connection(server: Server) -> Iterator[Connection]:
    engine = create_engine(server.url.replace("postgresql://", "postgresql+psycopg://"))
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        yield connection
    engine.dispose()


def listed(
    connection: Connection, condition: ColumnElement[bool], owners: Owners, shared: Shared, model: type[Any]
) -> set[UUID]:
    """Run the condition over rows given as values, so that an example costs one statement and no table."""
    things = _values(model.__tablename__, ["id", "owner_id"], list(zip(RECORDS, owners, strict=True)))
    rows = [(uuid5(NS, str(key)), *key, level) for key, level in shared.items()]
    empty = (NS, NS, "", NS, "")
    shares = _values("share", ["id", "member_id", "record_type", "record_id", "level"], rows or [empty])
    statement = select(model.id).where(condition).add_cte(things, shares)
    return set(connection.scalars(statement))


def _values(name: str, columns: list[str], rows: list[tuple[Any, ...]]) -> CTE:
    texts = {"record_type", "level"}
    typed = [column(key, Text() if key in texts else Uuid()) for key in columns]
    given_rows = values(*typed, name=f"{name}_rows").data(rows)
    # Without the casts, a column of nothing but NULL would be text.
    return select(*(cast(item, item.type).label(item.name) for item in given_rows.c)).cte(name)


@settings(max_examples=300)
@given(_ACTORS, _OWNERS, _SHARES, st.sampled_from(PERMISSIONS))
def test_lists_show_what_the_decision_allows(
    connection: Connection, actor: Someone, owners: Owners, shared: Shared, permission: str
) -> None:
    for model in (Thing, Plain):
        found = listed(connection, visible(actor, model, permission), owners, shared, model)
        allowed = set()
        for record_id, owner in zip(RECORDS, owners, strict=True):
            key = (actor.member_id, model.__tablename__, record_id)
            known = Facts(model is Thing, owner if model is Thing else None, shared.get(key))  # type: ignore[arg-type]
            if decide(actor, permission, known).allowed:
                allowed.add(record_id)
        assert found == allowed
