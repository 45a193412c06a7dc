"""Everybody who listens hears everything, or is let go."""

from llm_trainer.middleware.hub import QUEUED, Hub, Told


def test_a_reader_that_does_not_read_is_let_go_and_the_others_are_not():
    hub = Hub()
    slow, quick = hub.join(), hub.join()
    for seq in range(QUEUED + 10):
        hub.tell(Told("s", seq, "note", {}))
        assert quick.queue.get_nowait().seq == seq

    heard = [slow.queue.get_nowait() for _ in range(slow.queue.qsize())]
    assert [each.seq for each in heard[:-1]] == list(range(QUEUED))
    assert heard[-1] is None  # no more: it comes back and catches up from the record
    assert (len(hub), slow.is_open, quick.is_open) == (1, False, True)
