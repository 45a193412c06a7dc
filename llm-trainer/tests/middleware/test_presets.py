"""Each preset teaches a learner of its kind, as that kind really speaks."""

import pytest

from llm_trainer.middleware.standins import Reply, StandIn

from .conftest import scene


class Foreign(StandIn):
    """A learner that speaks only at its own address, in its own shape."""

    def __init__(self, path, heard, said):
        super().__init__()
        self.path, self.heard, self.said = path, heard, said
        self.texts = []

    def answer(self, given):
        if given.method != "POST":
            return Reply(body={"status": "ok"})
        if given.path != self.path:
            return Reply(404, {"detail": "not here"})
        self.texts.append(self.heard(given.body))
        return Reply(body=self.said(f"You said {self.texts[-1]}"))


KINDS = {
    "openai": (
        "/v1/chat/completions",
        lambda body: body["messages"][-1]["content"],
        lambda text: {"object": "chat.completion", "choices": [{"index": 0, "message": {"content": text}}]},
    ),
    "chatterbot": (
        "/api/chatterbot/",
        lambda body: body["text"],
        lambda text: {"text": text, "search_text": "", "in_response_to": None},
    ),
    "rasa": (
        "/webhooks/rest/webhook",
        lambda body: body["message"],
        lambda text: [{"recipient_id": "x", "text": part} for part in text.split(" said ")],
    ),
}


@pytest.mark.parametrize("name", KINDS)
def test_a_learner_of_that_kind_is_taught_at_most_once(tmp_path, llm, name):
    learner = Foreign(*KINDS[name])
    with scene(tmp_path, learner, llm, learner=name) as at_work:
        status = at_work.taught(max_exchanges=3)
        log = at_work.log()

    assert (status["guarantee"], status["exchanges_completed"]) == ("at-most-once", 3)
    assert [each["llm_to_cerebrum"] for each in log] == learner.texts
    joint = "\n" if name == "rasa" else " said "
    assert [each["cerebrum_response"] for each in log] == [f"You{joint}{text}" for text in learner.texts]
    assert all(each["odd"] is None for each in log)
