"""What all tests share: telling the figures of the promises, and that nothing is timed."""

from __future__ import annotations

from hypothesis import settings

pytest_plugins = ("tests.promises",)
settings.register_profile("untimed", deadline=None)  # how long an example takes says how busy the machine is
settings.load_profile("untimed")
