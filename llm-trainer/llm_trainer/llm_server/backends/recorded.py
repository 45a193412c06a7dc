"""Speaks the turns of recorded dialogues, one dialogue per topic, in the file's order.

Where a conversation stands is found, in this order:

1. the conversation itself: what was said last as ``assistant`` is looked for in the recording, so that after a
   restart of this program it goes on where it was, and a request sent again is answered the same;
2. what was last said to that ``session``, when the request brings no conversation, or when it was of no use
   (``attempt``): then the next turn is spoken in its place;
3. otherwise a dialogue begins that nobody has heard yet; only when all were spoken do they come again.

A ``topic`` that is a dialogue's id chooses that dialogue; any other change of topic means the next one.
"""

from __future__ import annotations

import re
from collections import OrderedDict
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice

from llm_trainer.llm_server.backends.base import BackendStatus, ChatRequest, Chunk, Finish
from llm_trainer.llm_server.backends.dialogues import Dialogue

MODEL = "recorded"
SESSIONS_REMEMBERED = 1_000
KEY_CHARACTERS = 60  # a turn is recognised by its first letters, in case its end was cut on the way
TURNS_COMPARED = 8  # so many of the last turns tell apart places that begin alike
NO_LETTER = re.compile(r"[\W_]+")


@dataclass(frozen=True, slots=True)
class _Place:
    dialogue: int
    turn: int
    topic: str | None
    after: str = ""  # key of what had been said last when this was spoken
    attempt: int = 0


class Recorded:
    """The back end over ``dialogues``."""

    name = "recorded"

    def __init__(self, dialogues: Sequence[Dialogue], source: str = "") -> None:
        self._dialogues, self._source = tuple(dialogues), source
        self._numbers = {dialogue.id: number for number, dialogue in enumerate(self._dialogues)}
        self._places: OrderedDict[str, _Place] = OrderedDict()
        self._unheard = OrderedDict.fromkeys(range(len(self._dialogues)))
        self._all = [(number, turn) for number, each in enumerate(self._dialogues) for turn in range(len(each.turns))]
        self._keys = [_key(text) for dialogue in self._dialogues for text in dialogue.turns]
        self._indices_by_key: dict[str, list[int]] = {}
        for index, key in enumerate(self._keys):
            self._indices_by_key.setdefault(key, []).append(index)

    def topics(self) -> tuple[str, ...]:
        """The ids of the dialogues, in the file's order."""
        return tuple(self._numbers)

    def speak(self, request: ChatRequest) -> str:
        """The next turn for this conversation."""
        spoken = (turn.text for turn in reversed(request.messages) if turn.role == "assistant")
        said = [_key(text) for text in islice(spoken, TURNS_COMPARED)][::-1]
        place = replace(self._next(request, said), after=said[-1] if said else "", attempt=request.attempt)
        self._unheard.pop(place.dialogue, None)
        session = request.session or ""
        self._places[session] = place
        self._places.move_to_end(session)
        if len(self._places) > SESSIONS_REMEMBERED:
            self._places.popitem(last=False)
        return self._dialogues[place.dialogue].turns[place.turn]

    async def chat(self, request: ChatRequest) -> AsyncIterator[Chunk]:
        """Speak the next turn in one piece."""
        text = self.speak(request)
        place = self._places[request.session or ""]
        dialogue = self._dialogues[place.dialogue]
        reason = "dialogue_end" if place.turn + 1 == len(dialogue.turns) else "stop"
        yield Chunk(text, Finish(reason, MODEL, completion_tokens=len(text.split()), topic=dialogue.id))

    async def status(self) -> BackendStatus:
        """Always ready: the file was read when the program started."""
        detail = f"speaks {len(self._dialogues)} recorded dialogues" + (f" of {self._source}" if self._source else "")
        return BackendStatus("ready", MODEL, detail, models=(MODEL,))

    async def aclose(self) -> None:
        """Nothing to let go of."""

    def _next(self, request: ChatRequest, said: list[str]) -> _Place:
        remembered = self._places.get(request.session or "")
        again = remembered is not None and self._is_asked_again(remembered, request, said)
        if remembered is not None and again and request.attempt <= remembered.attempt:
            return remembered
        last = remembered if again else self._last_place(request, remembered, said)
        if request.topic is not None and (last is None or request.topic != last.topic):
            number = self._numbers.get(request.topic)
            return _Place(self._new_dialogue(last) if number is None else number, 0, request.topic)
        if last is None:
            return _Place(self._new_dialogue(last), 0, request.topic)
        if last.turn + 1 < len(self._dialogues[last.dialogue].turns):
            return _Place(last.dialogue, last.turn + 1, request.topic)
        return _Place(self._new_dialogue(last), 0, request.topic)

    def _is_asked_again(self, remembered: _Place, request: ChatRequest, said: list[str]) -> bool:
        heard_it = bool(said) and said[-1] == _key(self._text(remembered))
        return bool(said) and not heard_it and said[-1] == remembered.after and request.topic == remembered.topic

    def _last_place(self, request: ChatRequest, remembered: _Place | None, said: list[str]) -> _Place | None:
        if not said or (remembered is not None and _key(self._text(remembered)) == said[-1]):
            return remembered
        found = self._indices_by_key.get(said[-1])
        if not found:
            return remembered
        number, turn = self._all[max(found, key=lambda index: (self._agreement(index, said), -index))]
        return _Place(number, turn, request.topic if remembered is None else remembered.topic)

    def _agreement(self, index: int, said: list[str]) -> int:
        """How many turns, counted backwards from ``index`` through the file, are those that were said."""
        agreeing = 0
        while agreeing <= index and agreeing < len(said) and self._keys[index - agreeing] == said[-1 - agreeing]:
            agreeing += 1
        return agreeing

    def _new_dialogue(self, last: _Place | None) -> int:
        if not self._unheard:
            self._unheard = OrderedDict.fromkeys(range(len(self._dialogues)))
        after = -1 if last is None else last.dialogue
        return next((number for number in self._unheard if number > after), next(iter(self._unheard)))

    def _text(self, place: _Place) -> str:
        return self._dialogues[place.dialogue].turns[place.turn]


def _key(text: str) -> str:
    return NO_LETTER.sub("", text.casefold())[:KEY_CHARACTERS]
