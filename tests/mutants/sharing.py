"""Mutants of what many sessions share: one record, its transactions, the leases on learners."""

from __future__ import annotations

from .mutant import Edit, Mutant

MIDDLEWARE = "llm_trainer/middleware/"
STORE, STATEMENTS, WRITING = MIDDLEWARE + "store.py", MIDDLEWARE + "statements.py", MIDDLEWARE + "writing.py"


def sharing(name: str, promise: str, chosen: str, *edits: Edit) -> Mutant:
    """A mutant that the record's own tests must notice, on SQLite."""
    test = ("pytest", "-q", "-x", "tests/middleware/test_store.py", "-k", f"{chosen} and not postgresql")
    return Mutant(name, promise, "llm-trainer", edits, test)


MUTANTS = (
    sharing(
        "a lease taken over, and its old holder writes on",
        "P6",
        "old_holder",
        (STATEMENTS, "_MINE = (sessions.c.id == bindparam(\"the_id\"), sessions.c.fence == bindparam(\"the_fence\"))",
         "_MINE = (sessions.c.id == bindparam(\"the_id\"), bindparam(\"the_fence\") == bindparam(\"the_fence\"))"),
    ),
    sharing(
        "what one session wrote wrongly is told to the world",
        "P1",
        "wrongly",
        (STORE, "            if session_id is None or session_id not in refused:\n", "            if True:\n"),
    ),
    sharing(
        "a write that changed nothing taken for done",
        "P1",
        "old_holder",
        (WRITING, "        if changed != len(rows) and _must_change_one(statement):\n", "        if False:\n"),
    ),
    sharing(
        "written on after an unconfirmed write",
        "P3",
        "unconfirmed",
        (STORE, "        if self._unsafe is not None:\n            raise self._unsafe\n", ""),
    ),
)  # fmt: skip
