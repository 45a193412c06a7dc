"""CEREBRUM as a whole: a mind and its record. One thread at a time.

Laws
- An exchange: heard before? the same answer. Else respond, then write it down, then learn, then answer.
- The record is the truth, the mind is a fold over it: what is not on disk was not learned.
- What was deleted leaves at once all that is said, scored and explained; a fresh mind is then built beside, from the
  record without it, and takes over when it has caught up: it equals a mind that never heard it.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime, timezone
from pathlib import Path

from cerebrum.accounts import (
    Cursor,
    Exchange,
    Explanation,
    Origin,
    Overheard,
    Status,
    digest_of,
    exchange_of,
    notes_on,
    remembered,
    why_of,
)
from cerebrum.chain import Content, Record, Verifier
from cerebrum.dialogue import Observation
from cerebrum.errors import KeyReused, NotFound, StoreCorrupt, Waking
from cerebrum.fold import Audit, Fold, Progress, learn, observation_of
from cerebrum.mind import Mind, Pattern, TokenBits, Word
from cerebrum.saved import About, SavedMinds
from cerebrum.store import Entry, Store
from cerebrum.tokenizer import encode

SAVE_AFTER = 500  # records that make a snapshot worth its time
CAPABILITIES = ("idempotency", "cursor", "freeze", "observe", "score", "explain", "forget", "snapshot")
log = logging.getLogger(__name__)


def utc_now() -> str:
    """The moment, to the millisecond."""
    return datetime.now(timezone.utc).isoformat(timespec="milliseconds").replace("+00:00", "Z")


class Learner:
    """Answers, remembers, learns. ``new_mind`` makes the empty mind that the record is folded into."""

    def __init__(
        self,
        store: Store,
        saved: SavedMinds,
        new_mind: Callable[[], Mind],
        load_mind: Callable[[Path], Mind] = Mind.load,
        now: Callable[[], str] = utc_now,
    ) -> None:
        self.store, self.saved = store, saved
        self._new_mind, self._load_mind, self._now = new_mind, load_mind, now
        self._mind: Mind | None = None
        self._damage: StoreCorrupt | None = None
        self._saved_seq = self._failed = 0
        self._audit: Audit | None = Audit(store)
        self._fold: Fold | None = None

    # growing: waking, rebuilding, checking, saving

    @property
    def is_awake(self) -> bool:
        """Whether it can answer."""
        return self._mind is not None and self._damage is None

    @property
    def has_work(self) -> bool:
        """Whether there is something to do between requests."""
        return self._damage is None and not (self._mind and self._fold is None and self._audit is None)

    def advance(self, seconds: float) -> None:
        """Do a slice of what there is to do between requests."""
        try:
            if self._fold is None and self._mind is None:
                self._fold = self._begin_fold()
            elif self._fold is not None:
                if self._fold.advance(seconds):
                    self._take_over(self._fold)
            elif self._audit is not None and self._audit.advance(seconds):
                self._audit = None
        except StoreCorrupt as error:
            log.critical("record damaged detail=%s", error.detail)
            self._damage, self._fold, self._audit = error, None, None

    def wake(self) -> None:
        """Finish all there is to do between requests; StoreCorrupt if the record is damaged."""
        while self.has_work:
            self.advance(60.0)
        if self._damage is not None:
            raise self._damage

    def _begin_fold(self) -> Fold:
        for about, path in self.saved.find():
            if self._fits(about):
                try:
                    mind = self._load_mind(path)
                except Exception:
                    log.exception("snapshot passed over seq=%d reason=unreadable", about.seq)
                    continue
                self._saved_seq = max(self._saved_seq, about.seq)
                return Fold(self.store, mind, Verifier(bytes.fromhex(about.head), about.seq))
        return Fold(self.store, self._new_mind(), Verifier(self.store.genesis))

    def _fits(self, about: About) -> bool:
        record = self.store.record(about.seq)
        same = record is not None and record.head.hex() == about.head
        return same and not self.store.forgot_since(about.seq)

    def _take_over(self, fold: Fold) -> None:
        log.info("awake seq=%d replayed=%d", fold.seq, fold.seq - fold.started_at)
        self._mind, self._fold, self._failed = fold.mind, None, fold.failed
        if fold.started_at == 0:
            self._audit = None  # the fold has checked every record

    def save(self, at_least: int = 1) -> About | None:
        """Save the mind if ``at_least`` so many records came since the last time, and it is exact."""
        if not self.is_awake or self._fold is not None or self.store.seq - self._saved_seq < at_least:
            return None
        assert self._mind is not None
        try:
            about = self.saved.save(self._mind, self.store.seq, self.store.head, self.store.observations)
        except OSError as error:
            log.warning("snapshot not saved reason=%s", error)  # only the next start takes longer
            self._saved_seq = self.store.seq
            return None
        self._saved_seq = about.seq
        log.info("snapshot saved seq=%d", about.seq)
        return about

    def rest(self) -> None:
        """Use a quiet moment: empty the write-ahead log, and save the mind if many records came."""
        self.store.checkpoint()
        self.save(SAVE_AFTER)

    # conversing

    def exchange(
        self,
        heard: str,
        conversation: str = "",
        partner: str = "",
        key: str | None = None,
        frozen: bool = False,
    ) -> Exchange:
        """Answer ``heard``; unless ``frozen``, remember and learn it. The same ``key`` again gives the same answer.

        Raises KeyReused, Forgotten, Waking, StoreError; then nothing was remembered and nothing learned.
        """
        mind, body = self._awake(), digest_of(heard, conversation, partner)
        known = self._known(key, body)
        if known is not None and known.content is not None:
            return exchange_of(known, known.content, replayed=True)
        stage, reply, at = mind.stage, mind.respond(heard, conversation), self._now()
        notes = notes_on(stage, reply)
        if frozen:
            return Exchange(None, heard, reply.text, at, stage, why_of(notes))
        content = Content(conversation, heard, reply.text, partner, json.dumps(notes), body)
        [record] = self.store.append([Entry("exchange", at, content, key)])
        self._failed += not learn(mind, Observation(record.seq, conversation, heard, reply.text))
        log.info(
            "exchange seq=%d stage=%s kind=%s score=%.3f heard=%d said=%d",
            *(record.seq, stage, reply.kind, reply.score, len(heard), len(reply.text)),
        )
        return exchange_of(record, content)

    def observe(self, turns: Sequence[tuple[str, str]], conversation: str = "", key: str | None = None) -> Overheard:
        """Learn from a conversation between others: (speaker, text) in order. Raises as ``exchange`` does."""
        mind, body = self._awake(), digest_of(conversation, *(part for turn in turns for part in turn))
        known = self._known(key, body)
        if known is not None and known.content is not None:
            return Overheard(known.seq, known.seq + len(turns) - 1, replayed=True)
        at, conversation = self._now(), conversation or f"overheard:{self.store.seq + 1}"
        contents = [Content(conversation, text, None, speaker, body=body) for speaker, text in turns]
        keys = [key, *[None] * (len(turns) - 1)]
        records = self.store.append([Entry("overheard", at, c, k) for c, k in zip(contents, keys, strict=True)])
        for record in records:
            observation = observation_of(record)
            assert observation is not None
            self._failed += not learn(mind, observation)
        return Overheard(records[0].seq, records[-1].seq)

    def forget(self, seq: int) -> Cursor:
        """Delete observation ``seq``: gone at once, exactly unlearned when the rebuild has caught up."""
        mind = self._awake()
        self.store.forget(seq, self._now())
        mind.forget(seq)
        self.saved.drop_from(seq)
        if self._audit is not None:
            self._audit.begin_again()
        if self._fold is not None and self._fold.seq < seq:
            self._fold.begin_again_from_here()
        else:
            self._saved_seq = 0
            self._fold = self._begin_fold()
        return self.cursor

    # looking in

    @property
    def cursor(self) -> Cursor:
        """Where the record ends."""
        return Cursor(self.store.epoch, self.store.seq, self.store.head.hex())

    def status(self) -> Status:
        """How it is; answers while waking, too."""
        state = "ok" if self._fold is None else "rebuilding"
        if self._mind is None:
            state = "waking"
        if self._damage is not None:
            state = "damaged"
        return Status(
            state=state,
            stage=self._mind.stage if self._mind else "listening",
            exchanges=self.store.exchanges,
            observations=self.store.observations,
            forgotten=self.store.forgotten,
            not_learned=self._failed,
            cursor=self.cursor,
            measurements=self._mind.measurements() if self._mind else {},
            progress=self._fold.progress if self._fold else None,
            checked=self._audit.progress if self._audit else None,
            problem=self._damage.detail if self._damage else "",
        )

    def recorded(self, key: str) -> Exchange:
        """The exchange made under ``key``; NotFound if it was never applied, Forgotten if it was deleted."""
        record = self.store.recorded(key)
        if record is None:
            raise NotFound(f"nothing was ever applied under the key {key!r}", remedy="send it with POST /api/chat")
        return exchange_of(record, remembered(record), replayed=True)

    def explain(self, seq: int) -> Explanation:
        """Where the words of the answer in exchange ``seq`` came from; NotFound, Forgotten."""
        record = self.store.record(seq)
        if record is None or record.kind != "exchange":
            raise NotFound(f"there is no exchange {seq}", remedy="GET /api/observations lists what was heard")
        exchange = exchange_of(record, remembered(record))
        return Explanation(exchange, tuple(self._origins(exchange)))

    def _origins(self, exchange: Exchange) -> Iterable[Origin]:
        sources: Sequence[Mapping[str, int]] = exchange.why["sources"]
        texts = {source["seq"]: self._text(source["seq"]) for source in sources}
        for place, token in enumerate(encode(exchange.said)):
            seqs = [s["seq"] for s in sources if s["start"] <= place < s["end"]]
            yield Origin(token, tuple((seq, texts[seq]) for seq in dict.fromkeys(seqs)))

    def _text(self, seq: int) -> str | None:
        record = self.store.record(seq)
        return record.content.heard if record and record.content else None

    def observations(self, query: str = "", limit: int = 100, before: int | None = None) -> list[Record]:
        """What was heard, newest first."""
        return self.store.search(query, limit, before)

    def score(self, text: str, context: Sequence[str] = ()) -> list[TokenBits]:
        """How surprising each token of ``text`` would be, in bits."""
        return self._awake().score(text, context)

    def vocabulary(self, query: str = "", limit: int = 100) -> list[Word]:
        """Words heard."""
        return self._awake().vocabulary(query, limit)

    def patterns(self, limit: int = 100) -> list[Pattern]:
        """Frequent patterns."""
        return self._awake().patterns(limit)

    def copy_to(self, path: Path) -> Cursor:
        """Write the whole record into one file that ``cerebrum restore`` takes."""
        self.store.copy_to(path)
        return self.cursor

    def state_hash(self) -> str:
        """The hash of everything that can influence what is said later."""
        return self._awake().state_hash()

    def close(self) -> None:
        """Save the mind if that is worth it, and close the record."""
        self.save()
        self.store.close()

    def _awake(self) -> Mind:
        if self._damage is not None:
            raise self._damage
        if self._mind is None:
            done = self._fold.progress if self._fold else Progress(0, self.store.seq)
            detail = f"the mind is being rebuilt from its record: {done.learned} of {done.of}"
            raise Waking(detail, remedy="ask again in a moment; /api/status shows the progress")
        return self._mind

    def _known(self, key: str | None, body: str) -> Record | None:
        record = self.store.recorded(key) if key is not None else None
        if record is not None and remembered(record).body != body:
            raise KeyReused(f"the key {key!r} was used with another body", remedy="make a new key for a new request")
        return record
