from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.cli.fake import FakeMiddleware


@pytest.fixture
def middleware() -> Iterator[FakeMiddleware]:
    fake = FakeMiddleware()
    yield fake
    fake.close()
