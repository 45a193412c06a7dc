"""All mutants. To register more: a file here with its ``MUTANTS``, added to the sum below.

A mutant needs the exact text to replace (it must stand once in its file, else it is reported STALE and the test
fails) and the cheapest test that must notice, as arguments for ``python -m`` in the project's folder: a pytest node,
or ``tests.simulator --hunt FIRST COUNT`` in the trainer.
"""

from __future__ import annotations

from . import sharing, storing, teaching
from .mutant import Mutant

MUTANTS: tuple[Mutant, ...] = teaching.MUTANTS + storing.MUTANTS + sharing.MUTANTS
