"""Following a session from the command line: one that this command started, or one that runs anyway."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping

from llm_trainer.cli.client import Middleware
from llm_trainer.cli.exits import Exit
from llm_trainer.cli.follow import Follower, follow
from llm_trainer.cli.reach import Reach
from llm_trainer.cli.scene import Scene, ending
from llm_trainer.cli.show import is_screen, open_show, say


def follow_ours(reach: Reach, plan: Mapping[str, object]) -> int:
    """Start a session and follow it to its end; when interrupted, stop it."""
    with reach.middleware() as middleware:
        started = middleware.start(plan)
        return _follow(middleware, started.get("session_id"), reach, ours=True)


def watch_session(reach: Reach, session: str, *, plain: bool) -> int:
    """Watch a session without touching it: on the whole screen where there is one, else line by line."""
    with reach.middleware() as middleware:
        watched = str(middleware.session(session)["session_id"]) if session else None
        if plain or reach.as_json or not is_screen() or not sys.stdin.isatty():
            return _follow(middleware, watched, reach, ours=False)
        from llm_trainer.cli.watching.screen import Screen  # noqa: PLC0415 - takes half a second, needed here only

        return Screen(middleware, watched).show()


def _follow(middleware: Middleware, session: str | None, reach: Reach, *, ours: bool) -> int:
    """Follow to the end. Interrupted, the session is stopped if it is ours, else left running."""
    follower = Follower(middleware, session)
    interrupted = False
    try:
        if reach.as_json:
            follow(follower, _Silent())
        else:
            with open_show() as show:
                follow(follower, show)
    except KeyboardInterrupt:
        interrupted = True
        if ours:
            say("Stopping the session …", problem=True)
            middleware.stop(session or "")
            follower.look(float("inf"))
    scene = follower.scene
    if reach.as_json:
        say(json.dumps(dict(scene.status), indent=2))
    elif ours or follower.over:
        for line in ending(scene):
            say(line)
    if interrupted:
        return Exit.INTERRUPTED
    return Exit.DONE if scene.complete else Exit.FAILED


class _Silent:
    """Shows nothing: the answer comes at the end, as JSON."""

    def scene(self, scene: Scene, now: float) -> None: ...

    def note(self, text: str) -> None: ...

    def __enter__(self) -> _Silent:
        return self

    def __exit__(self, *_: object) -> None: ...
