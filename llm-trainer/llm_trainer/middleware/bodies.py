"""What was last said on the wire, word for word, so that a person can look at it.

In memory and bounded: the record keeps a row of every call, and what was taught and answered besides; bodies
are the same words once more, wrapped in prompts that grow with the talk. Looks at the peers' health come every two
seconds, so they have a shelf of their own and never push out what was said in a session.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass

TALK_BYTES = 8 << 20
LOOK_BYTES = 1 << 19
EACH_BYTES = 1 << 16
BESIDES_BYTES = 300
"""What holding a call takes beside its words: short ones would otherwise fill twice the room."""


@dataclass(frozen=True, slots=True)
class Exchanged:
    """The bodies of one call; ``received`` is None while there is no answer. Either may be only the beginning."""

    session_id: str | None
    sent: bytes
    received: bytes | None = None
    sent_cut: bool = False
    received_cut: bool = False

    @property
    def size(self) -> int:
        """Bytes held, about."""
        return BESIDES_BYTES + len(self.sent) + len(self.received or b"")


class Bodies:
    """The bodies of the latest calls, by the number of the call's row. Oldest go first when there is no room."""

    def __init__(
        self, talk_bytes: int = TALK_BYTES, look_bytes: int = LOOK_BYTES, each_bytes: int = EACH_BYTES
    ) -> None:
        self._talk, self._looks = _Shelf(talk_bytes), _Shelf(look_bytes)
        self._each_bytes = each_bytes

    def begin(self, number: int, method: str, sent: bytes, session_id: str | None) -> None:
        """A call is about to be made."""
        kept = sent[: self._each_bytes]
        shelf = self._looks if method == "GET" else self._talk
        shelf.put(number, Exchanged(session_id, kept, sent_cut=len(kept) < len(sent)))

    def finish(self, number: int, received: bytes, *, cut: bool = False) -> None:
        """It was answered; ``cut``: the answer was longer than what was read of it."""
        shelf = self._talk if number in self._talk.held else self._looks
        call = shelf.held.get(number)
        if call is None:
            return
        kept = received[: self._each_bytes]
        is_cut = cut or len(kept) < len(received)
        shelf.put(number, Exchanged(call.session_id, call.sent, kept, call.sent_cut, is_cut))

    def of(self, number: int) -> Exchanged | None:
        """The bodies of one call, or None if they were let go."""
        return self._talk.held.get(number) or self._looks.held.get(number)

    def forget(self, session_id: str) -> None:
        """Let go of everything that was said in a session."""
        for shelf in (self._talk, self._looks):
            for number in [number for number, call in shelf.held.items() if call.session_id == session_id]:
                shelf.drop(number)


class _Shelf:
    """Calls in order of their numbers, no more than ``room`` bytes of them."""

    def __init__(self, room: int) -> None:
        self._room, self._bytes = room, 0
        self.held: OrderedDict[int, Exchanged] = OrderedDict()

    def put(self, number: int, call: Exchanged) -> None:
        before = self.held.get(number)
        self._bytes += call.size - (before.size if before else 0)
        self.held[number] = call
        while self._bytes > self._room:
            self.drop(next(iter(self.held)))

    def drop(self, number: int) -> None:
        self._bytes -= self.held.pop(number).size
