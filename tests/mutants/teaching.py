"""Mutants of the engine, of the run loop and of what lies between them and the learner; the simulator catches most.

``worlds(first, count)`` hunts through that many seeds and ends at the first in which a law is broken.
"""

from __future__ import annotations

from .mutant import Edit, Mutant

SESSION, MIDDLEWARE = "llm_trainer/session/", "llm_trainer/middleware/"
HEARING, MOVES = SESSION + "hearing.py", SESSION + "moves.py"
PERFORMING, WIRE = MIDDLEWARE + "performing.py", MIDDLEWARE + "wire.py"
LEDGER, TRAINER, LEASES = MIDDLEWARE + "ledger.py", MIDDLEWARE + "trainer.py", MIDDLEWARE + "leases.py"


def worlds(first: int = 0, count: int = 400) -> tuple[str, ...]:
    """The simulator as a test."""
    return ("tests.simulator", "--hunt", str(first), str(count))


def tests(file: str, chosen: str) -> tuple[str, ...]:
    """Some tests of one file."""
    return ("pytest", "-q", "-x", f"tests/{file}", "-k", chosen)


def trainer(name: str, promise: str, *edits: Edit, test: tuple[str, ...] | None = None) -> Mutant:
    """A mutant of the trainer, hunted in simulated worlds unless a test is named."""
    return Mutant(name, promise, "llm-trainer", edits, test or worlds())


_COMMIT = "        await self._record.commit(session_id)\n"
_BEGIN = "        began = time.perf_counter()\n"
_STATE = "        self.state()\n"
_NOTICE = "                self._notice(notice, each)\n"
_ROOM = "        self._make_room(learner.url)\n        self._starting.add(learner.url)\n"
_TEACH = "(step.text, step.key, conversation, self._id)"
_START = "        try:\n            learner_says"

ORDER = (
    trainer("the intent to send committed after the send", "P1", (WIRE, _COMMIT + _BEGIN, _BEGIN)),
    trainer(
        "a key made anew for each attempt",
        "P4",
        (PERFORMING, "(step.text, step.key, conversation", "(step.text, f'{step.key}{step.attempt}', conversation"),
    ),
    trainer(
        "the text made again on resume",
        "P1",
        (
            HEARING,
            "if s.phase is Phase.DRAFTING:\n        s = changed(s, draft",
            "if s.draft:\n        s = changed(s, draft",
        ),
    ),
    trainer(
        "the journal on disk without the state",
        "P1",
        (LEDGER, _NOTICE + _STATE, _NOTICE + "        if not isinstance(event, Spoke):\n    " + _STATE),
        test=tests("simulator/test_simulator.py", "refused_texts"),
    ),
    trainer(
        "told before it is on disk",
        "P9",
        (LEDGER, "self._record.then(lambda: self._hub.tell(told), self._id)", "self._hub.tell(told)"),
    ),
    trainer(
        "each exchange chained to nothing",
        "P9",
        (LEDGER, "chained(previous, **said", "chained('0' * 64, **said"),
        test=tests("simulator/test_simulator.py", "without_faults"),
    ),
)
DOUBT = (
    trainer(
        "an uncertain teach retried with a learner that takes no keys",
        "P4",
        (HEARING, "if not certain and (not s.idempotent or answered", "if not certain and (answered"),
    ),
    trainer(
        "what a crash cut off taken for not sent",
        "P1",
        (HEARING, "if event.sending and s.draft is not None:", "if event.sending and s.draft is None:"),
        test=tests("simulator/test_simulator.py", "cut_off"),
    ),
    trainer(
        "an uncertain exchange counted as taught",
        "P4",
        (MOVES, "changed(s, uncertain=s.uncertain + 1)", "changed(s, taught=s.taught + 1)"),
    ),
)
MEMORY = (
    trainer(
        "the cursor unchecked",
        "P5",
        (MIDDLEWARE + "check.py", "if last is None or await is_known(last):", "if last is None or last:"),
        test=tests("simulator/test_simulator.py", "set_back"),
    ),
    trainer(
        "an unreadable answer taken for remembered",
        "P5",
        (MIDDLEWARE + "check.py", "if standing.seq is None:", 'if standing.seq is None or row["learner_seq"] is None:'),
        test=tests("middleware/test_check.py", "forgot and not postgresql"),
    ),
    trainer(
        "no look at a learner behind a new connection",
        "P5",
        (PERFORMING, "(step.text, step.key, conversation, self._id, since=self._since)", _TEACH),
        test=tests("simulator/test_simulator.py", "set_back"),
    ),
    trainer(
        "only the first of what was forgotten told again",
        "P5",
        (PERFORMING, "Retold(self._clock.now(), step.key, following)", "Retold(self._clock.now(), step.key, None)"),
        test=tests("simulator/test_simulator.py", "set_back"),
    ),
    trainer(
        "a rewritten record taken for the same",
        "P5",
        (HEARING, "    _check_heads(s.cursor, event.cursor)\n", ""),
        test=tests("session/test_engine.py", "another_head"),
    ),
)
TIME = (
    trainer(
        "no deadline for a call",
        "P11",
        (WIRE, "with anyio.fail_after(deadline_seconds):", "with anyio.fail_after(None):"),
    ),
    trainer(
        "no wait before the next try",
        "P11",
        (MOVES, "s.clock + wait_seconds(failures, event.chance, event.retry_after)", "s.clock"),
        test=tests("session/test_engine.py", "ever_longer"),
    ),
    trainer(
        "stop answers before the session has ended",
        "P6",
        (TRAINER, "await run.until(lambda: run.is_over)\n        if (task", "if (task"),
        (TRAINER, "await asyncio.wait({task})\n        return run", "await asyncio.sleep(0)\n        return run"),
        test=tests("simulator/test_steering.py", "Steering"),
    ),
    trainer(
        "pause answers before the session holds",
        "P6",
        (TRAINER, "        await run.until(is_held)\n", ""),
        test=tests("simulator/test_steering.py", "any_instant"),
    ),
    trainer(
        "two loops for one learner",
        "P6",
        (TRAINER, _ROOM + _START, "        self._starting.add(learner.url)\n" + _START),
        (
            LEASES,
            'if held is not None and held["session_id"] is not None and',
            "if held is not None and claim.now < 0 and",
        ),
        test=tests("simulator/test_steering.py", "Steering"),
    ),
)
MUTANTS = ORDER + DOUBT + MEMORY + TIME
