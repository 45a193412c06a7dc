"""From settings to a back end: the only place of the LLM server that knows all of them.

A back end's module is imported when it is chosen: nobody waits for a library that is not used.
"""

from __future__ import annotations

import os
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path

from llm_trainer.errors import Conflict, NotFound, RequestError, SettingsError
from llm_trainer.llm_server.backends.base import Backend
from llm_trainer.llm_server.choice import Choice, automatic
from llm_trainer.llm_server.speech import Deadlines
from llm_trainer.llm_server.stage import Casting, Offer
from llm_trainer.settings import Settings
from llm_trainer.web import check_url


def chooser(settings: Settings) -> Callable[[], Awaitable[Choice]]:
    """What decides, when the server starts, who speaks. Raises SettingsError now for what cannot work then."""
    names = settings.llm_backends
    if names == ["auto"]:
        ollama, tutor = _ollama(settings), _tutor(settings)

        async def choose() -> Choice:
            return await automatic(ollama, tutor, settings.ollama_model)
    else:
        first, *successors = _listed(names, settings)
        model = _requested_model(names[0], settings)

        async def choose() -> Choice:
            return Choice(first, ",".join(names), model, successors=tuple(successors))

    return choose


def _listed(names: Sequence[str], settings: Settings) -> list[Backend]:
    if not names or len({*names}) < len(names) or "auto" in names:
        remedy = f"name each once, of {', '.join(_MAKERS)}; auto stands alone"
        raise SettingsError(f"llm_backend = {', '.join(names) or 'an empty list'} cannot be used", remedy=remedy)
    return [_MAKERS[name](settings) for name in names]


def casting(settings: Settings) -> Casting:
    """Who could speak instead while the server runs: every back end that the settings give enough for."""
    recording = "" if settings.recorded_path else "set recorded_path to a JSON Lines file of dialogues"
    file = "" if settings.gguf_path else "set gguf_path to a model file"
    offers = (
        Offer("auto", settings.ollama_model, takes_model=True),
        Offer("ollama", settings.ollama_model, takes_model=True),
        Offer("openai", settings.openai_model, takes_model=True),
        Offer("gguf", _requested_model("gguf", settings), usable=not file, remedy=file),
        Offer("tutor", "tutor"),
        Offer("recorded", "recorded", usable=not recording, remedy=recording),
    )

    def called(backend: str, model: str | None) -> Callable[[], Awaitable[Choice]]:
        offer = next((each for each in offers if each.backend == backend), None)
        if offer is None:
            raise NotFound(
                f"there is no back end {backend!r}", remedy=f"name one of {', '.join(o.backend for o in offers)}"
            )
        if not offer.usable:
            raise Conflict(f"{backend} cannot speak here", remedy=offer.remedy)
        if model not in (None, offer.model) and not offer.takes_model:
            raise RequestError(f"{backend} speaks as {offer.model}, not as {model!r}", remedy="leave model out")
        named = {} if model is None else {"ollama_model": model, "openai_model": model}
        return chooser(settings.model_copy(update={"llm_backend": backend, **named}))

    return Casting(offers, called)


def deadlines(settings: Settings) -> Deadlines:
    """How long each wait may last."""
    return Deadlines(whole_seconds=settings.llm_timeout_seconds)


def _requested_model(backend: str, settings: Settings) -> str:
    named = {"ollama": settings.ollama_model, "openai": settings.openai_model}
    if settings.gguf_path is not None:
        named["gguf"] = settings.gguf_path.name
    return named.get(backend, backend)


def _ollama(settings: Settings) -> Backend:
    from llm_trainer.llm_server.backends.ollama import Ollama  # noqa: PLC0415

    return Ollama(
        check_url("ollama_url", settings.ollama_url),
        settings.ollama_model,
        context_tokens=settings.context_tokens,
        stop=tuple(settings.llm_stop),
    )


def _openai(settings: Settings) -> Backend:
    from llm_trainer.llm_server.backends.openai import OpenAI  # noqa: PLC0415

    variable = settings.openai_key_variable
    return OpenAI(
        check_url("openai_url", settings.openai_url),
        settings.openai_model,
        key=os.environ.get(variable, ""),
        key_variable=variable,
        context_tokens=settings.context_tokens,
        stop=tuple(settings.llm_stop),
    )


def _tutor(settings: Settings) -> Backend:
    from llm_trainer.llm_server.backends.tutor import Tutor, TutorData  # noqa: PLC0415
    from llm_trainer.llm_server.backends.tutoring import Tutoring  # noqa: PLC0415

    return Tutoring(Tutor(0, TutorData.load()))


def _recorded(settings: Settings) -> Backend:
    from llm_trainer.llm_server.backends import dialogues  # noqa: PLC0415
    from llm_trainer.llm_server.backends.recorded import Recorded  # noqa: PLC0415

    if settings.recorded_path is None:
        remedy = "set recorded_path (--recorded PATH) to a JSON Lines file of dialogues"
        raise SettingsError("llm_backend is recorded, but there is no recording", remedy=remedy)
    found = dialogues.read(settings.recorded_path, settings.recorded_sides)
    return Recorded(found, settings.recorded_path.name)


def _gguf(settings: Settings) -> Backend:
    from llm_trainer.llm_server.backends.gguf import Gguf, GgufModel  # noqa: PLC0415

    if settings.gguf_path is None:
        raise SettingsError("llm_backend is gguf, but there is no model", remedy="set gguf_path (--gguf PATH)")
    template = _text("gguf_template_path", settings.gguf_template_path)
    stop, threads = tuple(settings.llm_stop), settings.gguf_threads
    return Gguf(GgufModel(settings.gguf_path, settings.context_tokens, template, stop, threads))


def _text(name: str, path: Path | None) -> str:
    try:
        return "" if path is None else path.read_text("utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"{name} = {path} cannot be read: {error}", remedy="give a readable text file") from error


_MAKERS: dict[str, Callable[[Settings], Backend]] = {
    "ollama": _ollama,
    "openai": _openai,
    "gguf": _gguf,
    "tutor": _tutor,
    "recorded": _recorded,
}
