"""The launcher inside the environment: starts the services, keeps them alive, runs a session, ends what it started."""

from __future__ import annotations

import signal
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from types import FrameType

from llm_trainer.cli.arguments import Wish, read
from llm_trainer.cli.client import Json, Middleware, Refused
from llm_trainer.cli.exits import Exit, exit_code, sentence
from llm_trainer.cli.follow import Follower, follow
from llm_trainer.cli.handing import HOME
from llm_trainer.cli.processes import remember
from llm_trainer.cli.scene import Scene, ending, printable
from llm_trainer.cli.service import Service, end
from llm_trainer.cli.show import Show, open_show, say
from llm_trainer.cli.starting import record
from llm_trainer.cli.streams import make_streams_safe
from llm_trainer.errors import Conflict, PeerError, TrainerError
from llm_trainer.settings import Settings, load

READY_SECONDS = 120.0
PATIENCE_SECONDS = 20.0
STOP_SECONDS = 1.8
END_SECONDS = 3.5


class ServiceFailed(TrainerError):
    """A service cannot be kept alive."""


class Interruption:
    """The first signal that asks us to end; later ones change nothing, the end is near anyway."""

    def __init__(self) -> None:
        self.code = 0
        for name in ("SIGINT", "SIGTERM", "SIGHUP", "SIGBREAK"):
            if hasattr(signal, name):
                signal.signal(getattr(signal, name), self._note)

    def __call__(self) -> bool:
        return self.code != 0

    def _note(self, number: int, _: FrameType | None) -> None:
        self.code = self.code or 128 + number


class Crew:
    """The trainer's two services, as one."""

    def __init__(self, settings: Settings, wish: Wish) -> None:
        self.data_dir = (HOME / settings.data_dir).resolve()
        environment = {**wish.environment, "TRAINER_DATA_DIR": str(self.data_dir)}

        def service(name: str, script: str, port: int) -> Service:
            return Service(
                name=name,
                command=[sys.executable, str(HOME / script)],
                folder=HOME,
                log=self.data_dir / "services" / f"{Path(script).stem}.log",
                ready_url=f"http://127.0.0.1:{port}/healthz",
                environment=environment,
            )

        self.services = [service("middleware", "middleware.py", settings.middleware_port)]
        if settings.llm_server_url is None:
            self.services.insert(0, service("LLM server", "llm_server.py", settings.llm_server_port))

    def start(self) -> None:
        """Start all, and write down whom."""
        for service in self.services:
            service.start()
        self._remember()

    def tend(self) -> list[str]:
        """Look after all once; return remarks. Raises ServiceFailed with the end of the log of one that is given up."""
        now = time.monotonic()
        remarks = [
            f"{service.name} had died and was started again (log: {service.log})"
            for service in self.services
            if service.tend(now)
        ]
        if remarks:
            self._remember()
        for service in self.services:
            if service.failed:
                raise ServiceFailed(f"{service.failed}; the end of its log, {service.log}:\n{service.tail()}")
        return remarks

    @property
    def ready(self) -> bool:
        """Whether each has said that it is ready."""
        return all(service.ready for service in self.services)

    def end(self, deadline: float) -> None:
        """End all, and only them."""
        end(self.services, deadline)
        record(self.data_dir).unlink(missing_ok=True)

    def _remember(self) -> None:
        remember(record(self.data_dir), [service.identity for service in self.services if service.pid])


def main(arguments: Sequence[str] | None = None) -> int:
    """Run from the first service to the last; return the exit code."""
    make_streams_safe()
    wish = read(sys.argv[1:] if arguments is None else arguments)
    interrupted = Interruption()
    try:
        settings = load()
    except TrainerError as error:
        say(sentence(error), problem=True)
        return exit_code(error)
    crew = Crew(settings, wish)
    middleware = Middleware(f"http://127.0.0.1:{settings.middleware_port}")
    try:
        return _run(crew, middleware, wish, interrupted)
    except TrainerError as error:
        say(sentence(error), problem=True)
        return exit_code(error)
    finally:
        _end(crew, middleware)


def _run(crew: Crew, middleware: Middleware, wish: Wish, interrupted: Interruption) -> int:
    crew.start()
    _wait_until_ready(crew, interrupted)
    if not interrupted():
        say(f"LLM server and middleware are ready; dashboard: {middleware.url}")
    scene: Scene | None = None
    if wish.train and not interrupted():
        scene = _train(crew, middleware, wish, interrupted)
    if not wish.train or wish.stay:
        say("The services stay up; Ctrl+C ends them.")
        while not interrupted():
            for remark in crew.tend():
                say(remark)
            time.sleep(0.1)
    if interrupted():
        scene = _stop(middleware, scene)
    for line in ending(scene) if scene is not None and scene.status.get("session_id") else []:
        say(line)
    say(f"Record: {crew.data_dir}")
    return interrupted.code or _verdict(scene)


def _wait_until_ready(crew: Crew, interrupted: Interruption) -> None:
    until = time.monotonic() + READY_SECONDS
    while not interrupted() and not crew.ready:
        crew.tend()
        if time.monotonic() > until:
            late = next(service for service in crew.services if not service.ready)
            raise ServiceFailed(f"{late.name} is not ready after {READY_SECONDS:.0f} s; its log:\n{late.tail()}")
        time.sleep(0.05)


def _train(crew: Crew, middleware: Middleware, wish: Wish, interrupted: Interruption) -> Scene | None:
    started = _start_session(crew, middleware, wish, interrupted)
    if started is None:
        return None
    if speaker := who_speaks(middleware.status()):
        say(speaker)
    with open_show() as show:
        follower = Follower(middleware, started.get("session_id"))
        return follow(follower, show, interrupted=interrupted, tend=lambda: _note_all(crew.tend(), show))


def who_speaks(status: Json) -> str:
    """Who speaks for the teacher, and why if it is not who was asked for; empty where that is not known."""
    llm = status.get("llm")
    if not isinstance(llm, dict) or not llm.get("backend"):
        return ""
    backend, model, detail = llm["backend"], llm.get("model"), llm.get("detail")
    name = f"{backend} ({model})" if model and model != backend else str(backend)
    return printable(f"Teacher: {name}" + (f", {detail}" if detail else ""))


def _note_all(remarks: Sequence[str], show: Show) -> None:
    for remark in remarks:
        show.note(remark)


def _start_session(crew: Crew, middleware: Middleware, wish: Wish, interrupted: Interruption) -> Json | None:
    """Start a session, waiting a while for learner and teacher; join one that the middleware took up by itself."""
    until = time.monotonic() + PATIENCE_SECONDS
    while not interrupted():
        crew.tend()
        try:
            return middleware.start(wish.plan)
        except (Refused, PeerError) as error:
            if error.status == Conflict.status:
                say("A session that was under way goes on; --exchanges and the like are not applied to it.")
                return middleware.status()
            if error.status != 503 or time.monotonic() > until:
                raise
        time.sleep(0.3)
    return None


def _stop(middleware: Middleware, scene: Scene | None) -> Scene | None:
    """Let the session end in good order while everybody still answers; what hangs is left to its record."""
    try:
        if middleware.status().get("running"):
            say("Stopping the session …")
            middleware.stop(timeout=STOP_SECONDS)
        return Follower(middleware, None).look(time.monotonic())
    except (PeerError, Refused):
        return scene


def _verdict(scene: Scene | None) -> Exit:
    if scene is None:
        return Exit.DONE
    return Exit.DONE if scene.complete else Exit.FAILED


def _end(crew: Crew, middleware: Middleware) -> None:
    middleware.close()
    crew.end(time.monotonic() + END_SECONDS - STOP_SECONDS)


if __name__ == "__main__":
    sys.exit(main())
