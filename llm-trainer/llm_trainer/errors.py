"""Everything that may go wrong at a boundary, in one tree.

    TrainerError
    ├── SettingsError        500  the configuration cannot be used; ends a start with exit code 2
    ├── RequestError         422  the caller's request makes no sense
    │   ├── UtteranceError   422  the text cannot be said
    │   ├── NotFound         404  nothing here goes by that name
    │   └── Conflict         409  right request, wrong moment
    │       ├── SessionActive     a session is running, or teaches this learner already
    │       ├── TooManySessions   as many run as may
    │       └── LeaseLost         another middleware has taken the session over
    ├── StoreError           503  the record cannot be read or written
    │   ├── StoreLocked           another program has it open
    │   ├── StoreCorrupt          it is damaged
    │   ├── StoreInDoubt          the connection broke; whether the last write was kept will be found out
    │   └── StoreUnsafe           the disk did not confirm a write; the process must end
    └── PeerError                 one of the services we call
        ├── PeerUnreachable  503  nobody answered the door
        ├── PeerBusy         503  answered, but cannot serve now
        ├── PeerTimeout      504  did not answer in time
        ├── PeerAnswerInvalid 502 answered something that cannot be understood
        └── PeerRefused      502  understood us and said no
            └── ModelMissing 503  it does not have the model that it was asked for

A bug is not in the tree. Each message names the thing, the value and the remedy.
"""

from __future__ import annotations


class TrainerError(Exception):
    """Root of the tree. ``status`` is the HTTP status, ``code`` the stable name callers may rely on."""

    status = 500
    code = "error"
    title = "Something went wrong"

    def __init__(self, detail: str, *, remedy: str = "", **extra: object) -> None:
        super().__init__(detail)
        self.detail = detail
        self.remedy = remedy
        self.extra = extra

    def problem(self) -> dict[str, object]:
        """The RFC 9457 problem document of this error."""
        document: dict[str, object] = {
            "type": f"urn:llm-trainer:problem:{self.code}",
            "title": self.title,
            "status": self.status,
            "code": self.code,
            "detail": self.detail,
        }
        if self.remedy:
            document["remedy"] = self.remedy
        return document | self.extra


class SettingsError(TrainerError):
    """The configuration cannot be used."""

    code, title = "settings", "The settings cannot be used"


class RequestError(TrainerError):
    """The caller's request makes no sense."""

    status, code, title = 422, "invalid-request", "The request cannot be understood"


class UtteranceError(RequestError):
    """The text cannot be said."""

    code, title = "invalid-utterance", "The text cannot be said"


class NotFound(RequestError):
    """Nothing here goes by that name."""

    status, code, title = 404, "not-found", "Not found"


class Conflict(RequestError):
    """The request is right, the moment is not."""

    status, code, title = 409, "conflict", "Not possible now"


class SessionActive(Conflict):
    """A session is running or stopping."""

    code, title = "session-active", "A session is running"


class TooManySessions(Conflict):
    """As many sessions run as may."""

    code, title = "too-many-sessions", "Too many sessions are running"


class LeaseLost(Conflict):
    """Another middleware has taken the session over."""

    code, title = "lease-lost", "The session goes on elsewhere"


class StoreError(TrainerError):
    """The record cannot be read or written."""

    status, code, title = 503, "store", "The record cannot be read or written"


class StoreLocked(StoreError):
    """Another program has the record open."""

    code, title = "store-locked", "The record is in use"


class StoreCorrupt(StoreError):
    """The record is damaged."""

    code, title = "store-corrupt", "The record is damaged"


class StoreInDoubt(StoreError):
    """The connection to the record broke; whether the last transaction was kept is found out when it is back."""

    code, title = "store-in-doubt", "The connection to the record broke"


class StoreUnsafe(StoreError):
    """The disk did not confirm a write, so nobody knows what is on it; never retried."""

    code, title = "store-unsafe", "The disk did not confirm a write"


class PeerError(TrainerError):
    """One of the services we call failed us; ``peer`` names it."""

    status, code, title = 502, "peer", "A service failed"

    def __init__(self, detail: str, *, peer: str, remedy: str = "", **extra: object) -> None:
        super().__init__(detail, remedy=remedy, peer=peer, **extra)
        self.peer = peer


class PeerUnreachable(PeerError):
    """Nobody answered the door."""

    status, code, title = 503, "peer-unreachable", "A service cannot be reached"


class PeerBusy(PeerError):
    """Answered, but cannot serve now; ``retry_after_seconds`` says when to come back, if it did."""

    status, code, title = 503, "peer-busy", "A service is busy"

    def __init__(self, detail: str, *, peer: str, remedy: str = "", retry_after_seconds: float | None = None) -> None:
        super().__init__(detail, peer=peer, remedy=remedy)
        self.retry_after_seconds = retry_after_seconds


class PeerTimeout(PeerError):
    """Did not answer in time."""

    status, code, title = 504, "peer-timeout", "A service did not answer in time"


class PeerAnswerInvalid(PeerError):
    """Answered something that cannot be understood."""

    status, code, title = 502, "peer-answer-invalid", "A service gave an answer that cannot be used"


class PeerRefused(PeerError):
    """Understood us and said no; asking again would not help."""

    status, code, title = 502, "peer-refused", "A service refused"


class ModelMissing(PeerRefused):
    """It does not have the model that it was asked for; the remedy says how to get it."""

    status, code, title = 503, "model-missing", "The model is not there"
