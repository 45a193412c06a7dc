"""One fails, the next speaks, and everybody can see who it was."""

from __future__ import annotations

import pytest

from llm_trainer.errors import PeerAnswerInvalid, PeerBusy, PeerError, PeerUnreachable
from llm_trainer.llm_server.backends.base import BackendStatus, Chunk
from llm_trainer.llm_server.choice import Choice
from llm_trainer.llm_server.roster import Roster
from llm_trainer.llm_server.speech import Deadlines, Spoken
from llm_trainer.llm_server.talk import Talk
from llm_trainer.llm_server.watch import Watch
from tests.llm_server.conftest import Asking
from tests.llm_server.stand_ins import Scripted, ask, run

GONE = PeerUnreachable("gone", peer="first", remedy="start it")


class First(Scripted):
    name = "first"


class Second(Scripted):
    name = "second"


def talk(*backends: Scripted) -> Talk:
    first, *others = backends
    choice = Choice(first, "first,second", "m", successors=tuple(others))
    return Talk(choice, Watch(choice), Deadlines(first_seconds=0.05, gap_seconds=0.05))


def names(roster: Roster) -> list[str]:
    return [member.backend.name for member in roster.candidates()]


@pytest.mark.parametrize(
    "fault", [GONE, PeerBusy("full", peer="first"), Scripted.HANG], ids=["unreachable", "busy", "silent"]
)
def test_when_the_first_fails_the_second_speaks_and_is_named(fault: object) -> None:
    turn = run(talk(First(fault), Second()).whole(ask("x")))

    assert (turn.text, turn.speaker) == ("Hello there.", "second")


def test_even_in_the_middle_as_long_as_nobody_heard_the_beginning() -> None:
    broken = First("Hel", PeerAnswerInvalid("cut", peer="first", kind="cut"))

    assert run(talk(broken, Second()).whole(ask("x"))).speaker == "second"


def test_what_somebody_has_begun_to_hear_cannot_be_taken_back() -> None:
    broken = First("Hel", PeerAnswerInvalid("cut", peer="first", kind="cut"))
    heard: list[Chunk | Spoken] = []

    async def listen() -> None:
        async for part in talk(broken, Second()).listen(ask("x")):
            heard.append(part)

    with pytest.raises(PeerAnswerInvalid):
        run(listen())
    assert heard == [Chunk("Hel")]


def test_a_stream_that_has_not_begun_is_taken_over() -> None:
    async def listen() -> list[Chunk | Spoken]:
        return [part async for part in talk(First(GONE), Second()).listen(ask("x"))]

    last = run(listen())[-1]
    assert isinstance(last, Spoken)
    assert last.speaker == "second"


def test_when_all_fail_the_first_ones_error_is_told() -> None:
    with pytest.raises(PeerUnreachable, match="gone"):
        run(talk(First(GONE), Second(PeerBusy("full", peer="second"))).whole(ask("x")))


def test_one_that_keeps_failing_is_left_alone_and_costs_nothing_more() -> None:
    first = First(GONE)
    speaking = talk(first, Second())

    async def many() -> None:
        for _ in range(20):
            assert (await speaking.whole(ask("x"))).speaker == "second"

    run(many())
    assert len(first.requests) == 3
    assert (speaking.spoken, speaking.failed) == (20, 0)


def test_alone_it_says_how_long_it_is_left_alone_and_why() -> None:
    first = First(GONE)
    speaking = talk(first)

    async def many() -> list[PeerError]:
        errors = []
        for _ in range(20):
            with pytest.raises(PeerError) as error:
                await speaking.whole(ask("x"))
            errors.append(error.value)
        return errors

    last = run(many())[-1]
    assert len(first.requests) == 3
    assert isinstance(last, PeerBusy)
    assert last.retry_after_seconds is not None
    assert 10 < last.retry_after_seconds <= 15
    assert "gone" in last.detail
    assert last.remedy == "start it"


def test_one_seen_unwell_is_asked_last_and_first_again_when_it_is_well() -> None:
    roster = Roster([First(), Second()])
    roster.seen(roster.members[0], BackendStatus("unreachable", "m"))
    unwell = names(roster)
    roster.seen(roster.members[0], BackendStatus("ready", "m"))

    assert (unwell, names(roster)) == (["second", "first"], ["first", "second"])


def test_one_that_came_back_speaks_again_at_the_next_look() -> None:
    first = First(GONE)
    speaking = talk(first, Second())

    async def speakers() -> list[str]:
        heard = [(await speaking.whole(ask("x"))).speaker for _ in range(4)]
        first.items = ("I am back.", Second().items[-1])
        await speaking.watch.look()
        return [*heard, (await speaking.whole(ask("x"))).speaker]

    assert run(speakers()) == ["second"] * 4 + ["first"]


def test_the_status_tells_of_each_and_the_answer_who_spoke(served: Asking) -> None:
    first = First(GONE, status=BackendStatus("unreachable", "m", "gone", "start it"))
    with served(None, Choice(first, "first,second", "m", successors=(Second(),))) as client:
        answer = client.post("/api/chat", json={"message": "x"}).json()
        status = client.get("/api/status").json()

    assert answer["speaker"] == "second"
    assert (status["backend"], status["ready"], status["requested_backend"]) == ("second", True, "first,second")
    assert [(each["backend"], each["state"]) for each in status["backends"]] == [
        ("first", "unreachable"),
        ("second", "ready"),
    ]
    assert status["usage"] == {"prompt_tokens": 3, "completion_tokens": 2, "cost": None}


def test_the_status_says_why_another_than_the_first_would_speak(served: Asking) -> None:
    absent = First(GONE, status=BackendStatus("unreachable", "big", "nobody listens", "start it"))
    choice = Choice(absent, "first,second", "big", successors=(Second(),))

    with served(absent, choice) as client:
        detail = client.get("/api/status").json()["detail"]

    assert detail.startswith("second speaks instead of first: nobody listens; to change that: start it")
    with served(First(), Choice(First(), "first,second", "m", successors=(Second(),))) as client:
        assert "instead" not in client.get("/api/status").json()["detail"]
