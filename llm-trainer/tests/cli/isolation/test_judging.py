"""Every check passes where all is apart, and each fails where one thing is not."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from llm_trainer.cli.finding import Finding
from llm_trainer.cli.isolation.judging import LEARNER, LLM, MIDDLEWARE, Scene, judge
from llm_trainer.cli.isolation.seen import Seen
from tests.promises import Figure

HOME = "/home/a/llm-trainer"
MIND = "/home/b/cerebrum"


def process(number: int, port: int, home: str, **more: Any) -> Seen:
    """A process confined as well as can be."""
    seen = Seen(
        pid=number,
        parent=1,
        user=number,
        mounts=f"mnt:[{number}]",
        program=f"{home}/.venv/bin/python",
        words=("python", "-m", "serve"),
        folder=home,
        files=frozenset({f"{home}/data/record.sqlite3"}),
        mapped=frozenset({"/usr/lib/libc.so", f"{home}/.venv/lib/x.so"}),
        shared=frozenset({f"socket:[{number}]"}),
        listening=frozenset({("127.0.0.1", port)}),
        seccomp=2,
        no_new_privileges=True,
    )
    return replace(seen, **more)


def scene(**changed: dict[str, Any]) -> Scene:
    """All apart, but for what is changed of a process, by its first letter: ``b`` the learner, ``l``, ``m``."""
    return Scene(
        {
            LEARNER: process(10, 8000, MIND, **changed.get("b", {})),
            LLM: process(20, 8001, HOME, **changed.get("l", {})),
            MIDDLEWARE: process(
                30, 8002, HOME, **{"connected": frozenset({("127.0.0.1", 8000)})} | changed.get("m", {})
            ),
        },
        HOME,
        {LEARNER: frozenset(), LLM: frozenset({11434}), MIDDLEWARE: frozenset({8000, 8001})},
    )


def found(of: Scene) -> dict[str, Finding]:
    return {each.subject: each for each in judge(of)}


MUTANTS: list[tuple[str, dict[str, Any]]] = [
    ("tier", {"l": {"seccomp": 0}}),
    ("no shared code: loaded files", {"b": {"mapped": frozenset({f"{HOME}/x.so"})}}),
    ("no shared code: loaded files", {"l": {"mapped": frozenset({f"{MIND}/x.so"})}}),
    ("no shared code: interpreters", {"m": {"program": f"{MIND}/.venv/bin/python"}}),
    ("no file access: open files", {"m": {"files": frozenset({f"{MIND}/data/mind.sqlite3"})}}),
    ("no file access: open files", {"b": {"files": frozenset({f"{HOME}/config.json"})}}),
    ("no file access: folders", {"l": {"folder": f"{MIND}/data"}}),
    ("no file access: folders", {"b": {"folder": HOME}}),
    ("no file access: users", {"l": {"user": 10}}),
    ("no file access: file systems", {"m": {"mounts": "mnt:[10]"}}),
    ("no file access: the learner's files", {"b": {"readable_by_others": frozenset({f"{MIND}/data/record.sqlite3"})}}),
    ("pure HTTP: whom the learner calls", {"b": {"connected": frozenset({("127.0.0.1", 8002)})}}),
    ("pure HTTP: whom the LLM server calls", {"l": {"connected": frozenset({("127.0.0.1", 8000)})}}),
    ("pure HTTP: where the learner listens", {"b": {"listening": frozenset({("0.0.0.0", 8000)})}}),
    ("pure HTTP: where the LLM server listens", {"l": {"listening": frozenset({("::", 8001)})}}),
    ("pure HTTP: where the middleware listens", {"m": {"listening": frozenset({("192.0.2.1", 8002)})}}),
    ("pure HTTP: other doors of the learner", {"b": {"named_sockets": frozenset({"/run/x.sock"})}}),
    ("pure HTTP: other doors of the LLM server", {"l": {"udp": frozenset({("127.0.0.1", 53)})}}),
    ("pure HTTP: other doors of the middleware", {"m": {"named_sockets": frozenset({"@abstract"})}}),
    ("pure HTTP: pipes and memory", {"m": {"shared": frozenset({"socket:[10]"})}}),
    (
        "pure HTTP: pipes and memory",
        {"b": {"mapped": frozenset({"/dev/shm/x"})}, "l": {"mapped": frozenset({"/dev/shm/x"})}},
    ),
    ("separate processes: numbers", {"m": {"pid": 10}}),
    ("separate processes: families", {"b": {"parent": 30}}),
    ("separate processes: debuggers", {"b": {"tracer": 30}}),
    ("deletable: what the learner was started with", {"b": {"words": ("python", f"--log={HOME}/x")}}),
    ("no injection: system calls", {"l": {"seccomp": 0}}),
    ("no injection: rights", {"l": {"capabilities": 0x1FF}}),
    ("no injection: rights", {"l": {"no_new_privileges": False}}),
    ("no injection: memory", {"l": {"writable_code": True}}),
]


def test_where_all_is_apart_every_check_passes() -> None:
    assert {each.subject: each.seen for each in judge(scene()) if each.verdict != "right"} == {}
    assert len(found(scene())) >= 22


@pytest.mark.parametrize(("subject", "changed"), MUTANTS)
def test_each_check_fails_where_one_thing_is_not_apart(subject: str, changed: dict[str, Any]) -> None:
    finding = found(scene(**changed))[subject]

    assert finding.verdict != "right"
    assert finding.advice


@pytest.mark.promise("P23")
def test_there_is_a_mutant_for_every_check(figure: Figure) -> None:
    caught = sum(found(scene(**changed))[subject].verdict != "right" for subject, changed in MUTANTS)
    figure("P23", checks_of_processes=len(found(scene())), mutants=len(MUTANTS), caught=caught)
    connecting = {"pure HTTP: whom the middleware calls"}

    assert {subject for subject, _ in MUTANTS} | connecting == {*found(scene())}
    stray = Scene(scene().processes, HOME, {MIDDLEWARE: frozenset()})
    assert found(stray)["pure HTTP: whom the middleware calls"].verdict == "wrong"


@pytest.mark.parametrize("gone", [LEARNER, LLM, MIDDLEWARE])
def test_what_was_not_seen_is_unknown_and_unknown_is_no_pass(gone: str) -> None:
    whole = scene()
    without = Scene({**whole.processes, gone: None}, whole.trainer, whole.may_call)
    about = [each for each in judge(without) if gone in each.subject]

    assert {each.verdict for each in about} == {"doubtful"}
    nobody = Scene(dict.fromkeys(whole.processes), HOME, {})
    assert {each.verdict for each in judge(nobody)} == {"doubtful"}
    assert all(each.seen.startswith("unknown") for each in judge(nobody))
