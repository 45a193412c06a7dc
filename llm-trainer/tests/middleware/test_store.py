"""The record's laws, on SQLite and on PostgreSQL alike."""

from __future__ import annotations

import asyncio

import pytest
from sqlalchemy import select

from llm_trainer.errors import LeaseLost, SessionActive, StoreError, StoreInDoubt, StoreUnsafe
from llm_trainer.middleware import leases, planning, queries, removal, statements, writing
from llm_trainer.middleware.leases import Claim
from llm_trainer.middleware.planning import Wish
from llm_trainer.middleware.store import Record
from llm_trainer.middleware.tables import journal, wire
from llm_trainer.session.dialogue import Plan, Tuning
from llm_trainer.session.transitions import EngineBreach

URL = "http://localhost:8000"


def with_record(url, play, **options):
    """Open the record, have ``play`` done with it, close it."""

    async def whole():
        record = await Record.open(url, **options)
        try:
            return await play(record)
        finally:
            await record.close()

    return asyncio.run(whole())


async def begun(record, session_id, learner=URL, now=1_000.0, owner="a:1"):
    """A session's row, with the learner's lease."""
    plan = Plan(session_id)
    row = planning.first_row(plan, Wish(100, Tuning()), {"url": learner, "cursor": None}, {}, now)
    return await record.read(planning.create, Claim(learner, session_id, owner, now), row)


def entry(session_id, seq):
    return {"session_id": session_id, "seq": seq, "body": {"n": seq}}


async def journalled(record, session_id):
    return [row["seq"] for row in await record.read(queries.journal_rows, session_id)]


def test_what_is_remembered_is_on_disk_after_a_commit_and_only_then_is_it_told(record_url):
    told = []

    async def play(record):
        record.write(statements.JOURNAL, entry("s", 1), "s")
        record.then(lambda: told.append(1), "s")
        assert told == []
        await record.commit("s")
        assert told == [1]
        return await journalled(record, "s")

    assert with_record(record_url, play) == [1]
    assert with_record(record_url, lambda record: journalled(record, "s")) == [1]


def test_sessions_that_commit_together_share_a_transaction(record_url):
    async def play(record):
        flushes = []
        honest = record._flush
        record._flush = lambda: (flushes.append(len(record._pending)), honest())[1]
        for n in range(16):
            record.write(statements.JOURNAL, entry(f"s{n}", 1), f"s{n}")
        await asyncio.gather(*(record.commit(f"s{n}") for n in range(16)))
        return flushes

    flushes = with_record(record_url, play)

    assert flushes[0] == 16
    assert set(flushes[1:]) <= {0}


def test_what_one_session_writes_wrongly_harms_that_session_alone(record_url):
    told = []

    async def play(record):
        record.write(statements.JOURNAL, entry("good", 1), "good")
        record.write(statements.JOURNAL, entry("bad", 1), "bad")
        record.write(statements.JOURNAL, entry("bad", 1), "bad")
        record.then(lambda: told.append("bad"), "bad")
        record.then(lambda: told.append("good"), "good")
        await record.commit("good")
        with pytest.raises(EngineBreach):
            await record.commit("bad")
        return await journalled(record, "good"), await journalled(record, "bad")

    assert with_record(record_url, play) == ([1], [])
    assert told == ["good"]


@pytest.mark.parametrize("wrong", [{"session_id": "\ud800"}, {"body": object()}, {"seq": 2**80}])
def test_a_value_that_no_database_takes_harms_its_session_alone(record_url, wrong):
    async def play(record):
        row = await begun(record, "good")
        record.write(statements.JOURNAL, {**entry("bad", 1), **wrong}, "bad")
        record.write(statements.HOLD, {"the_id": "good", "the_fence": row["fence"]}, "good")
        await record.commit("good")
        with pytest.raises(EngineBreach):
            await record.commit("bad")

    with_record(record_url, play)


def test_a_learner_is_taught_by_one_session_at_a_time(record_url):
    async def play(record):
        await begun(record, "first", now=1_000)
        with pytest.raises(SessionActive) as refused:
            await begun(record, "second", now=1_000 + leases.LEASE_SECONDS - 1, owner="b:2")
        await begun(record, "third", learner="http://elsewhere", now=1_000)
        assert await record.read(queries.session_row, "second") is None
        return refused.value

    refused = with_record(record_url, play)

    assert (refused.extra["session_id"], refused.extra["owner"]) == ("first", "a:1")
    assert refused.extra["expires_at"] == "1970-01-01T00:17:10.000Z"


def test_a_lease_that_expired_is_taken_over_and_the_old_holder_can_write_nothing_more(record_url):
    async def play(record):
        old = await begun(record, "s", now=1_000)
        taken = await record.read(leases.take_over, Claim(URL, "s", "b:2", 1_000 + leases.LEASE_SECONDS))
        token = taken["fence"]
        assert token > old["fence"]
        record.write(statements.JOURNAL, entry("s", 1), "s")
        record.write(statements.HOLD, {"the_id": "s", "the_fence": old["fence"]}, "s")
        with pytest.raises(LeaseLost):
            await record.commit("s")
        record.write(statements.JOURNAL, entry("s", 1), "s")
        record.write(statements.HOLD, {"the_id": "s", "the_fence": token}, "s")
        await record.commit("s")
        return await journalled(record, "s")

    assert with_record(record_url, play) == [1]


def test_a_lease_renewed_holds_and_one_released_is_free(record_url):
    async def play(record):
        row = await begun(record, "s", now=1_000)
        mine = {"the_learner": URL, "the_token": row["fence"]}
        record.write(statements.RENEW, {**mine, "new_expires_at": 9_000.0}, "s")
        with pytest.raises(SessionActive):
            await begun(record, "t", now=8_999)
        record.write(statements.RELEASE, mine, "s")
        await begun(record, "t", now=8_999)
        record.write(statements.RELEASE, mine, "s")  # late: it is another's now
        with pytest.raises(SessionActive):
            await begun(record, "u", now=8_999)

    with_record(record_url, play)


def test_a_middleware_started_again_frees_what_it_held_and_nothing_else(record_url):
    async def play(record):
        await begun(record, "mine")
        await begun(record, "theirs", learner="http://elsewhere", owner="b:2")
        await record.read(leases.free, "a:1")
        return set(await record.read(leases.live, 1_000))

    assert with_record(record_url, play) == {"theirs"}


def test_numbers_are_given_out_once(record_url):
    async def play(record):
        first = await record.read(leases.reserve, "wire", 10, 5)
        second = await record.read(leases.reserve, "wire", 10, 1)
        return first, second

    assert with_record(record_url, play) == (5, 15)


def test_sessions_begun_in_the_same_second_have_names_of_their_own(record_url):
    async def play(record):
        rows = [await begun(record, f"s{n}", learner=f"http://{n}") for n in range(3)]
        return {row["name"] for row in rows}

    assert len(with_record(record_url, play)) == 3


def test_after_an_unconfirmed_write_nothing_is_written_or_read_again(record_url):
    ends = []

    async def play(record):
        def unconfirmed():
            raise StoreUnsafe("the disk did not confirm a write")

        record.write(statements.JOURNAL, entry("s", 1), "s")
        with pytest.MonkeyPatch.context() as patched:
            patched.setattr(record, "_flush", unconfirmed)
            with pytest.raises(StoreUnsafe):
                await record.commit("s")
        for _ in range(2):
            with pytest.raises(StoreUnsafe):
                await record.commit("s")
            with pytest.raises(StoreUnsafe):
                await record.read(queries.last_row)
        record._unsafe = None  # so that it can be closed
        record._pending.clear()

    with_record(record_url, play, on_unsafe=ends.append)

    assert len(ends) == 1
    assert with_record(record_url, lambda record: journalled(record, "s")) == []


def test_trouble_lasts_until_something_can_be_written_again(record_url):
    async def play(record):
        def full():
            raise StoreError("the disk is full")

        record.write(statements.JOURNAL, entry("s", 1), "s")
        with pytest.MonkeyPatch.context() as patched:
            patched.setattr(record, "_flush", full)
            with pytest.raises(StoreError):
                await record.commit("s")
            assert record.trouble is not None
        await record.commit("s")
        assert record.trouble is None
        return await journalled(record, "s")

    assert with_record(record_url, play) == [1]


def test_old_looks_are_let_go_and_calls_of_sessions_never(record_url, monkeypatch):
    monkeypatch.setattr(removal, "LOOKS_KEPT", 4)
    sent = {"at": 0.0, "peer": "llm", "path": "/", "bytes_sent": 0, "digest_sent": ""}

    async def play(record):
        for number in range(1, 11):
            whose = {"session_id": "s", "method": "POST"} if number in (2, 3) else {"session_id": None, "method": "GET"}
            record.write(statements.CALL_BEGUN, {"id": number, **whose, **sent})
        gone = await record.read(removal.let_go_of_looks), await record.read(removal.let_go_of_looks)
        return gone, sorted(row[0] for row in await record.read(lambda open: open.execute(select(wire.c.id)).all()))

    assert with_record(record_url, play) == ((4, 0), [2, 3, 7, 8, 9, 10])


async def said(record, session_id, numbers, status="taught"):
    """Exchanges of a session, one after another."""
    for number in numbers:
        key = f"{session_id}:{number:08d}"
        row = {"session_id": session_id, "number": number, "key": key, "status": status, "conversation": 1, "level": 1}
        about = {"text": "a", "sha256": "b", "attempts": 1, "drafted_at": 0.0, "teacher": {}}
        record.write(statements.DRAFT, {**row, **about}, session_id)
        await record.commit(session_id)


def test_what_a_learner_was_taught_is_found_in_the_order_taught_over_sessions_that_took_turns(record_url):
    async def play(record):
        first = await begun(record, "first")
        await begun(record, "other", learner="http://elsewhere")
        await said(record, "first", (1, 2))
        await said(record, "other", (1,))
        record.write(statements.RELEASE, {"the_learner": URL, "the_token": first["fence"]}, "first")
        await begun(record, "second")
        await said(record, "second", (1,))
        await said(record, "first", (3,))
        await said(record, "first", (4,), status="refused")
        await said(record, "other", (2,))
        found = [await record.read(queries.taught_last, URL, 0)]
        found += [await record.read(queries.taught_at, URL, 0, index) for index in range(5)]
        found += [await record.read(queries.taught_after, URL, 0, row["row"]) for row in found[1:4]]
        count = await record.read(queries.taught_count, URL, 0)
        fresh = await record.read(queries.taught_last, URL, 7)
        return [None if each is None else each["key"].replace("0000000", "") for each in found], count, fresh

    order = ["first:1", "first:2", "second:1", "first:3"]
    assert with_record(record_url, play) == ([order[-1], *order, None, *order[1:]], 4, None)


def break_connections(server, url):
    database = url.rpartition("/")[2]
    server.ask(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{database}'")


@pytest.mark.postgresql
def test_a_connection_that_breaks_is_made_anew_and_nothing_is_lost(postgresql):
    url = postgresql.new_database()

    async def play(record):
        record.write(statements.JOURNAL, entry("s", 1), "s")
        await record.commit("s")
        break_connections(postgresql, url)
        record.write(statements.JOURNAL, entry("s", 2), "s")
        with pytest.raises(StoreInDoubt):
            await record.commit("s")
        await record.commit("s")
        return await journalled(record, "s")

    assert with_record(url, play) == [1, 2]


@pytest.mark.postgresql
def test_a_transaction_that_was_kept_although_no_answer_came_is_not_written_twice(postgresql):
    url = postgresql.new_database()

    async def play(record):
        honest = writing.together

        def executed_and_committed_behind_our_back(connection, writes):
            honest(connection, writes)
            connection.connection.driver_connection.commit()
            break_connections(postgresql, url)
            connection.execute(select(1))  # the answer that never comes

        record.write(statements.JOURNAL, entry("s", 1), "s")
        with pytest.MonkeyPatch.context() as patched:
            patched.setattr(writing, "together", executed_and_committed_behind_our_back)
            with pytest.raises(StoreInDoubt):
                await record.commit("s")
        record.write(statements.JOURNAL, entry("s", 2), "s")
        await record.commit("s")
        return await journalled(record, "s")

    assert with_record(url, play) == [1, 2]


@pytest.mark.postgresql
def test_the_url_that_is_shown_holds_no_password(postgresql):
    url = postgresql.new_database().replace("postgres@", "postgres:hush@")

    async def play(record):
        break_connections(postgresql, url)
        with pytest.raises(StoreError) as broken:
            await record.read(lambda connection: connection.execute(select(journal)).all())
        return broken.value.detail

    detail = with_record(url, play)

    assert "hush" not in detail
    assert "127.0.0.1" in detail
