"""What was seen of the three processes, held against each guarantee. Pure: each check fails on some value of it."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import PurePath

from llm_trainer.cli.finding import Finding
from llm_trainer.cli.isolation.seen import Address, Seen

LEARNER, LLM, MIDDLEWARE = "learner", "LLM server", "middleware"
SECCOMP_FILTER = 2


@dataclass(frozen=True)
class Scene:
    """The processes by name (None: not seen), where the trainer lies, and which ports each may call."""

    processes: Mapping[str, Seen | None]
    trainer: str
    may_call: Mapping[str, frozenset[int]]

    @property
    def seen(self) -> dict[str, Seen]:
        """Those that were seen."""
        return {name: each for name, each in self.processes.items() if each is not None}

    @property
    def ours(self) -> dict[str, Seen]:
        """The trainer's that were seen."""
        return {name: each for name, each in self.seen.items() if name != LEARNER}

    @property
    def learners_folders(self) -> frozenset[str]:
        """The learner's project, as its interpreter tells, and where the files lie that it holds open."""
        learner = self.processes.get(LEARNER)
        if learner is None:
            return frozenset()
        project = PurePath(learner.program)
        folders = {str(PurePath(file).parent) for file in learner.files if not _lies_in(file, ("/usr", "/lib"))}
        if ".venv" in project.parts:
            folders.add(str(PurePath(*project.parts[: project.parts.index(".venv")])))
        return frozenset(folder for folder in folders if folder not in ("/", self.trainer))


def judge(scene: Scene) -> Iterator[Finding]:
    """Every check that can be made from outside."""
    yield tier(scene)
    yield from _code(scene)
    yield from _files(scene)
    yield from _http(scene)
    yield from _processes(scene)
    yield from _confinement(scene)


def tier(scene: Scene) -> Finding:
    """What holds them apart, beyond their being separate processes."""
    llm = scene.processes.get(LLM)
    if llm is None:
        return _unknown("tier", scene)
    if llm.seccomp == SECCOMP_FILTER and llm.no_new_privileges:
        return Finding("tier", "right", "T1: the LLM server is confined by a filter of system calls")
    advice = "for more, run the services as users of their own, or in containers"
    return Finding("tier", "doubtful", "T0: separate processes; no sandbox holds them apart", advice)


def _code(scene: Scene) -> Iterator[Finding]:
    learner, ours = scene.processes.get(LEARNER), scene.ours
    if learner is None or not ours:
        yield _unknown("no shared code: loaded files", scene)
        yield _unknown("no shared code: interpreters", scene)
        return
    foreign = [f"learner maps {file}" for file in sorted(learner.mapped) if _lies_in(file, [scene.trainer])]
    for name, each in ours.items():
        foreign += [f"{name} maps {file}" for file in sorted(each.mapped) if _lies_in(file, scene.learners_folders)]
    yield _found("no shared code: loaded files", foreign, "neither has a file of the other's loaded")
    same = [name for name, each in ours.items() if each.program == learner.program]
    told = f"learner {learner.program}; trainer {next(iter(ours.values())).program}"
    yield _found("no shared code: interpreters", [f"{name} runs the learner's" for name in same], told)


def _files(scene: Scene) -> Iterator[Finding]:
    learner, ours = scene.processes.get(LEARNER), scene.ours
    if learner is None or not ours:
        for what in ("open files", "folders", "users", "file systems", "the learner's files"):
            yield _unknown(f"no file access: {what}", scene)
        return
    held = [f"learner holds {file}" for file in sorted(learner.files) if _lies_in(file, [scene.trainer])]
    for name, each in ours.items():
        held += [f"{name} holds {file}" for file in sorted(each.files) if _lies_in(file, scene.learners_folders)]
    count = sum(len(each.files) for each in scene.seen.values())
    yield _found("no file access: open files", held, f"of {count} open files none lies with the other")
    inside = [
        f"{name} in {each.folder}" for name, each in ours.items() if _lies_in(each.folder, scene.learners_folders)
    ]
    inside += [f"learner in {learner.folder}"] if _lies_in(learner.folder, [scene.trainer]) else []
    yield _found("no file access: folders", inside, "each works in a folder of its own side")
    alike = [name for name, each in ours.items() if each.user == learner.user]
    yield _apart("no file access: users", alike, "run as the learner's user: only manners keep them from its files")
    alike = [name for name, each in ours.items() if each.mounts == learner.mounts]
    yield _apart("no file access: file systems", alike, "see the same file system as the learner")
    store = sorted(file for file in learner.readable_by_others if _lies_in(file, scene.learners_folders))
    yield _apart("no file access: the learner's files", store, "can be read by every user", "chmod o-r on them")


def _http(scene: Scene) -> Iterator[Finding]:
    for name in (LEARNER, LLM, MIDDLEWARE):
        each = scene.processes.get(name)
        if each is None:
            yield _unknown(f"pure HTTP: whom the {name} calls", scene)
            yield _unknown(f"pure HTTP: where the {name} listens", scene)
            yield _unknown(f"pure HTTP: other doors of the {name}", scene)
            continue
        allowed = scene.may_call.get(name, frozenset())
        stray = [f"calls {_at(to)}" for to in sorted(each.connected) if to[1] not in allowed]
        told = f"open connections: {', '.join(map(_at, sorted(each.connected))) or 'none'}"
        yield _found(f"pure HTTP: whom the {name} calls", stray, told)
        outside = [
            f"listens on {_at(at)}" for at in sorted(each.listening) if not ipaddress.ip_address(at[0]).is_loopback
        ]
        told = ", ".join(map(_at, sorted(each.listening)))
        yield _found(f"pure HTTP: where the {name} listens", outside, told)
        doors = [f"Unix socket {path}" for path in sorted(each.named_sockets)] + [
            f"UDP {_at(at)}" for at in sorted(each.udp)
        ]
        yield _found(f"pure HTTP: other doors of the {name}", doors, "no named Unix socket, no UDP")
    learner = scene.processes.get(LEARNER)
    if learner is None or not scene.ours:
        yield _unknown("pure HTTP: pipes and memory", scene)
        return
    common = [
        f"{name} shares {what}" for name, each in scene.ours.items() for what in sorted(each.shared & learner.shared)
    ]
    memory = {file for file in learner.mapped if "/shm/" in file or "memfd:" in file}
    common += [f"{name} shares {file}" for name, each in scene.ours.items() for file in sorted(each.mapped & memory)]
    yield _found("pure HTTP: pipes and memory", common, "no pipe, socket or memory in common")


def _processes(scene: Scene) -> Iterator[Finding]:
    seen = scene.seen
    if len(seen) < 2:
        yield _unknown("separate processes: numbers", scene)
        return
    pids = {name: each.pid for name, each in seen.items()}
    twice = [name for name, pid in pids.items() if list(pids.values()).count(pid) > 1]
    yield _found("separate processes: numbers", twice, ", ".join(f"{name} {pid}" for name, pid in pids.items()))
    family = [f"{name} is the child of another" for name, each in seen.items() if each.parent in pids.values()]
    yield _found("separate processes: families", family, "none is another's parent")
    traced = [f"{name} is traced by {each.tracer}" for name, each in seen.items() if each.tracer]
    yield _found("separate processes: debuggers", traced, "nobody traces any of them")
    learner = scene.processes.get(LEARNER)
    if learner is not None:
        named = (
            [f"its command line names {scene.trainer}"] if any(scene.trainer in word for word in learner.words) else []
        )
        yield _found("deletable: what the learner was started with", named, "nothing in it names the trainer's folder")


def _confinement(scene: Scene) -> Iterator[Finding]:
    llm = scene.processes.get(LLM)
    for what in ("system calls", "rights", "memory"):
        if llm is None:
            yield _unknown(f"no injection: {what}", scene)
    if llm is None:
        return
    filtered = llm.seccomp == SECCOMP_FILTER
    free = [] if filtered else ["the LLM server"]
    yield _apart("no injection: system calls", free, "may call whatever its user may (no seccomp filter)")
    strong = [] if llm.capabilities == 0 else [f"capabilities {llm.capabilities:x}"]
    strong += [] if llm.no_new_privileges else ["no_new_privs off"]
    yield _apart("no injection: rights", strong, "of the LLM server", "run it as an ordinary user, or in a container")
    written = ["the LLM server has memory that is writable and executable"] if llm.writable_code else []
    yield _found("no injection: memory", written, "the LLM server has no memory that is writable and executable")


def _found(subject: str, wrong: list[str], seen: str) -> Finding:
    """Right unless something was found."""
    if not wrong:
        return Finding(subject, "right", seen)
    more = f" and {len(wrong) - 5} more" if len(wrong) > 5 else ""
    return Finding(subject, "wrong", "; ".join(wrong[:5]) + more, "tell us: this must not be")


def _apart(subject: str, alike: Iterable[str], why: str, advice: str = "") -> Finding:
    """What no sandbox prevents here is not a breach, and no pass either."""
    listed = list(alike)
    if not listed:
        return Finding(subject, "right", "apart")
    return Finding(
        subject, "doubtful", f"{', '.join(listed)}: {why}", advice or "run the services as users of their own"
    )


def _unknown(subject: str, scene: Scene) -> Finding:
    missing = [name for name, each in scene.processes.items() if each is None]
    return Finding(
        subject,
        "doubtful",
        f"unknown: {', '.join(missing)} not seen from here",
        "start all three on this machine (Linux, same user)",
    )


def _lies_in(path: str, folders: Iterable[str]) -> bool:
    return any(path == folder or path.startswith(f"{folder.rstrip('/')}/") for folder in folders if folder)


def _at(address: Address) -> str:
    return f"{address[0]}:{address[1]}"
