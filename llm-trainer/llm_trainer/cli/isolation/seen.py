"""A process from outside, as Linux shows it in /proc. Elsewhere nothing is seen, and nothing is claimed."""

from __future__ import annotations

import ipaddress
import os
import re
import stat
import sys
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

PROC = Path("/proc")
_LISTENING = "0A"

Address = tuple[str, int]


@dataclass(frozen=True)
class Seen:
    """One process. ``program``: the interpreter as it was called; ``files``: open ones but for standard streams;
    ``shared``: the pipes and sockets it holds."""

    pid: int
    parent: int = 0
    tracer: int = 0
    user: int = -1
    mounts: str = ""
    program: str = ""
    words: tuple[str, ...] = ()
    folder: str = ""
    files: frozenset[str] = frozenset()
    mapped: frozenset[str] = frozenset()
    shared: frozenset[str] = frozenset()
    named_sockets: frozenset[str] = frozenset()
    listening: frozenset[Address] = frozenset()
    connected: frozenset[Address] = frozenset()
    udp: frozenset[Address] = frozenset()
    writable_code: bool = False
    seccomp: int = 0
    no_new_privileges: bool = False
    capabilities: int = 0
    readable_by_others: frozenset[str] = field(default_factory=frozenset)


def look(port: int) -> Seen | None:
    """The process that listens on ``port`` of this machine; None if there is none, or it must not be looked at."""
    if sys.platform != "linux":
        return None
    doors = _doors(port)
    for folder in PROC.iterdir() if doors else ():
        if folder.name.isdigit():
            with suppress(OSError, ValueError, IndexError):
                inodes = _inodes(folder)
                if inodes & doors:
                    return _seen(folder, inodes)
    return None


def _doors(port: int) -> frozenset[str]:
    """The sockets that listen on ``port`` where we are: one table for all processes, instead of each process's."""
    suffix, found = f":{port:04X}", set()
    for name in ("tcp", "tcp6"):
        with suppress(OSError):
            rows = (line.split() for line in (PROC / "net" / name).read_text().splitlines()[1:])
            found |= {row[9] for row in rows if row[3] == _LISTENING and row[1].endswith(suffix)}
    return frozenset(found)


def _seen(folder: Path, inodes: frozenset[str]) -> Seen:
    status = dict(re.findall(r"^(\w+):\s+(.*)$", (folder / "status").read_text(), re.MULTILINE))
    words = tuple((folder / "cmdline").read_bytes().decode("utf-8", "replace").split("\0")[:-1])
    cwd = str((folder / "cwd").readlink())
    listening = frozenset(at for at, _, _ in _tcp(folder, inodes, listening=True))
    ports = {port for _, port in listening}
    links = _links(folder)
    opened = (link for number, link in links.items() if number > 2)
    files = frozenset(link for link in opened if link.startswith("/") and not link.startswith(("/dev/", "/proc/")))
    maps = (folder / "maps").read_text().splitlines()
    return Seen(
        pid=int(folder.name),
        parent=int(status["PPid"]),
        tracer=int(status["TracerPid"]),
        user=int(status["Uid"].split()[0]),
        mounts=str((folder / "ns" / "mnt").readlink()),
        program=os.path.normpath(Path(cwd) / words[0]) if words else "",
        words=words,
        folder=cwd,
        files=files,
        mapped=frozenset(fields[5] for line in maps if len(fields := line.split(maxsplit=5)) == 6),
        shared=frozenset(link for link in links.values() if link.startswith(("pipe:", "socket:"))),
        named_sockets=_named(folder, inodes),
        listening=listening,
        connected=frozenset(to for at, to, _ in _tcp(folder, inodes, listening=False) if at[1] not in ports),
        udp=frozenset(at for at, _, _ in _table(folder, ("udp", "udp6"), inodes)),
        writable_code=any(line.split()[1].startswith("rwx") for line in maps),
        seccomp=int(status.get("Seccomp", 0)),
        no_new_privileges=status.get("NoNewPrivs") == "1",
        capabilities=int(status["CapEff"], 16),
        readable_by_others=frozenset(each for each in files if _is_open_to_others(Path(each))),
    )


def _links(folder: Path) -> dict[int, str]:
    """What each open number stands for."""
    found = {}
    for each in (folder / "fd").iterdir():
        with suppress(OSError):
            found[int(each.name)] = str(each.readlink())
    return found


def _inodes(folder: Path) -> frozenset[str]:
    return frozenset(link[8:-1] for link in _links(folder).values() if link.startswith("socket:["))


def _tcp(folder: Path, inodes: frozenset[str], *, listening: bool) -> list[tuple[Address, Address, str]]:
    rows = _table(folder, ("tcp", "tcp6"), inodes)
    return [row for row in rows if (row[2] == _LISTENING) == listening]


def _table(folder: Path, names: tuple[str, ...], inodes: frozenset[str]) -> list[tuple[Address, Address, str]]:
    """Local address, remote address and state of the sockets in ``inodes``."""
    rows = []
    for name in names:
        with suppress(OSError):
            for line in (folder / "net" / name).read_text().splitlines()[1:]:
                fields = line.split()
                if fields[9] in inodes:
                    rows.append((_address(fields[1]), _address(fields[2]), fields[3]))
    return rows


def _address(text: str) -> Address:
    host, _, port = text.partition(":")
    words = [bytes.fromhex(host[i : i + 8])[::-1] for i in range(0, len(host), 8)]
    address = ipaddress.ip_address(b"".join(words) if sys.byteorder == "little" else bytes.fromhex(host))
    mapped = getattr(address, "ipv4_mapped", None)
    return str(mapped or address), int(port, 16)


def _named(folder: Path, inodes: frozenset[str]) -> frozenset[str]:
    """Names of the process's Unix sockets that have one."""
    lines = (folder / "net" / "unix").read_text().splitlines()[1:]
    rows = (line.split() for line in lines)
    return frozenset(row[7] for row in rows if len(row) > 7 and row[6] in inodes)


def _is_open_to_others(path: Path) -> bool:
    with suppress(OSError):
        return bool(path.stat().st_mode & stat.S_IROTH)
    return False
