"""What is let in as a body: plain JSON in UTF-8, small, in time."""

import asyncio
import json
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from llm_trainer.web import body


@pytest.mark.parametrize(
    "trap",
    [
        b"{",
        b"",
        b"not json",
        b"\xff\xfe{}",
        b'{"a": NaN}',
        b'{"a": Infinity}',
        b'{"a": -Infinity}',
        b'{"a": 1e999}',
        b'{"a": 1, "a": 2}',
        b'{"a": "\\ud800"}',
        b'{"\\udfff": 1}',
        b"[" * 65 + b"]" * 65,
        b"[" * 100_000,
        b'{"a":' * 65 + b"1" + b"}" * 65,
        b'{"a": ' + b"9" * 1_000_000 + b"}",
        b'{"a": 0.' + b"9" * 1_000_000 + b"}",
        b'{"a": -' + b"9" * 500 + b"}",
    ],
    ids=lambda trap: repr(trap[:24]),
)
def test_a_trap_is_refused_quickly(trap: bytes) -> None:
    began = time.process_time()
    with pytest.raises(body.BodyNotJson):
        body.check_json(trap)

    assert time.process_time() - began < 0.05


@pytest.mark.parametrize(
    "plain",
    [b"{}", b"[]", b'"x"', b"0", b'{"a": 1.5e300}', b"[" * 64 + b"]" * 64, b"[[],[]]" * 1, b'"\\ud83d\\ude00"'],
)
def test_plain_json_passes(plain: bytes) -> None:
    body.check_json(plain)


@settings(deadline=None)
@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(), lambda c: st.lists(c) | st.dictionaries(st.text(), c)
    )
)
def test_whatever_json_writes_passes(value: object) -> None:
    body.check_json(json.dumps(value).encode())


def arriving(*parts: bytes) -> object:
    queue = [{"type": "http.request", "body": part, "more_body": True} for part in parts]
    queue[-1]["more_body"] = False

    async def receive() -> dict[str, object]:
        return queue.pop(0)

    return receive


def test_the_limit_counts_what_arrives() -> None:
    assert asyncio.run(body.read(arriving(b"ab", b"cd"), 4, 1)) == b"abcd"  # type: ignore[arg-type]
    with pytest.raises(body.BodyTooLarge):
        asyncio.run(body.read(arriving(b"ab", b"cde"), 4, 1))  # type: ignore[arg-type]


def test_a_body_that_does_not_arrive_is_not_waited_for() -> None:
    async def never() -> dict[str, object]:
        await asyncio.Event().wait()
        raise AssertionError

    with pytest.raises(body.BodyTooSlow):
        asyncio.run(body.read(never, 4, 0.01))  # type: ignore[arg-type]
