"""P26: each deliberate fault is noticed by the test that is there for it."""

from __future__ import annotations

import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.places import ROOT, python_of
from tests.promises import Figure

from .catalogue import MUTANTS
from .mutant import Mutant, Verdict, copied, tried

AT_ONCE = 2


def here() -> list[Mutant]:
    """Those of the projects that are here."""
    return [mutant for mutant in MUTANTS if Path(python_of(mutant.project)).exists()]


@pytest.mark.slow
@pytest.mark.timeout(1800)
@pytest.mark.promise("P26")
@pytest.mark.skipif(not here(), reason="run_tests.py has not made the environments")
def test_every_mutant_is_caught(tmp_path: Path, figure: Figure) -> None:
    began = time.monotonic()
    with ThreadPoolExecutor(AT_ONCE) as pool:
        shares = pool.map(
            _try_all, [here()[n::AT_ONCE] for n in range(AT_ONCE)], [tmp_path / str(n) for n in range(AT_ONCE)]
        )
        verdicts = [verdict for share in shares for verdict in share]

    caught = [verdict for verdict in verdicts if verdict.outcome == "caught"]
    figure("P26", mutants=len(verdicts), caught=len(caught), seconds=round(time.monotonic() - began))
    assert [verdict.mutant.name for verdict in verdicts if verdict.outcome != "caught"] == []


def _try_all(mutants: list[Mutant], folder: Path) -> list[Verdict]:
    """One after another in one copy of each project."""
    folder.mkdir()
    copies = {name: copied(name, folder) for name in sorted({mutant.project for mutant in mutants})}
    verdicts = []
    for mutant in mutants:
        verdicts.append(tried(mutant, copies[mutant.project]))
        _say(verdicts[-1])
    return verdicts


def _say(verdict: Verdict) -> None:
    line = f"{verdict.outcome:8} {verdict.seconds:5.1f} s  {verdict.mutant.promise:4} {verdict.mutant.name}\n"
    sys.stdout.write(line + ("" if verdict.outcome == "caught" else f"{verdict.told}\n"))
    sys.stdout.flush()


def test_every_mutant_replaces_what_is_there_and_names_a_test_that_exists() -> None:
    for mutant in MUTANTS:
        folder = ROOT / mutant.project
        if not folder.exists():
            continue
        for name, old, new in mutant.edits:
            assert (folder / name).read_text("utf-8").count(old) == 1, f"{mutant.name}: {name}: {old}"
            assert new != old, mutant.name
        for part in mutant.test:
            if part.startswith("tests/"):
                assert (folder / part.split("::")[0]).exists(), part
