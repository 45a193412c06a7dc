from __future__ import annotations

from llm_trainer.middleware.bodies import BESIDES_BYTES, Bodies


def test_the_latest_bodies_are_kept_and_the_oldest_let_go() -> None:
    bodies = Bodies(talk_bytes=3 * (BESIDES_BYTES + 10), each_bytes=10)
    for number in range(1, 6):
        bodies.begin(number, "POST", b"12345", "s")
        bodies.finish(number, b"54321")

    assert [number for number in range(1, 6) if bodies.of(number)] == [3, 4, 5]
    kept = bodies.of(5)
    assert kept is not None
    assert (kept.sent, kept.received, kept.sent_cut, kept.received_cut) == (b"12345", b"54321", False, False)


def test_of_a_long_body_the_beginning_is_kept_and_the_cut_is_told() -> None:
    bodies = Bodies(each_bytes=4)
    bodies.begin(1, "POST", b"12345", None)
    bodies.finish(1, b"123", cut=True)

    kept = bodies.of(1)
    assert kept is not None
    assert (kept.sent, kept.sent_cut, kept.received, kept.received_cut) == (b"1234", True, b"123", True)


def test_looks_at_the_peers_never_push_out_what_was_said() -> None:
    bodies = Bodies(look_bytes=5 * (BESIDES_BYTES + 4))
    bodies.begin(1, "POST", b"said", "s")
    for number in range(2, 1000):
        bodies.begin(number, "GET", b"", None)
        bodies.finish(number, b"well")

    assert bodies.of(1)
    assert [number for number in range(2, 1000) if bodies.of(number)] == [995, 996, 997, 998, 999]


def test_a_call_answered_after_its_bodies_were_let_go_changes_nothing() -> None:
    bodies = Bodies(talk_bytes=BESIDES_BYTES + 8)
    bodies.begin(1, "POST", b"12345", "s")
    bodies.begin(2, "POST", b"12345", "s")
    bodies.finish(1, b"late")

    assert bodies.of(1) is None
    assert bodies.of(2)


def test_what_was_said_in_a_session_can_be_forgotten() -> None:
    bodies = Bodies()
    bodies.begin(1, "POST", b"a", "gone")
    bodies.begin(2, "POST", b"b", "kept")
    bodies.forget("gone")

    assert bodies.of(1) is None
    assert bodies.of(2)
