"""Finds in the sources every await that could last for ever by itself."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ENDLESS = frozenset(
    {"wait", "get", "put", "join", "acquire", "gather", "shield", "to_thread", "run_in_executor", "communicate"}
    | {"read", "readline", "readexactly", "readuntil", "aread", "drain", "recv", "receive", "wait_closed"}
    | {"open_connection", "open_unix_connection", "connect", "start_tls"}
)
"""Names of what waits for somebody else: a socket, a thread, another task."""
BOUNDING = frozenset({"fail_after", "move_on_after", "fail_at", "move_on_at", "timeout", "timeout_at"})


@dataclass(frozen=True)
class Wait:
    """One await without a deadline of its own, by file, function and name of what is awaited."""

    file: str
    function: str
    name: str

    def __str__(self) -> str:
        return f"{self.file}: {self.function}: {self.name}"


def endless_waits(package: Path) -> list[Wait]:
    """Those in all files of a package."""
    found = []
    for file in sorted(package.rglob("*.py")):
        tree = ast.parse(file.read_text("utf-8"))
        found += [Wait(file.relative_to(package).as_posix(), *place) for place in _in(tree, "", bounded=False)]
    return found


def _in(node: ast.AST, function: str, *, bounded: bool) -> Iterator[tuple[str, str]]:
    if isinstance(node, (ast.AsyncFunctionDef, ast.FunctionDef)):
        function, bounded = node.name, False
    if isinstance(node, (ast.With, ast.AsyncWith)):
        bounded = bounded or any(_named(item.context_expr) in BOUNDING for item in node.items)
    if isinstance(node, ast.Await) and not bounded and _named(node.value) in ENDLESS and not _has_timeout(node.value):
        yield function, _named(node.value)
    for child in ast.iter_child_nodes(node):
        yield from _in(child, function, bounded=bounded)


def _named(node: ast.AST) -> str:
    """The last name of what is called; "" of the record's ``read``, which has its deadline in the database."""
    if not isinstance(node, ast.Call):
        return ""
    called = node.func
    if isinstance(called, ast.Attribute):
        return "" if called.attr == "read" and _ends(called.value).endswith("record") else called.attr
    return _ends(called)


def _ends(node: ast.AST) -> str:
    """The last part of a dotted name."""
    return node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""


def _has_timeout(node: ast.AST) -> bool:
    return isinstance(node, ast.Call) and any(word.arg == "timeout" for word in node.keywords)
