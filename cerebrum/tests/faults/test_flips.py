"""The mind is what its record says: a saved one plus the rest, the whole replayed, and after any single flipped bit."""

from __future__ import annotations

import random
import shutil
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

from cerebrum.errors import StoreError
from cerebrum.learner import Learner
from cerebrum.mind import Mind
from cerebrum.saved import SavedMinds
from cerebrum.store import Store
from tests.stand_in import Parrot

WORDS = ("the", "my", "dog", "cat", "tea", "milk", "house", "rain", "likes", "sees", "is", "was", "not", "who", "when")


def opened(folder: Path, mind: Any = Mind) -> Learner:
    store, saved = Store(folder / "mind.sqlite3"), SavedMinds(folder / "saved", "tests")
    return Learner(store, saved, mind, mind.load, now=lambda: "now")


def sentence(chance: random.Random) -> str:
    return " ".join(chance.choices(WORDS, k=chance.randrange(1, 9))).capitalize() + chance.choice(".?!")


def live(learner: Learner, chance: random.Random, steps: int) -> None:
    """Talk, overhear, delete and save at random."""
    for _ in range(steps):
        what = chance.random()
        if what < 0.75:
            number = learner.store.seq
            learner.exchange(sentence(chance), f"c{chance.randrange(3)}", key=f"k{number}")
        elif what < 0.85:
            learner.observe([("a", sentence(chance)), ("b", sentence(chance))])
        elif what < 0.92 and learner.store.observations > 3:
            known = [record.seq for record in learner.store.records() if record.content]
            learner.forget(chance.choice(known))
            learner.wake()
        else:
            learner.save()


def hash_of(folder: Path) -> str:
    """The mind that a start makes of the files there."""
    learner = opened(folder)
    try:
        learner.wake()
        return learner.state_hash()
    finally:
        learner.store.close()


def copied(source: Path, target: Path, names: Iterable[str] = ()) -> Path:
    """A copy of all files as they are now, as a killed process leaves them."""
    shutil.rmtree(target, ignore_errors=True)
    shutil.copytree(source, target, ignore=shutil.ignore_patterns(*names))
    return target


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.promise("P8")
def test_a_saved_mind_and_the_rest_make_the_mind_that_the_whole_record_makes(tmp_path, figure, scale) -> None:
    histories, wrong, places = scale(4, 200), [], 0
    for seed in range(histories):
        chance = random.Random(seed)
        learner = opened(tmp_path / str(seed))
        learner.wake()
        for _ in range(3):
            live(learner, chance, chance.randrange(2, 9))
            truth, places = learner.state_hash(), places + 1
            killed = hash_of(copied(learner.store.path.parent, tmp_path / "killed"))
            replayed = hash_of(copied(learner.store.path.parent, tmp_path / "replayed", ["saved"]))
            wrong += [seed] if {killed, replayed} != {truth} else []
        learner.close()
        shutil.rmtree(tmp_path / str(seed))
    figure("P8", histories=histories, kill_points=places, unequal=len(wrong))

    assert wrong == []


def outcome(folder: Path, mind: Any, truth: tuple[object, ...], changed: str) -> str:
    """What a start makes of files with a flipped bit."""
    try:
        learner = opened(folder, mind)
    except StoreError as error:
        return "refused" if "mind.sqlite3" in error.detail and error.remedy else f"no place: {error.detail}"
    try:
        learner.wake()
        found = seen(learner)
    except StoreError as error:
        return "refused" if "record" in error.detail and error.remedy else f"no place: {error.detail}"
    finally:
        learner.store.close()
    if found == truth:
        return "without effect"
    if changed.endswith("-wal") and found[1] == truth[1][:-1] and found[0] == truth[0]:
        return "last write taken for a torn one"
    return "SILENTLY WRONG"


def seen(learner: Learner) -> tuple[object, ...]:
    """Everything that a start gives back: who it is, all records, and the mind unless that follows from them."""
    store = learner.store
    return (store.epoch, store.genesis), list(store.records()), learner.state_hash(), store.exchanges


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.promise("P8")
@pytest.mark.parametrize(("mind", "short", "full"), [(Parrot, 400, 4_000), (Mind, 40, 1_000)])
def test_a_flipped_bit_is_refused_with_its_place_or_has_no_effect(tmp_path, figure, scale, mind, short, full) -> None:
    flips, chance, found, wrong = scale(short, full), random.Random(8), Counter[str](), []
    learner = opened(tmp_path / "live", mind)
    learner.wake()
    live(learner, random.Random(5), 14)
    learner.save()
    live(learner, random.Random(6), 6)
    learner.exchange("The end.", key="end")
    truth = seen(learner)
    crashed = copied(tmp_path / "live", tmp_path / "crashed")
    learner.store.close()
    clean = copied(tmp_path / "live", tmp_path / "clean")
    for _ in range(flips):
        source = chance.choice((clean, crashed))
        names = sorted(path.relative_to(source) for path in source.rglob("*") if path.is_file())
        folder, name = copied(source, tmp_path / "flipped"), chance.choice(names)
        whole = bytearray((folder / name).read_bytes())
        place, bit = chance.randrange(len(whole)), chance.randrange(8)
        whole[place] ^= 1 << bit
        (folder / name).write_bytes(whole)
        result = outcome(folder, mind, truth, name.name)
        found[result] += 1
        if result not in ("refused", "without effect", "last write taken for a torn one"):
            wrong.append(f"{source.name}/{name} byte {place} bit {bit}: {result}")
    figure(
        "P8",
        mind=mind.__name__,
        flips=flips,
        **{name.replace(" ", "_"): number for name, number in sorted(found.items())},
    )

    assert wrong == []
    assert found["refused"] > flips / 20
