"""What our own code does and does not: read as a syntax tree, never run.

A name that does not stand in a file's text does not stand in its tree, so only files that name anything looked for are
parsed. (Python takes letters of the same look for each other, as NFKC does; so does the search.)
"""

from __future__ import annotations

import ast
import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

LEARNER_PACKAGE = "cerebrum"
RUNS_TEXT = frozenset({"eval", "exec", "compile", "__import__"})
RUNS_PROGRAMS = frozenset({"system", "popen", "Popen", "run", "call", "check_call", "check_output", "execv", "execve"})
UNSAFE_MODULES = frozenset({"pickle", "marshal", "shelve", "dill", "yaml"})
OPENS_SOCKETS = frozenset(
    {"socket.socket", "socket.create_connection", "asyncio.open_connection", "asyncio.open_unix_connection"}
)
NETWORK_MODULES = frozenset(
    {"http.client", "urllib.request", "httpx", "httpx2", "requests", "aiohttp", "ollama", "openai"}
)
_NAMED = re.compile(
    "|".join(
        rf"\b{re.escape(name)}\b"
        for name in sorted(
            {LEARNER_PACKAGE, "os", "subprocess", "socket", "asyncio"}
            | RUNS_TEXT
            | UNSAFE_MODULES
            | {name.split(".")[0] for name in NETWORK_MODULES}
        )
    )
)


@dataclass(frozen=True)
class Place:
    """Something found in the source."""

    file: str
    line: int
    what: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line} {self.what}"


@dataclass(frozen=True)
class Module:
    """One file, read. ``folder``: that of the package in which it lies, empty for the package itself.

    ``nodes``: its tree, empty where nothing that is looked for is named.
    """

    file: str
    folder: str
    nodes: tuple[ast.AST, ...]


def read(package: Path) -> list[Module]:
    """The Python files of a package."""
    found = []
    for path in sorted(package.rglob("*.py")):
        within = path.relative_to(package).parts
        found.append(Module(path.name, within[0] if len(within) > 1 else "", _nodes(path)))
    return found


def _nodes(path: Path) -> tuple[ast.AST, ...]:
    text = path.read_text("utf-8")
    plain = text if text.isascii() else unicodedata.normalize("NFKC", text)
    return tuple(ast.walk(ast.parse(text, str(path)))) if _NAMED.search(plain) else ()


def imports_of(modules: Iterable[Module], package: str) -> list[Place]:
    """Where ``package``, or a part of it, is imported."""
    return [each for module in modules for each in _imports(module) if _is_of(each.what, package)]


def network_doors(modules: Iterable[Module], known: frozenset[str]) -> list[Place]:
    """Where the network is reached, other than in the files named ``known``: modules imported, sockets opened."""
    found = []
    for module in modules:
        if module.file in known:
            continue
        found += [each for each in _imports(module) if any(_is_of(each.what, name) for name in NETWORK_MODULES)]
        for node in module.nodes:
            if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
                called = f"{node.value.id}.{node.attr}"
                found += [Place(module.file, node.lineno, called)] if called in OPENS_SOCKETS else []
    return found


def dangers(modules: Iterable[Module]) -> list[Place]:
    """Where text could become code, or another program be started, or unsafe data be read."""
    found = []
    for module in modules:
        found += [each for each in _imports(module) if each.what.split(".")[0] in UNSAFE_MODULES]
        for node in module.nodes:
            if isinstance(node, ast.Call) and (name := _danger(node)):
                found.append(Place(module.file, node.lineno, name))
    return found


def _danger(call: ast.Call) -> str:
    function = call.func
    if isinstance(function, ast.Name) and function.id in RUNS_TEXT:
        return function.id
    if not isinstance(function, ast.Attribute) or not isinstance(function.value, ast.Name):
        return ""
    called = f"{function.value.id}.{function.attr}"
    return called if function.value.id in ("os", "subprocess") and function.attr in RUNS_PROGRAMS else ""


def _imports(module: Module) -> list[Place]:
    found = []
    for node in module.nodes:
        if isinstance(node, ast.Import):
            found += [Place(module.file, node.lineno, name.name) for name in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            found.append(Place(module.file, node.lineno, node.module))
    return found


def _is_of(what: str, package: str) -> bool:
    return what == package or what.startswith(f"{package}.")
