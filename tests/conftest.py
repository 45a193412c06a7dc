from __future__ import annotations

from pathlib import Path

import pytest

from tests.places import ROOT, free_port

pytest_plugins = ("tests.promises",)


@pytest.fixture
def here(tmp_path: Path) -> dict[str, str]:
    """Environment for a start that meets nobody else: free ports, folders of its own, the tutor, no pause."""
    if not (ROOT / "cerebrum" / ".venv" / "made-from.json").exists():
        pytest.skip("run_tests.py has not made the environments")
    return {
        "CEREBRUM_PORT": str(free_port()),
        "CEREBRUM_DATA_DIR": str(tmp_path / "memory"),
        "TRAINER_LLM_SERVER_PORT": str(free_port()),
        "TRAINER_MIDDLEWARE_PORT": str(free_port()),
        "TRAINER_DATA_DIR": str(tmp_path / "training_logs"),
    }
