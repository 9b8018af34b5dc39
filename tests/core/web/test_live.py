"""The stream that carries parts of the shell."""

import asyncio
from types import SimpleNamespace

import pytest

from core.ext.specs import LivePart
from core.web import live


@pytest.fixture
def tray(registry, monkeypatch):
    """A part that shows a number, one that fails, and quick looks."""
    state = SimpleNamespace(number=1)

    async def show(ctx):
        return "records/options.html", {"options": [("1", f"number {state.number}", "")]}

    async def fail(ctx):
        raise ValueError("broken")

    found = [LivePart(key="tray", render=show, plugin="web"), LivePart(key="bad", render=fail, plugin="web")]
    monkeypatch.setitem(registry.declared, "LivePart", found)
    monkeypatch.setattr(live, "PAUSE_S", 0.01)
    # Whoever hears no signal looks too late.
    monkeypatch.setattr(live, "LOOK_S", 3_600.0)
    return state


def listening(person):
    """The request of somebody's stream."""
    scope = {"gx.principal": person.principal, "path": person.w("/live/")}
    cookies = {"gx_session": person.token}
    return SimpleNamespace(scope=scope, cookies=cookies, headers={})


async def next_part(stream):
    """The next message that carries a part; looks that found nothing new say so in a comment."""
    while (message := await anext(stream)).comment:
        pass
    return message


async def test_a_part_is_sent_when_it_changes(ann, tray):
    stream = live.parts(ann.runtime, listening(ann))
    first = await anext(stream)
    assert first.event == "partial"
    assert "number 1" in first.data
    waiting = asyncio.create_task(next_part(stream))
    await asyncio.sleep(0.05)
    tray.number = 2
    async with ann.acting():
        pass
    assert "number 2" in (await asyncio.wait_for(waiting, 60)).data
    await stream.aclose()


async def test_without_valkey_it_looks_now_and_then(ann, tray, monkeypatch):
    monkeypatch.setattr(live, "LOOK_S", 0.02)
    stream = live.parts(ann.runtime, listening(ann))
    await anext(stream)
    assert (await anext(stream)).comment == "still here"
    tray.number = 2
    assert "number 2" in (await anext(stream)).data
    await stream.aclose()


async def test_it_ends_with_the_session(ann, tray, monkeypatch):
    monkeypatch.setattr(live, "LOOK_S", 0.02)
    request = listening(ann)
    stream = live.parts(ann.runtime, request)
    await anext(stream)
    request.cookies = {}
    with pytest.raises(StopAsyncIteration):
        await anext(stream)


async def test_the_last_listener_ends_the_subscription(ann, tray):
    stream = live.parts(ann.runtime, listening(ann))
    await anext(stream)
    hub = ann.runtime.part(live.Hub, lambda: None)
    assert hub._task is not None
    await stream.aclose()
    assert hub._task is None


async def test_one_stream_too_many_ends_the_oldest(ann, bo, tray, monkeypatch):
    monkeypatch.setattr(live, "STREAMS", 2)
    other = live.parts(bo.runtime, listening(bo))
    await anext(other)
    streams = [live.parts(ann.runtime, listening(ann)) for _ in range(3)]
    for stream in streams:
        await anext(stream)
    with pytest.raises(StopAsyncIteration):
        await asyncio.wait_for(next_part(streams[0]), 60)
    hub = ann.runtime.part(live.Hub, lambda: live.Hub(ann.runtime.cache))
    assert [len(own) for own in hub._streams[ann.tenant.id].values()] == [1, 2]
    for stream in (*streams, other):
        await stream.aclose()
    assert not hub._streams
