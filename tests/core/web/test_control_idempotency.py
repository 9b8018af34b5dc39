"""A repeated form of an account has its effect once, as one of a workspace has."""

from datetime import timedelta

from sqlalchemy import func, select

from core.kernel.idempotency.models import ControlIdempotency
from core.web.jobs import Nothing, forget_answers


async def kept(person):
    async with person.runtime.control() as control:
        return await control.session.scalar(select(func.count()).select_from(ControlIdempotency))


async def test_an_answer_that_ends_a_session_is_kept_but_never_one_that_opens_one(ann, stranger):
    before = await kept(ann)
    form = {"email": "ann@acme.test", "password": "correct horse battery", "_key": "k"}
    assert (await stranger.post("/login", data=form)).status_code == 303
    assert await kept(ann) == before


async def test_old_answers_are_forgotten(ann, runtime):
    async with runtime.control() as control:
        for key, hours in ((b"old", 25), (b"new", 1)):
            row = ControlIdempotency(
                key_hash=key,
                principal="p",
                route="POST /x",
                payload_digest=b"",
                status=200,
                headers={},
                body=b"",
                created_at=control.now() - timedelta(hours=hours),
            )
            control.session.add(row)
    await forget_answers(runtime, Nothing())
    async with runtime.control() as control:
        found = (await control.session.scalars(select(ControlIdempotency.key_hash))).all()
    assert b"new" in found
    assert b"old" not in found
