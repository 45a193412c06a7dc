"""Everybody who listens hears everything, or is let go."""

from __future__ import annotations

import asyncio

import pytest

from llm_trainer.middleware.hub import QUEUED, Hub, Told
from llm_trainer.middleware.stream import pace


def note(seq: int) -> Told:
    return Told("s", seq, "note", {"seq": seq})


def test_a_reader_that_does_not_read_is_let_go_and_the_others_are_not() -> None:
    async def play() -> None:
        hub = Hub()
        slow, quick = hub.join(), hub.join()
        for seq in range(QUEUED + 10):
            hub.tell(note(seq))
            assert [told.seq for told in await quick.take(0) or ()] == [seq]

        assert [told.seq for told in await slow.take(0) or ()] == list(range(QUEUED))
        assert await slow.take(10) is None  # no more: it comes back and catches up from the record
        assert (len(hub), slow.is_open, quick.is_open) == (1, False, True)

    asyncio.run(play())


def test_what_came_meanwhile_is_taken_together_and_nothing_when_nothing_came() -> None:
    async def play() -> None:
        hub = Hub()
        listener = hub.join()
        for seq in (1, 2, 3):
            hub.tell(note(seq))
        assert [told.seq for told in await listener.take(10) or ()] == [1, 2, 3]
        assert await listener.take(0.001) == []
        waiting = asyncio.create_task(listener.take(10))
        await asyncio.sleep(0)
        hub.tell(note(4))
        assert await waiting == [note(4)]
        hub.close()
        assert await listener.take(10) is None

    asyncio.run(play())


def test_an_event_is_written_once_for_all() -> None:
    told = note(7)

    assert told.written == 'id: s:7\nevent: note\ndata: {"seq": 7}\n\n'
    assert told.written is told.written


def test_a_rest_ends_early_when_so_much_waits_that_the_reader_might_be_let_go() -> None:
    async def play() -> None:
        hub = Hub()
        listener = hub.join()
        resting = asyncio.create_task(listener.rest(60))
        for seq in range(QUEUED // 2):
            assert not resting.done()
            hub.tell(note(seq))
            await asyncio.sleep(0)
        await asyncio.wait_for(resting, 10)
        assert len(await listener.take(0) or ()) == QUEUED // 2
        await listener.rest(0.001)  # what was taken does not count any more
        hub.close()
        await asyncio.wait_for(listener.rest(60), 10)

    asyncio.run(play())


@pytest.mark.parametrize(("readers", "seconds"), [(1, 0.06), (2, 0.06), (5, 0.2), (20, 0.95), (200, 1.0)])
def test_many_readers_share_some_twenty_parcels_a_second(readers: int, seconds: float) -> None:
    assert pace(readers) == pytest.approx(seconds)
