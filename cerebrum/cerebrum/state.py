"""A mind on disk, and its fingerprint: a nested dictionary of JSON values and arrays. Never pickle."""

from __future__ import annotations

import hashlib
import json
import zipfile
from pathlib import Path
from typing import Any

import numpy as np

State = dict[str, Any]
"""What a part of the mind writes down: JSON values and arrays, in dictionaries."""

_PLAIN = "state"
_ARRAY = "\x00array"


def write(state: State, path: Path) -> None:
    """Write a state to a file that ``read`` reads back, arrays bit for bit."""
    plain, arrays = _take_apart(state)
    text = np.frombuffer(json.dumps(plain, ensure_ascii=False).encode("utf-8", "surrogatepass"), np.uint8)
    with path.open("wb") as file:
        np.savez(file, **{_PLAIN: text, **{f"array{k}": array for k, array in enumerate(arrays)}})


def read(path: Path) -> State:
    """Read a state that ``write`` wrote.

    Raises ``OSError`` or ``ValueError`` when the file cannot be read or is not a snapshot.
    """
    try:
        with np.load(path, allow_pickle=False) as file:
            plain = json.loads(file[_PLAIN].tobytes().decode("utf-8", "surrogatepass"))
            arrays = [file[f"array{k}"] for k in range(len(file.files) - 1)]
    except (ValueError, KeyError, EOFError, zipfile.BadZipFile) as error:
        raise ValueError(f"{path} holds no mind; remove it, and the mind is rebuilt from its record") from error
    state: State = _put_together(plain, arrays)
    return state


def digest(state: State) -> str:
    """Return the sha256, in hex, of everything in a state; the order of dictionaries counts."""
    plain, arrays = _take_apart(state)
    found = hashlib.sha256(json.dumps(plain, ensure_ascii=True, separators=(",", ":")).encode())
    for array in arrays:
        found.update(f"{array.dtype.str}{array.shape}".encode())
        found.update(np.ascontiguousarray(array).tobytes())
    return found.hexdigest()


def _take_apart(state: Any) -> tuple[Any, list[Any]]:
    arrays: list[Any] = []

    def walk(value: Any) -> Any:
        if isinstance(value, np.ndarray):
            arrays.append(value)
            return {_ARRAY: len(arrays) - 1}
        if isinstance(value, dict):
            return {key: walk(one) for key, one in value.items()}
        return value

    return walk(state), arrays


def _put_together(plain: Any, arrays: list[Any]) -> Any:
    if isinstance(plain, dict):
        if _ARRAY in plain:
            return arrays[plain[_ARRAY]]
        return {key: _put_together(one, arrays) for key, one in plain.items()}
    return plain
