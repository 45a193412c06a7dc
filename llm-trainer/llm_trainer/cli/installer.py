"""Gets packages into an environment: a private uv where there is a wheel of it, else pip; hashes always checked.

Standard library only. Written twice, like ``environment.py``; a test at the root compares the copies. Index, proxy,
certificates and find-links are what the user told pip; what the user told uv itself wins.
"""

from __future__ import annotations

import ast
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

FOREIGN = ("VIRTUAL_ENV", "PYTHONPATH", "PYTHONHOME", "PIP_USER", "PIP_TARGET", "PIP_PREFIX", "PIP_REQUIRE_VIRTUALENV")
UNREACHABLE = (
    "NewConnectionError",
    "ConnectTimeout",
    "ConnectionError",
    "ProxyError",
    "SSLError",
    "getaddrinfo",
    "Max retries",
    "error sending request",
    "dns error",
    "Temporary failure in name resolution",
    "Failed to fetch",
    "timed out",
    "is unreachable",
)
OFFERS = {
    "index-url": "UV_DEFAULT_INDEX",
    "extra-index-url": "UV_INDEX",
    "find-links": "UV_FIND_LINKS",
    "no-index": "UV_NO_INDEX",
    "trusted-host": "UV_INSECURE_HOST",
    "cert": "SSL_CERT_FILE",
    "proxy": "ALL_PROXY",
}


class EnvironmentUnavailable(Exception):
    """The environment cannot be made; the message is one sentence for the user."""


def clean(environment: Mapping[str, str]) -> dict[str, str]:
    """The environment without what would lead Python, pip or uv to another installation."""
    kept = {k: v for k, v in environment.items() if k not in FOREIGN and not k.startswith("UV_PROJECT")}
    return kept | {"UV_PYTHON_DOWNLOADS": "never", "PIP_DISABLE_PIP_VERSION_CHECK": "1", "PIP_NO_INPUT": "1"}


def scripts(venv: Path) -> Path:
    """The folder of an environment that holds its programs."""
    return venv / ("Scripts" if os.name == "nt" else "bin")


def interpreter(venv: Path) -> Path:
    """The Python of an environment."""
    return scripts(venv) / ("python.exe" if os.name == "nt" else "python")


def run(command: list[str], extra: Mapping[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    """Run ``command`` to its end in a clean environment, its output and complaints together as text."""
    return subprocess.run(  # noqa: S603
        command,
        env=clean(os.environ) | dict(extra or {}),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        check=False,
    )


def last_line(output: str) -> str:
    """What a program said last, which is usually why it failed."""
    lines = [line.strip() for line in output.splitlines() if line.strip()]
    return lines[-1][:200] if lines else "no output"


def _refuse_unreachable(output: str, tools: Path) -> None:
    """Raise the sentence about the network when ``output`` tells of one that does not answer."""
    if any(sign in output for sign in UNREACHABLE):
        raise EnvironmentUnavailable(
            "The package index cannot be reached; check the network, the proxy or pip's index-url setting, "
            f"and run the command again (details: {_keep(output, tools)})"
        )


def _keep(output: str, tools: Path) -> Path:
    tools.mkdir(parents=True, exist_ok=True)
    log = tools / "install.log"
    log.write_text(output, "utf-8")
    return log


def private_uv(tools: Path, python: str) -> str | None:
    """A private uv, installed by pip into ``tools``; None where there is no wheel of it for this machine."""
    name = "uv.exe" if os.name == "nt" else "uv"
    places = [scripts(tools / "uv") / name, tools / "uv-target" / "bin" / name]
    for place in places:
        if place.exists():
            return str(place)
    lock = ["install", "--quiet", "--only-binary", ":all:", "--require-hashes", "-r", str(_uv_lock())]
    own = interpreter(tools / "uv")
    if run([python, "-m", "venv", "--clear", str(tools / "uv")]).returncode == 0:
        ran = run([str(own), "-m", "pip", *lock], {"PIP_RETRIES": "1"})
    else:  # no ensurepip, as on Debian without python3-venv
        shutil.rmtree(tools / "uv", ignore_errors=True)
        ran = run([python, "-m", "pip", *lock, "--target", str(tools / "uv-target")], {"PIP_RETRIES": "1"})
    found = next((str(place) for place in places if place.exists()), None)
    if found is None:
        _refuse_unreachable(ran.stdout, tools)
    return found or shutil.which("uv")


def _uv_lock() -> Path:
    here = Path(__file__).resolve()
    return next(p / "requirements-uv.lock" for p in here.parents if (p / "requirements-uv.lock").exists())


def make(venv: Path, uv: str | None, tools: Path, python: str) -> None:
    """Make an empty environment where there is none; raise EnvironmentUnavailable where this Python cannot."""
    if interpreter(venv).exists():
        return
    if uv is not None:
        ran = run([uv, "venv", "--quiet", "--clear", "--python", python, str(venv)])
        if ran.returncode == 0:
            return
    ran = run([python, "-m", "venv", "--clear", str(venv)])
    if ran.returncode:
        raise EnvironmentUnavailable(
            "This Python can make no environments (its venv or pip is missing); on Debian and Ubuntu "
            f"`sudo apt install python3-venv` brings them (details: {_keep(ran.stdout, tools)})"
        )


def install(venv: Path, lock: Path, uv: str | None, tools: Path) -> None:
    """Install ``lock`` with uv; with pip where uv is missing or fails."""
    python, output = str(interpreter(venv)), ""
    locked = ["install", "--quiet", "--require-hashes", "-r", str(lock)]
    if uv is not None:
        ran = run([uv, "pip", *locked, "--python", python], _uv_settings(Path(uv)))
        output = ran.stdout
        if ran.returncode == 0:
            return
    if uv is None or run([python, "-m", "ensurepip"]).returncode == 0:
        ran = run([python, "-m", "pip", *locked], {"PIP_RETRIES": "1"})
        output += ran.stdout
        if ran.returncode == 0:
            return
    if "do not match the hashes" in output.lower() or "hash mismatch" in output.lower():
        raise EnvironmentUnavailable(
            f"A downloaded package is not the one that {lock.name} names (its hash differs); nothing was started "
            f"(details: {_keep(output, tools)})"
        )
    _refuse_unreachable(output, tools)
    raise EnvironmentUnavailable(f"{lock.name} cannot be installed: {last_line(output)} ({_keep(output, tools)})")


def _uv_settings(uv: Path) -> dict[str, str]:
    """What the user told pip about the index, in uv's words; what the user told uv itself wins."""
    python = uv.with_name(interpreter(uv).name)
    ran = run([str(python) if python.exists() else sys.executable, "-m", "pip", "config", "list"])
    told = parse_pip_config(ran.stdout) if ran.returncode == 0 else {}
    links = [link for link in told.get("find-links", "").split() if "://" in link or Path(link).exists()]
    told["find-links"] = ",".join(links)
    told["no-index"] = "1" if told.get("no-index", "").lower() in ("1", "true", "yes", "on") else ""
    for several in ("trusted-host", "extra-index-url"):
        told[several] = " ".join(told.get(several, "").split())
    return {uvs: told[pips] for pips, uvs in OFFERS.items() if told.get(pips) and uvs not in os.environ}


def parse_pip_config(listing: str) -> dict[str, str]:
    """The effective values of ``pip config list``: environment over [install] over [global].

    >>> parse_pip_config("global.index-url='http://a'\\n:env:.index-url='http://b'")
    {'index-url': 'http://b'}
    """
    found: dict[str, tuple[int, str]] = {}
    for line in listing.splitlines():
        name, _, value = line.partition("=")
        section, _, key = name.rpartition(".")
        rank = {"global": 0, "install": 1, ":env:": 2}.get(section, -1)
        if rank >= found.get(key, (0, ""))[0] and value:
            found[key] = (rank, str(ast.literal_eval(value)))
    return {key: value for key, (_, value) in found.items()}
