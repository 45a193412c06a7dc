"""Everything that may go wrong at a boundary, in one tree.

    CerebrumError
    ├── SettingsError         500  the settings cannot be used; ends a start with exit code 2
    ├── RequestError          422  the caller's request makes no sense
    │   ├── UtteranceError    422  the text cannot be heard
    │   ├── KeyReused         422  an idempotency key came back with another body
    │   ├── NotFound          404  nothing here goes by that name
    │   ├── Forgotten         410  it was here, and was deleted on request
    │   └── KeyInFlight       409  the same request is being answered right now
    ├── NotNow                503  the request is right, the moment is not
    │   ├── Waking                 the mind is still being rebuilt from the record
    │   ├── Busy                   too many requests are waiting
    │   └── Closing                the service is going down
    └── StoreError            503  the record cannot be read or written
        ├── StoreLocked            another process has it open; exit code 75
        ├── StoreCorrupt           it does not say what was written; names the place
        └── StoreUnsafe            a sync failed: nothing can be promised any more; exit code 74

A bug is not in the tree. Each message names the thing, the value and the remedy.
"""

from __future__ import annotations

MENDING = (
    "`cerebrum verify` names all that is damaged, `cerebrum repair` keeps what is provably good, "
    "`cerebrum restore FILE` puts a copy in its place"
)
"""What can be done about a damaged record."""


class CerebrumError(Exception):
    """Root of the tree. ``status`` is the HTTP status, ``code`` the stable name that callers may rely on."""

    status = 500
    code = "error"
    title = "Something went wrong"
    exit_code = 1
    retry_after_seconds: int | None = None

    def __init__(self, detail: str, *, remedy: str = "", **extra: object) -> None:
        super().__init__(detail)
        self.detail = detail
        self.remedy = remedy
        self.extra = extra

    def problem(self) -> dict[str, object]:
        """The RFC 9457 problem document of this error."""
        document: dict[str, object] = {
            "type": f"urn:cerebrum:problem:{self.code}",
            "title": self.title,
            "status": self.status,
            "code": self.code,
            "detail": self.detail,
        }
        if self.remedy:
            document["remedy"] = self.remedy
        return document | self.extra


class SettingsError(CerebrumError):
    """The settings cannot be used."""

    code, title, exit_code = "settings", "The settings cannot be used", 2


class RequestError(CerebrumError):
    """The caller's request makes no sense."""

    status, code, title = 422, "invalid-request", "The request cannot be understood"


class UtteranceError(RequestError):
    """The text cannot be heard."""

    code, title = "invalid-utterance", "The text cannot be heard"


class KeyReused(RequestError):
    """An idempotency key came back with another body."""

    code, title = "key-reused", "The key belongs to another request"


class NotFound(RequestError):
    """Nothing here goes by that name."""

    status, code, title = 404, "not-found", "Not found"


class Forgotten(RequestError):
    """It was here, and was deleted on request."""

    status, code, title = 410, "forgotten", "Deleted on request"


class KeyInFlight(RequestError):
    """The same request is being answered right now."""

    status, code, title, retry_after_seconds = 409, "key-in-flight", "The same request is being answered", 1


class NotNow(CerebrumError):
    """The request is right, the moment is not. Nothing was learned."""

    status, code, title, retry_after_seconds = 503, "not-now", "Not possible now", 1


class Waking(NotNow):
    """The mind is still being rebuilt from the record."""

    code, title = "waking", "The mind is waking"


class Busy(NotNow):
    """Too many requests are waiting."""

    code, title = "busy", "Too many requests are waiting"


class Closing(NotNow):
    """The service is going down."""

    code, title = "closing", "The service is going down"


class StoreError(CerebrumError):
    """The record cannot be read or written. Nothing was learned."""

    status, code, title, retry_after_seconds = 503, "store", "The record cannot be read or written", 5


class StoreLocked(StoreError):
    """Another process has the record open."""

    title, exit_code = "Another process has the record open", 75


class StoreCorrupt(StoreError):
    """The record does not say what was written."""

    code, title, exit_code = "store-corrupt", "The record is damaged", 65


class StoreUnsafe(StoreError):
    """A sync to disk failed: what is on it is unknown until the record is opened again."""

    code, title, exit_code = "store-unsafe", "The disk did not confirm a write", 74
