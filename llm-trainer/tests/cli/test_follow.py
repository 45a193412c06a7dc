from __future__ import annotations

import pytest

from llm_trainer.cli import follow as following
from llm_trainer.cli.client import Middleware
from llm_trainer.cli.follow import Follower, follow
from llm_trainer.cli.scene import Scene
from llm_trainer.errors import PeerUnreachable
from tests.cli.fake import FakeMiddleware


class Heard:
    def __init__(self) -> None:
        self.scenes: list[Scene] = []

    def scene(self, scene: Scene, now: float) -> None:
        self.scenes.append(scene)

    def note(self, text: str) -> None: ...

    def __enter__(self) -> Heard:
        return self

    def __exit__(self, *_: object) -> None: ...


@pytest.fixture(autouse=True)
def _at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(following, "LOOK_EVERY_SECONDS", 0.001)


def test_a_session_is_followed_to_its_end(middleware: FakeMiddleware) -> None:
    client = Middleware(middleware.url)
    client.start({"max_exchanges": 5})
    heard = Heard()

    last = follow(Follower(client), heard)

    assert [scene.done for scene in heard.scenes[:5]] == [1, 2, 3, 4, 5]
    assert last.latest is not None
    assert last.latest["number"] == 5
    assert last.learner["vocabulary"] == 15
    assert list(last.vocabulary) == [3, 6, 9, 12, 15]
    client.close()


def test_following_can_be_interrupted(middleware: FakeMiddleware) -> None:
    client = Middleware(middleware.url)
    client.start({"max_exchanges": 1_000})
    heard = Heard()

    follow(Follower(client), heard, interrupted=lambda: len(heard.scenes) == 3)

    assert len(heard.scenes) == 3
    client.close()


def test_a_middleware_that_stays_away_ends_the_following_with_what_to_do() -> None:
    client = Middleware("http://127.0.0.1:9")
    heard = Heard()

    with pytest.raises(PeerUnreachable) as caught:
        follow(Follower(client), heard, patience=0.05)

    assert "middleware.py" in caught.value.remedy
    assert heard.scenes[0].note.startswith("waiting")
    client.close()
