"""What a database's exceptions mean to us: wait, give up, end at once, or find out first."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from llm_trainer.errors import StoreCorrupt, StoreError, StoreInDoubt, StoreLocked, StoreUnsafe

MENDING = (
    "`python middleware.py verify` names all that is damaged, `python middleware.py repair` keeps what is "
    "provably good; or move it away to begin anew"
)
"""What can be done about a damaged record."""
_LOCKED, _CORRUPT, _NOT_A_DATABASE = 5, 11, 26
_SYNC_FAILED = {1034, 1290}  # SQLITE_IOERR_FSYNC, SQLITE_IOERR_DIR_FSYNC


@contextmanager
def translated(place: str) -> Iterator[None]:
    """Turn the database's exceptions into ours."""
    try:
        yield
    except DBAPIError as error:
        if error.connection_invalidated:
            remedy = "it is tried again until the server is back; nothing is lost"
            raise StoreInDoubt(f"{place}: the connection broke: {_first_line(error.orig)}", remedy=remedy) from error
        raise _ours(error.orig, place) from error
    except sqlite3.Error as error:
        raise _ours(error, place) from error
    except (SQLAlchemyError, OSError) as error:
        raise StoreError(f"{place}: {error}", remedy="see the service's log") from error


def _ours(error: BaseException | None, place: str) -> StoreError:
    if not isinstance(error, sqlite3.Error):
        return _servers(error, place)
    code = getattr(error, "sqlite_errorcode", 0)
    said = str(error).lower()
    if code in _SYNC_FAILED or (code == 0 and "disk i/o error" in said):  # Python 3.10 does not tell which
        return StoreUnsafe(f"{place}: the disk did not confirm a write", remedy="check the disk, then start again")
    if code & 0xFF == _LOCKED or "locked" in said:
        remedy = "stop the other middleware, or give this one another data_dir"
        return StoreLocked(f"{place} is in use by another program", remedy=remedy)
    if code & 0xFF in (_CORRUPT, _NOT_A_DATABASE) or "malformed" in said or "not a database" in said:
        return StoreCorrupt(f"{place} is damaged: {error}", remedy=MENDING)
    return StoreError(f"{place}: {error}", remedy="make room on the disk or mend its permissions; nothing is lost")


def _servers(error: BaseException | None, place: str) -> StoreError:
    remedy = "see that the database server runs, may be reached and has room; nothing is lost"
    return StoreError(f"{place}: {_first_line(error)}", remedy=remedy)


def _first_line(error: BaseException | None) -> str:
    """What a server said without the query and the hints that drivers put beneath."""
    return next(iter(str(error).splitlines()), "no reason given")[:300]
