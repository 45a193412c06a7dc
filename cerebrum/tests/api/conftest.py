from __future__ import annotations

import warnings
from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from cerebrum.api.app import create_app
from cerebrum.worker import Worker
from tests.conftest import OpenLearner

PORT = 8000


@pytest.fixture
def worker(open_learner: OpenLearner) -> Iterator[Worker]:
    made = Worker(open_learner)
    made.start()
    while made.ask_status().result(10).state == "waking":
        pass
    yield made
    made.close()


@pytest.fixture
def client(worker: Worker, tmp_path: Path) -> Iterator[TestClient]:
    app = create_app(worker, PORT, tmp_path / "copies")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        made = TestClient(app, base_url=f"http://localhost:{PORT}", raise_server_exceptions=False)
    with made:
        yield made
