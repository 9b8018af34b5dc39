"""The decision and the lists' condition agree, on generated members, units, records and shares."""

from dataclasses import dataclass, field
from typing import Any
from uuid import UUID, uuid5

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import create_engine, event, select
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column

from core.access.decide import Facts, decide
from core.access.grants import REACHES
from core.access.models import Share
from core.access.visible import visible

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
_OWNERS = st.lists(st.sampled_from([*PEOPLE, None]), min_size=len(RECORDS), max_size=len(RECORDS))
_SHARES = st.dictionaries(
    st.tuples(
        st.sampled_from(PEOPLE), st.sampled_from(["thing", "plain", "other"]), st.sampled_from(RECORDS)
    ),
    st.sampled_from(["view", "edit"]),
    max_size=8,
)


@pytest.fixture(scope="module")
def engine() -> Any:
    """SQLite runs the same condition; only the array of ids is spelt differently there."""
    engine = create_engine("sqlite://")
    Toys.metadata.create_all(engine)
    Share.__table__.to_metadata(Toys.metadata).create(engine)  # type: ignore[attr-defined]
    return engine


@given(_ACTORS, _OWNERS, _SHARES, st.sampled_from(PERMISSIONS))
def test_lists_show_what_the_decision_allows(
    actor: Someone, owners: list[UUID | None], shared: dict[tuple[UUID, str, UUID], str], permission: str
) -> None:
    things = [Thing(id=id_, owner_id=owner) for id_, owner in zip(RECORDS, owners, strict=True)]
    for model, rows in ((Thing, things), (Plain, [Plain(id=id_) for id_ in RECORDS])):
        listed = _listed(actor, model, rows, shared, permission)
        allowed = set()
        for row in rows:
            level = (
                None
                if actor.member_id is None
                else shared.get((actor.member_id, model.__tablename__, row.id))
            )
            known = Facts(model is Thing, getattr(row, "owner_id", None), level)  # type: ignore[arg-type]
            if decide(actor, permission, known).allowed:
                allowed.add(row.id)
        assert listed == allowed
