"""A model's state as named arrays: what a saved mind stores and its fingerprint covers."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

State = dict[str, NDArray[Any]]
"""Named arrays, ready for ``numpy.savez``."""


def nest(**parts: State) -> State:
    """Join states under ``part.name``."""
    return {f"{part}.{name}": array for part, state in parts.items() for name, array in state.items()}


def part(state: Mapping[str, NDArray[Any]], name: str) -> State:
    """Return what ``nest`` put under ``name``."""
    return {key[len(name) + 1 :]: array for key, array in state.items() if key.startswith(f"{name}.")}


def integers(values: Iterable[int]) -> NDArray[Any]:
    """Return integers as an array of 64 bits."""
    return np.fromiter(values, dtype=np.int64)


def text(strings: Sequence[str]) -> NDArray[Any]:
    """Return strings, of whatever characters, as bytes."""
    return np.frombuffer(json.dumps(list(strings)).encode(), dtype=np.uint8)


def strings(array: NDArray[Any]) -> list[str]:
    """Return what ``text`` was given."""
    found: list[str] = json.loads(array.tobytes())
    return found
