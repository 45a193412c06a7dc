import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from llm_trainer.session.dialogue import Plan, Tuning
from llm_trainer.session.engine import Session
from llm_trainer.session.events import (
    Awoke,
    Checked,
    Cursor,
    Drafted,
    Failed,
    PauseAsked,
    Reconnected,
    ResumeAsked,
    Retold,
    Retuned,
    Spoke,
    StopAsked,
    Taught,
    decode,
    encode,
)
from llm_trainer.session.notices import Closed, Noted, PhaseChanged, TopicChanged
from llm_trainer.session.state import Phase, decode_plan, decode_state, encode_plan, encode_state
from llm_trainer.session.steps import AskTeacher, CheckLearner, End, Rest, Retell, Teach
from llm_trainer.session.transitions import ANSWERED_FAILURES, TRANSITIONS, EngineBreach

from .world import World

seeds = st.integers(0, 2**31 - 1)
plans = st.builds(
    Plan,
    session_id=st.just("s"),
    max_exchanges=st.integers(1, 8),
    seed=st.integers(0, 2**31 - 1),
    tuning=st.builds(
        Tuning,
        delay_seconds=st.sampled_from((0.0, 2.0)),
        topic_switch_interval=st.integers(1, 4),
        topics=st.sampled_from(((), ("bees",), ("bees", "tea", "rain"))),
        strategy=st.sampled_from(("talk", "mixed")),
    ),
    shuffle=st.booleans(),
    idempotent=st.booleans(),
)


@given(plans, seeds)
@settings(max_examples=150, deadline=None)
def test_whatever_happens_each_draft_is_closed_once_and_the_counters_agree(plan, seed):
    world = World(Session(plan), seed)

    world.play(120)
    if not isinstance(world.session.next_step(), End):
        world.faults = False
        world.take(StopAsked(world.now))
        world.play(5)

    state = world.session.state
    assert state.phase is Phase.ENDED
    assert set(world.closed) == set(range(1, state.number + 1))
    assert max(world.closed.values(), default=1) == 1
    assert state.taught + state.uncertain + state.refused == state.number
    assert state.finished <= plan.max_exchanges


@given(plans, seeds)
@settings(max_examples=60, deadline=None)
def test_the_same_events_make_the_same_session_through_json_at_every_point(plan, seed):
    world = World(Session(plan), seed)
    world.play(60)

    replayed = Session(decode_plan(json.loads(json.dumps(encode_plan(plan)))))
    for event in world.events:
        replayed.apply(decode(json.loads(json.dumps(encode(event)))))
        state = decode_state(json.loads(json.dumps(encode_state(replayed.state))))
        replayed = Session(replayed.plan, state)

    assert encode_state(replayed.state) == encode_state(world.session.state)
    assert replayed.next_step() == world.session.next_step()


@given(plans, seeds)
@settings(max_examples=40, deadline=None)
def test_without_faults_every_planned_exchange_is_taught(plan, seed):
    world = World(Session(plan), seed, faults=False)

    assert world.play(plan.max_exchanges * 6 + 10) == End("completed")
    assert world.session.state.taught == plan.max_exchanges


@given(plans, seeds)
@settings(max_examples=60, deadline=None)
def test_asking_for_the_next_step_changes_nothing(plan, seed):
    world = World(Session(plan), seed)
    world.play(seed % 60)

    before = world.session.state
    assert world.session.next_step() == world.session.next_step()
    assert world.session.state is before


def test_every_phase_takes_what_people_ask_for():
    for phase in Phase:
        for asked in (StopAsked, PauseAsked, ResumeAsked, Retuned, Awoke):
            assert (phase, asked) in TRANSITIONS


def test_an_event_that_cannot_happen_is_a_breach():
    with pytest.raises(EngineBreach, match="Taught cannot happen while checking"):
        Session(Plan("s")).apply(Taught(1, "hello"))


# ---------------------------------------------------------------- one rule each


def ready(**plan) -> Session:
    """A session whose first draft is about to be sent."""
    tuning = plan.pop("tuning", Tuning(0, 2, ("bees", "tea")))
    session = Session(Plan("s", tuning=tuning, **plan))
    for event in (Checked(1, session.plan.idempotent), Spoke(2, "Hello."), Drafted(3)):
        session.apply(event)
    assert isinstance(session.next_step(), Teach)
    return session


def lost(at=4, **more) -> Failed:
    return Failed(at, "learner", "timeout", "no answer", **more)


def test_an_idempotent_learner_is_asked_again_with_the_same_key_and_text():
    session = ready(idempotent=True)
    first = session.next_step()
    session.apply(lost())
    session.apply(_rested(session))
    session.apply(Checked(9, True))

    again = session.next_step()
    assert (again.key, again.text, again.attempt) == (first.key, first.text, 2)


def test_any_other_learner_is_never_asked_again():
    session = ready(idempotent=False)
    notices = session.apply(lost())

    assert Closed(1, "uncertain") in notices
    assert session.state.uncertain == 1


def test_a_message_that_was_surely_not_heard_is_sent_again_to_any_learner():
    session = ready(idempotent=False)
    session.apply(lost(outcome="not_applied"))
    session.apply(_rested(session))
    session.apply(Checked(9))

    assert session.next_step().key == "s:00000001"


def test_an_utterance_that_breaks_the_learner_again_and_again_is_given_up():
    session = ready(idempotent=True)
    for _ in range(ANSWERED_FAILURES - 1):
        session.apply(lost(answered=True))
        session.apply(_rested(session))
        session.apply(Checked(9, True))

    assert Closed(1, "uncertain") in session.apply(lost(answered=True))


@pytest.mark.parametrize("can_be_looked_at", [True, False])
def test_a_learner_that_is_away_is_waited_for_ever_longer_and_never_given_up(can_be_looked_at):
    session = ready(idempotent=True)
    waits = []
    for _ in range(40):
        session.apply(lost(at=session.state.clock))
        waits.append(session.state.until - session.state.clock)
        session.apply(_rested(session))
        if can_be_looked_at:
            session.apply(Checked(session.state.clock, True))

    assert session.state.draft is not None
    assert waits[:4] == pytest.approx([0.05, 0.1, 0.2, 0.4])
    assert min(waits[8:]) > 14.99
    assert max(waits) <= 18


def test_a_stop_while_the_learner_is_asked_keeps_the_answer():
    session = ready()
    session.apply(StopAsked(4))
    notices = session.apply(Taught(5, "hello"))

    assert Closed(1, "taught") in notices
    assert session.next_step() == End("stopped")


def test_a_stop_during_an_uncertain_wait_marks_the_exchange_uncertain():
    session = ready(idempotent=True)
    session.apply(lost())

    assert Closed(1, "uncertain") in session.apply(StopAsked(5))


def test_a_stop_before_anything_was_heard_abandons_the_draft():
    session = ready(idempotent=True)
    session.apply(lost(outcome="not_applied"))

    assert Closed(1, "abandoned") in session.apply(StopAsked(5))


def test_a_pause_holds_after_the_running_exchange_and_a_step_makes_one_more():
    session = ready()
    session.apply(PauseAsked(4))
    session.apply(Taught(5, "hello"))
    assert session.next_step() == Rest(None)

    session.apply(PauseAsked(6, steps=1))
    for event in (Spoke(7, "Again."), Drafted(8), Taught(9, "again")):
        session.apply(event)
    assert session.next_step() == Rest(None)
    assert session.state.taught == 2

    session.apply(ResumeAsked(10))
    assert isinstance(session.next_step(), AskTeacher)


def test_the_delay_counts_from_start_to_start_and_never_after_the_last():
    session = Session(Plan("s", max_exchanges=2, tuning=Tuning(10.0, 9, ("bees",))))
    for event in (Checked(100), Spoke(101, "One."), Drafted(102), Taught(103, "one")):
        session.apply(event)
    assert session.next_step() == Rest(110)

    session.apply(_rested(session))
    for event in (Spoke(111, "Two."), Drafted(112), Taught(113, "two")):
        session.apply(event)
    assert session.next_step() == End("completed")


def test_a_new_topic_begins_a_new_conversation_without_history():
    session = ready(tuning=Tuning(0, 1, ("bees", "tea")))
    notices = session.apply(Taught(4, "hello"))

    assert TopicChanged("tea", 2) in notices
    assert [message.role for message in session.next_step().messages] == ["system", "user"]


def test_the_end_of_a_recorded_dialogue_begins_a_new_conversation():
    session = Session(Plan("s", tuning=Tuning(0, 1, ())))
    session.apply(Checked(1))
    for at, last in ((2, False), (3, False), (4, True)):
        for event in (Spoke(at, "Hello.", "dialogue-7", last), Drafted(at), Taught(at, "hi")):
            session.apply(event)
            if at < 4:
                assert session.state.conversation == 1
    assert session.state.conversation == 2
    assert session.next_step().topic is None


def test_bad_text_is_asked_for_again_with_the_reason_and_then_about_something_else():
    session = Session(Plan("s", tuning=Tuning(0, 9, ("bees", "tea"))))
    session.apply(Checked(1))
    assert Noted("rejected", "the teacher's text was not used: empty") in session.apply(Spoke(2, "  "))
    assert "empty" in session.next_step().messages[0].content
    session.apply(Spoke(3, ""))
    session.apply(Spoke(4, ""))

    assert session.state.topic == "tea"
    assert session.state.number == 0


def test_a_teacher_that_gives_only_rubbish_is_waited_for():
    session = Session(Plan("s"))
    session.apply(Checked(1))
    for at in range(9):
        session.apply(Spoke(at, ""))

    assert session.state.phase is Phase.WAITING_LLM
    assert "unusable" in session.state.reason


def test_a_forgetful_learner_is_told_again_before_anything_new():
    session = Session(Plan("s", idempotent=True))
    session.apply(Checked(1, True, lost_key="old:00000003", lost=2))
    assert session.next_step() == Retell("old:00000003")
    session.apply(Retold(2, "old:00000003", "old:00000004"))
    assert session.next_step() == Retell("old:00000004")
    session.apply(Retold(3, "old:00000004"))

    assert isinstance(session.next_step(), AskTeacher)


def test_over_a_new_connection_the_learner_is_looked_at_before_the_draft_is_sent():
    session = ready(idempotent=True)
    draft = session.next_step()
    session.apply(Reconnected(4))
    assert session.next_step() == CheckLearner()

    session.apply(Checked(5, True))
    assert session.next_step() == draft


def test_a_record_of_the_learner_as_long_as_before_with_another_head_is_a_breach():
    session = ready(idempotent=True)
    for at, head in ((4, "a"), (6, "a")):
        session.apply(Reconnected(at))
        session.apply(Checked(at + 1, True, cursor=Cursor("e", 7, head)))
    session.apply(Reconnected(8))

    with pytest.raises(EngineBreach, match="I6"):
        session.apply(Checked(9, True, cursor=Cursor("e", 7, "b")))


def test_a_learner_that_was_told_again_may_have_another_head():
    session = ready(idempotent=True)
    session.apply(Reconnected(4))
    session.apply(Checked(5, True, cursor=Cursor("e", 7, "a")))
    session.apply(Reconnected(6))
    session.apply(Checked(7, True, "s:00000001", 1, cursor=Cursor("e", 6, "z")))
    session.apply(Retold(8, "s:00000001"))
    session.apply(Reconnected(9))
    session.apply(Checked(10, True, cursor=Cursor("e", 7, "b")))

    assert isinstance(session.next_step(), Teach)


def test_a_learner_whose_count_goes_back_is_looked_at():
    session = ready(idempotent=True)
    session.apply(Taught(4, "hi", seq=10))
    for event in (Spoke(5, "More."), Drafted(6)):
        session.apply(event)
    notices = session.apply(Taught(7, "hi", seq=3))

    assert any(isinstance(notice, Noted) and notice.code == "learner-went-back" for notice in notices)
    assert session.state.phase is Phase.CHECKING


def test_a_crash_while_sending_asks_an_idempotent_learner_again_and_leaves_any_other_alone():
    for idempotent, expected in ((True, None), (False, Closed(1, "uncertain"))):
        session = ready(idempotent=idempotent)
        notices = session.apply(Awoke(9, sending=True))
        assert (expected in notices) is (expected is not None)
        session.apply(Checked(10, idempotent))
        assert isinstance(session.next_step(), Teach if idempotent else AskTeacher)


def test_a_crash_before_sending_loses_nothing_with_any_learner():
    session = ready(idempotent=False)
    session.apply(Awoke(9, sending=False))
    session.apply(Checked(10))

    assert session.next_step() == Teach(1, "s:00000001", "Hello.", 1, 1)


def test_a_new_delay_counts_at_once():
    session = Session(Plan("s", tuning=Tuning(100.0, 9, ("bees",))))
    for event in (Checked(1), Spoke(2, "One."), Drafted(2), Taught(3, "one")):
        session.apply(event)
    session.apply(Retuned(4, Tuning(0.5, 9, ("bees",))))

    assert session.next_step() == Rest(1.5)


def test_an_asked_for_topic_comes_with_the_next_exchange():
    session = ready()
    session.apply(Retuned(4, session.state.tuning, topic="wasps"))
    session.apply(Taught(5, "hi"))

    assert session.next_step().topic == "wasps"


def test_waiting_is_announced_with_its_reason_and_next_try():
    session = ready(idempotent=True)
    waiting = [notice for notice in session.apply(lost()) if isinstance(notice, PhaseChanged)]

    assert waiting == [PhaseChanged("waiting_learner", "no answer", session.state.until)]


def _rested(session):
    from llm_trainer.session.events import Rested

    return Rested(session.state.until or session.state.clock)
