"""What an examination found."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Literal

Verdict = Literal["right", "doubtful", "wrong"]


@dataclass(frozen=True)
class Finding:
    """One thing examined: what was seen, and what to do unless it is right."""

    subject: str
    verdict: Verdict
    seen: str
    advice: str = ""

    def document(self) -> dict[str, str]:
        """As JSON shows it."""
        return asdict(self)
