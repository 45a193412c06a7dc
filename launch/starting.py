"""``start.py``: makes CEREBRUM's environment, keeps CEREBRUM alive, and hands over to the trainer where there is one.

Each child runs in a process group of its own, so a signal reaches this process first and the order of ending is ours:
the trainer (which stops its session while CEREBRUM still answers), then CEREBRUM, within ``END_SECONDS`` altogether.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from types import FrameType

from .environment import Project, ensure
from .installer import EnvironmentUnavailable, clean
from .processes import end_leftovers, port_taken, remember
from .service import OWN_GROUP, Service, ask_to_end, end

ROOT = Path(__file__).resolve().parent.parent
CEREBRUM = Project(ROOT / "cerebrum", "cerebrum", "cerebrum", "cerebrum")
TRAINER_START = ROOT / "llm-trainer" / "start_training.py"
END_SECONDS = 4.7
TRAINER_SECONDS = 4.0
READY_SECONDS = 120.0
USAGE = """\
usage: python start.py [options]

Makes CEREBRUM's environment on the first start, starts CEREBRUM on http://localhost:{port}, and keeps it alive until
Ctrl+C. Environment: CEREBRUM_PORT moves the port, CEREBRUM_DATA_DIR the memory (default: cerebrum/memory).

options:
  --help       show this and end
  --no-train   start everything, but no training session
"""


class Signals:
    """Remembers the first signal that asks us to end; ``code`` is the exit code it stands for."""

    def __init__(self) -> None:
        self.code = 0
        for name in ("SIGINT", "SIGTERM", "SIGHUP", "SIGBREAK"):
            if hasattr(signal, name):
                signal.signal(getattr(signal, name), self._note)

    def _note(self, number: int, _: FrameType | None) -> None:
        self.code = self.code or 128 + number


def say(text: str) -> None:
    """Print a line; a closed terminal is no reason to stop looking after what was started."""
    try:
        print(text.encode(sys.stdout.encoding or "ascii", "replace").decode(sys.stdout.encoding or "ascii"), flush=True)
    except (OSError, ValueError):
        sys.stdout = open(os.devnull, "w")  # noqa: SIM115, PTH123 - lives as long as we do


def main(arguments: Sequence[str]) -> int:
    """Run to the end of the session, of CEREBRUM, or of the user's patience; return the exit code."""
    has_trainer = TRAINER_START.exists()
    if "--help" in arguments or "-h" in arguments:
        return _show_help(has_trainer)
    try:
        port = _port()
        _check(arguments, has_trainer, port)
        ensure(CEREBRUM, "requirements.lock", ROOT / ".tools", say)
    except EnvironmentUnavailable as why:
        print(why, file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 130
    return _run(_cerebrum(port), arguments, has_trainer)


def _show_help(has_trainer: bool) -> int:
    say(USAGE.format(port=os.environ.get("CEREBRUM_PORT", "8000")))
    if not has_trainer:
        return 0
    say("With the trainer in llm-trainer/, as here, its options work too:\n")
    return subprocess.call([sys.executable, str(TRAINER_START), "--help"])  # noqa: S603


def _port() -> int:
    given = os.environ.get("CEREBRUM_PORT", "8000")
    if not given.isascii() or not given.isdigit() or not 1 <= int(given) <= 65535:
        raise EnvironmentUnavailable(f"CEREBRUM_PORT={given!r} is not a port; give a number from 1 to 65535")
    return int(given)


def _data_dir() -> Path:
    return Path(os.environ.get("CEREBRUM_DATA_DIR") or CEREBRUM.folder / "memory").resolve()


def _check(arguments: Sequence[str], has_trainer: bool, port: int) -> None:
    """Refuse at once what would fail later: unknown options, taken ports."""
    if not (CEREBRUM.folder / CEREBRUM.package).is_dir():
        raise EnvironmentUnavailable(f"{CEREBRUM.folder} is missing; start.py needs a whole copy of the project")
    unknown = [argument for argument in arguments if argument != "--no-train"]
    if unknown and not has_trainer:
        raise EnvironmentUnavailable(
            f"{unknown[0]} means nothing without the trainer (the folder llm-trainer/ is not here); see --help"
        )
    end_leftovers(_data_dir() / "services" / "started.json", say)
    if port_taken(port):
        raise EnvironmentUnavailable(
            f"Port {port} is taken by another program; end that program or set CEREBRUM_PORT to another port "
            "(a CEREBRUM that you started yourself is taught by llm-trainer/start_training.py)"
        )
    if has_trainer:
        code = subprocess.call([sys.executable, str(TRAINER_START), *arguments, "--check"])  # noqa: S603
        if code:
            sys.exit(code)


def _cerebrum(port: int) -> Service:
    return Service(
        name="CEREBRUM",
        command=[str(CEREBRUM.python), "-m", "cerebrum", "serve"],
        folder=CEREBRUM.folder,
        log=_data_dir() / "services" / "cerebrum.log",
        ready_url=f"http://127.0.0.1:{port}/healthz",
        environment={"CEREBRUM_PORT": str(port), "CEREBRUM_DATA_DIR": str(_data_dir())},
    )


def _run(cerebrum: Service, arguments: Sequence[str], has_trainer: bool) -> int:
    signals = Signals()
    record = cerebrum.log.with_name("started.json")
    trainer: subprocess.Popen[bytes] | None = None
    try:
        cerebrum.start()
        remember(record, [cerebrum.identity])
        if not _wait_until_ready(cerebrum, signals):
            return signals.code or _explain(cerebrum)
        say(f"CEREBRUM is ready on {cerebrum.ready_url.removesuffix('/healthz')} (log: {cerebrum.log})")
        if has_trainer:
            trainer = _start_trainer(arguments)
        else:
            say("There is no llm-trainer/ here, so CEREBRUM runs alone; Ctrl+C ends it.")
        return _look_after(cerebrum, trainer, signals, record)
    finally:
        _end(cerebrum, trainer)
        record.unlink(missing_ok=True)


def _wait_until_ready(cerebrum: Service, signals: Signals) -> bool:
    until = time.monotonic() + READY_SECONDS
    while not signals.code and not cerebrum.failed and time.monotonic() < until:
        cerebrum.tend(time.monotonic())
        if cerebrum.ready:
            return True
        time.sleep(0.05)
    return False


def _start_trainer(arguments: Sequence[str]) -> subprocess.Popen[bytes]:
    told = {"TRAINER_TOOLS": str(ROOT / ".tools")}
    if "CEREBRUM_PORT" in os.environ and "TRAINER_CEREBRUM_URL" not in os.environ:
        told["TRAINER_CEREBRUM_URL"] = f"http://127.0.0.1:{_port()}"
    command = [sys.executable, str(TRAINER_START), *arguments]
    return subprocess.Popen(  # noqa: S603
        command, env=clean(os.environ) | told, creationflags=OWN_GROUP, start_new_session=True
    )


def _look_after(cerebrum: Service, trainer: subprocess.Popen[bytes] | None, signals: Signals, record: Path) -> int:
    while not signals.code:
        if trainer is not None and (code := trainer.poll()) is not None:
            return code
        if cerebrum.tend(time.monotonic()):
            remember(record, [cerebrum.identity])
            say(f"CEREBRUM had died and was started again (log: {cerebrum.log})")
        if cerebrum.failed:
            return _explain(cerebrum)
        time.sleep(0.1)
    return signals.code


def _explain(cerebrum: Service) -> int:
    why = cerebrum.failed or f"CEREBRUM did not get ready within {READY_SECONDS:.0f} seconds"
    say(f"{why}; the end of its log, {cerebrum.log}:\n{cerebrum.tail()}")
    return 1


def _end(cerebrum: Service, trainer: subprocess.Popen[bytes] | None) -> None:
    """End the trainer, then CEREBRUM; neither outlives ``END_SECONDS``."""
    asked = time.monotonic()
    if trainer is not None and trainer.poll() is None:
        ask_to_end(trainer)
        try:
            trainer.wait(TRAINER_SECONDS)
        except subprocess.TimeoutExpired:
            trainer.kill()
    end([cerebrum], asked + END_SECONDS)
