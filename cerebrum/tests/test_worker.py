from __future__ import annotations

import threading
from concurrent.futures import Future

import pytest

from cerebrum.errors import Busy, Closing, StoreLocked, StoreUnsafe
from cerebrum.learner import Learner
from cerebrum.worker import QUEUE_LIMIT, UNSAFE_EXIT, Worker
from tests.conftest import OpenLearner

DEADLINE = 10.0


def said(worker: Worker, text: str) -> str:
    return worker.submit(lambda learner: learner.exchange(text)).result(DEADLINE).said


@pytest.fixture
def worker(open_learner: OpenLearner) -> Worker:
    return Worker(open_learner)


def awake(worker: Worker) -> Worker:
    worker.start()
    while worker.ask_status().result(DEADLINE).state == "waking":
        pass
    return worker


def test_calls_run_in_order_in_one_thread(worker: Worker) -> None:
    awake(worker)
    order: list[tuple[int, int]] = []

    def note(number: int) -> Future[None]:
        return worker.submit(lambda _: order.append((number, threading.get_ident())))

    for future in [note(number) for number in range(50)]:
        future.result(DEADLINE)
    worker.close()

    assert [number for number, _ in order] == list(range(50))
    assert len({thread for _, thread in order}) == 1
    assert order[0][1] != threading.get_ident()


def test_opening_errors_reach_the_caller(worker: Worker, open_learner: OpenLearner) -> None:
    awake(worker)

    with pytest.raises(StoreLocked):
        Worker(open_learner).start()

    worker.close()


def test_too_many_waiting_are_refused_at_once_and_the_rest_is_answered(worker: Worker) -> None:
    awake(worker)
    go, entered = threading.Event(), threading.Event()
    first = worker.submit(lambda _: (entered.set(), go.wait(DEADLINE)))
    assert entered.wait(DEADLINE)
    waiting = [worker.submit(lambda learner: learner.cursor) for _ in range(QUEUE_LIMIT)]

    with pytest.raises(Busy):
        worker.submit(lambda learner: learner.cursor)

    go.set()
    first.result(DEADLINE)
    assert all(future.result(DEADLINE).seq == 0 for future in waiting)
    worker.close()


def test_closing_finishes_what_runs_and_refuses_what_waits(worker: Worker, open_learner: OpenLearner) -> None:
    awake(worker)
    go, entered = threading.Event(), threading.Event()

    def slow(learner: Learner) -> str:
        entered.set()
        go.wait(DEADLINE)
        return learner.exchange("the last one").said

    running = worker.submit(slow)
    assert entered.wait(DEADLINE)
    waiting = worker.submit(lambda learner: learner.exchange("too late"))
    closing = threading.Thread(target=worker.close)
    closing.start()
    while not worker._closing.is_set():
        pass
    go.set()
    closing.join(DEADLINE)

    assert running.result(DEADLINE) == ""
    with pytest.raises(Closing):
        waiting.result(DEADLINE)
    with pytest.raises(Closing):
        worker.submit(lambda learner: learner.cursor)
    again = open_learner()
    assert [record.content.heard for record in again.observations() if record.content] == ["the last one"]
    again.store.close()


def test_a_failed_sync_ends_the_process_and_is_not_answered_as_done(open_learner: OpenLearner) -> None:
    exits: list[int] = []
    worker = Worker(open_learner, die=exits.append)
    awake(worker)

    def unsafe(_: Learner) -> None:
        raise StoreUnsafe("fsync failed")

    future = worker.submit(unsafe)
    with pytest.raises(StoreUnsafe):
        future.result(DEADLINE)
    worker.close()

    assert exits == [UNSAFE_EXIT]


def test_deleted_things_are_unlearned_between_requests(worker: Worker) -> None:
    awake(worker)
    for text in ("one", "secret", "three"):
        said(worker, text)

    worker.submit(lambda learner: learner.forget(2)).result(DEADLINE)
    while worker.ask_status().result(DEADLINE).state == "rebuilding":
        pass
    words = worker.submit(lambda learner: learner.vocabulary()).result(DEADLINE)
    worker.close()

    assert [word.text for word in words] == ["one", "three"]


def test_the_latest_status_never_waits(worker: Worker) -> None:
    awake(worker)
    go, entered = threading.Event(), threading.Event()
    worker.submit(lambda _: (entered.set(), go.wait(DEADLINE)))
    assert entered.wait(DEADLINE)

    assert worker.latest.state == "ok"

    go.set()
    worker.close()
