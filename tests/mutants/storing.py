"""Mutants of what both programs put on disk, and of what may be asked while nothing else answers."""

from __future__ import annotations

from .mutant import Edit, Mutant
from .teaching import MIDDLEWARE, tests, trainer


def learner(name: str, promise: str, *edits: Edit, test: tuple[str, ...]) -> Mutant:
    """A mutant of CEREBRUM."""
    return Mutant(name, promise, "cerebrum", edits, test)


_EXPORT, _READY = MIDDLEWARE + "export.py", "async def readyz(parts: Wired) -> JSONResponse:\n"
_DOC = '    """Whether a session could be taught, as last seen."""\n'

MUTANTS = (
    trainer(
        "the record's writes unconfirmed (synchronous NORMAL)",
        "P2",
        (MIDDLEWARE + "database.py", '    "synchronous=FULL",\n', '    "synchronous=NORMAL",\n'),
        test=tests("faults/test_power.py", "power_lost"),
    ),
    learner(
        "the mind's writes unconfirmed (synchronous NORMAL)",
        "P2",
        ("cerebrum/database.py", '"synchronous=FULL"', '"synchronous=NORMAL"'),
        test=tests("faults/test_power.py", "power_lost"),
    ),
    trainer(
        "going on after a sync that failed",
        "P3",
        (MIDDLEWARE + "store.py", "            self._on_unsafe(error)\n", ""),
        test=tests("middleware/test_store.py", "unconfirmed and not postgresql"),
    ),
    learner(
        "no dedupe",
        "P1",
        (
            "cerebrum/learner.py",
            "record = self.store.recorded(key) if key is not None else None",
            "record = self.store.recorded(key) if key is None else None",
        ),
        test=tests("test_learner.py", "repeated_request"),
    ),
    learner(
        "the chain unchecked",
        "P8",
        ("cerebrum/chain.py", "if record.head != link(self.head, record):", "if record.head == b'':"),
        test=tests("test_chain.py", "changed_record"),
    ),
    trainer(
        "the export's folder not synced",
        "P9",
        (_EXPORT, "            os.fsync(folder)\n", "            pass\n"),
        test=tests("middleware/test_export_order.py", "disk"),
    ),
    trainer(
        "the export named before it is on disk",
        "P9",
        (_EXPORT, "    file.flush()\n    os.fsync(file.fileno())\n", "    file.flush()\n"),
        test=tests("middleware/test_export_order.py", "disk"),
    ),
    trainer(
        "health asks both ends",
        "P12",
        (MIDDLEWARE + "routes/service.py", _READY + _DOC, _READY + _DOC + "    await parts.monitor.learner.look()\n"),
        test=tests("middleware/test_health.py", "health"),
    ),
)
