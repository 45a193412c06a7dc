"""llama.cpp inside the process, with the small models beside the project; where they are not, these tests say so."""

from __future__ import annotations

import asyncio
import importlib.util
import sys
from pathlib import Path

import pytest

from llm_trainer.errors import PeerRefused, SettingsError, UtteranceError
from llm_trainer.llm_server.backends.gguf import Gguf, GgufModel
from llm_trainer.llm_server.speech import Deadlines, Spoken, whole
from tests.llm_server.stand_ins import ask, run

MODELS = Path(__file__).parents[4].parent / "shared" / "models"
STORIES = MODELS / "stories260K-q8_0.gguf"
TEMPLATE = (
    "{% for m in messages %}{% if m.role=='user' %}Mom said, \"{{m.content}}\" "
    "{% elif m.role=='assistant' %}Tom said, \"{{m.content}}\" {% endif %}{% endfor %}"
    '{% if add_generation_prompt %}Tom said, "{% endif %}'
)
has_engine = pytest.mark.skipif(
    importlib.util.find_spec("xllamacpp") is None, reason="needs the extra: pip install -r requirements-gguf.lock"
)
has_model = pytest.mark.skipif(
    not STORIES.exists(), reason="needs the small models beside the project (../shared/models)"
)


def stories() -> Gguf:
    return Gguf(GgufModel(STORIES, 512, TEMPLATE, ('"',), threads=1))


@has_engine
@has_model
def test_a_real_model_speaks_and_the_same_seed_says_the_same() -> None:
    async def two_turns() -> list[Spoken]:
        backend = stories()
        try:
            request = ask("Hello! Do you like cats?", seed=3, max_tokens=40)
            return [await whole(backend, request, Deadlines()) for _ in range(2)]
        finally:
            await backend.aclose()

    first, second = run(two_turns())
    assert first.text == second.text
    assert '"' not in first.text
    assert first.finish.model == STORIES.name
    assert 0 < first.finish.completion_tokens <= 40
    assert first.timings["generation"] > 0


@has_engine
@has_model
def test_it_says_how_it_is_and_refuses_what_cannot_fit() -> None:
    async def look() -> str:
        backend = stories()
        try:
            while (status := await backend.status()).state == "loading":
                await asyncio.sleep(0.005)
            with pytest.raises(UtteranceError, match="512"):
                await whole(backend, ask("word " * 500), Deadlines())
            assert len(str(status.about["digest"])) == 64
            return status.detail
        finally:
            await backend.aclose()

    assert "512 tokens of context" in run(look())


@has_engine
def test_a_file_that_llama_cpp_cannot_load_is_refused_by_name(tmp_path: Path) -> None:
    broken = tmp_path / "broken.gguf"
    broken.write_bytes(b"GGUF" + b"\0" * 100)

    async def speak() -> str:
        backend = Gguf(GgufModel(broken))
        with pytest.raises(PeerRefused, match=r"broken\.gguf"):
            await whole(backend, ask("x"), Deadlines())
        return (await backend.status()).state

    assert run(speak()) == "refused"


def test_a_file_that_is_no_model_is_a_settings_error(tmp_path: Path) -> None:
    (tmp_path / "x.gguf").write_bytes(b"PK..")
    with pytest.raises(SettingsError, match="not a GGUF file"):
        Gguf(GgufModel(tmp_path / "x.gguf"))
    with pytest.raises(SettingsError, match=r"absent\.gguf"):
        Gguf(GgufModel(tmp_path / "absent.gguf"))


def test_without_the_extra_it_says_how_to_get_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "x.gguf").write_bytes(b"GGUF....")
    monkeypatch.setitem(sys.modules, "xllamacpp", None)
    with pytest.raises(SettingsError) as refusal:
        Gguf(GgufModel(tmp_path / "x.gguf"))

    assert "requirements-gguf.lock" in refusal.value.remedy
