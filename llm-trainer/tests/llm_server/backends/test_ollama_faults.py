"""What goes wrong between us and Ollama is told apart, named with its remedy, and never asked again here."""

from __future__ import annotations

import json

import pytest

from llm_trainer import errors
from llm_trainer.ports import bind
from tests.llm_server.asking_ollama import MODEL, speak, spoken
from tests.llm_server.stand_ins import Script, ollama, ollama_lines, run

REFUSALS = [
    (429, "too many requests", errors.PeerBusy, "wait"),
    (400, "invalid options", errors.PeerRefused, "log"),
    (500, "llama runner process has terminated: exit status 2", errors.PeerAnswerInvalid, "log"),
    (500, "model requires more system memory (2.4 GiB) than is available", errors.PeerRefused, "smaller model"),
]


@pytest.mark.parametrize(("status", "said", "kind", "remedy"), REFUSALS)
def test_a_refusal_is_named_with_its_remedy_and_never_asked_again(
    status: int, said: str, kind: type[errors.PeerError], remedy: str
) -> None:
    program = ollama(Script([json.dumps({"error": said})], status))
    with pytest.raises(kind) as refusal:
        speak(program)

    assert type(refusal.value) is kind
    assert " ".join(said.split())[:20] in refusal.value.detail
    assert remedy in refusal.value.remedy
    assert len(program.bodies) == 1


def test_a_busy_server_says_when_to_come_back() -> None:
    with pytest.raises(errors.PeerBusy) as refusal:
        speak(ollama(Script(['{"error": "busy"}'], 503)))

    assert refusal.value.retry_after_seconds


BROKEN = {
    "an error in the middle": (
        Script([*ollama_lines("Hel")[:1], '{"error": "an error was encountered while running the model"}']),
        "error",
    ),
    "a cut connection": (Script(ollama_lines("Hel")[:1], ending="cut"), "cut"),
    "no line that says done": (Script(ollama_lines("Hel", "lo")[:2]), "cut"),
    "an empty stream": (Script([]), "cut"),
    "an empty text": (Script(ollama_lines("")), "empty"),
    "blanks only": (Script(ollama_lines(" ", "\n")), "empty"),
    "a null text": (
        Script([json.dumps({"model": MODEL, "message": {"role": "assistant", "content": None}, "done": True})]),
        "empty",
    ),
    "thinking only": (
        Script(
            [
                json.dumps(
                    {"model": MODEL, "message": {"role": "assistant", "content": "", "thinking": "hm"}, "done": True}
                )
            ]
        ),
        "empty",
    ),
}


@pytest.mark.parametrize("what", BROKEN)
def test_half_an_answer_is_an_error_that_says_how_it_broke(what: str) -> None:
    script, kind = BROKEN[what]
    with pytest.raises(errors.PeerAnswerInvalid) as broken:
        speak(ollama(script))

    assert broken.value.extra["kind"] == kind


@pytest.mark.parametrize("line", ["<html>not ollama</html>", "[1]", '{"message": 5, "done": true}', "{"])
def test_what_is_not_ollama_is_recognised(line: str) -> None:
    with pytest.raises(errors.PeerAnswerInvalid):
        speak(ollama(Script([line])))


def test_a_redirect_is_not_followed() -> None:
    program = ollama(Script(status=302, headers={"location": "http://127.0.0.1:9/api/chat"}))
    with pytest.raises(errors.PeerAnswerInvalid, match="302"):
        speak(program)


def test_nobody_at_the_door_is_unreachable_with_the_way_to_start_it() -> None:
    with bind(0, "nobody") as gone:
        url = f"http://127.0.0.1:{gone.getsockname()[1]}"
    with pytest.raises(errors.PeerUnreachable) as nobody:
        run(spoken(url, "hi"))

    assert url in nobody.value.detail
    assert "ollama serve" in nobody.value.remedy
    assert "ollama pull gemma3:1b" in nobody.value.remedy
