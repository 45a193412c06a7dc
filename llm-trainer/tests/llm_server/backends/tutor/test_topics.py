"""Topic files: what is understood, and what is said where they are wrong."""

from __future__ import annotations

from pathlib import Path

import pytest

from llm_trainer.errors import SettingsError
from llm_trainer.llm_server.backends.tutor.topics import Fact, Pair, TutorData, read_topics
from tests.llm_server.backends.tutor.conversing import data

CATS = """
topic: cats   # a comment
also: kitten; pet
thing: mouse / mice
  is: small; fast
  where: live = in a hole
thing: milk (mass)
  color: white
ask: Who says meow? = A cat says meow.
chat: Do you like cats? = Yes, I do.
chat: Do you have a cat? = No, I don't.
line: Cats are quiet.
story: A cat slept. It woke up.
quiz: Who slept? = The cat slept.
"""


def written(folder: Path, text: str) -> Path:
    path = folder / "mine.txt"
    path.write_text(text, "utf-8")
    return path


def test_a_topic_is_read_whole(tmp_path: Path) -> None:
    (cats,) = read_topics(written(tmp_path, CATS))

    mouse, milk = cats.things
    assert (cats.name, cats.also, cats.lines) == ("cats", ("kitten", "pet"), ("Cats are quiet.",))
    assert (mouse.one, mouse.many, milk.one, milk.many) == ("a mouse", "mice", "milk", "")
    assert mouse.facts == (Fact("is", "small"), Fact("is", "fast"), Fact("where", "in a hole", "live"))
    assert cats.stories[0].pairs == (Pair("Who slept?", "The cat slept."),)
    assert [pair.follow for pair in cats.chats] == ["Do you have a cat?", ""]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("thing: cat", "before the first topic"),
        ("topic: a\n  is: red", "no thing"),
        ("topic: a\nthing: b\n  colour: red", "'colour' is unknown"),
        ("topic: a\nthing: b (many)", "(many) is unknown"),
        ("topic: a\nchat: Do you? Yes.", "no ' = '"),
        ("topic: a\nask: Tell me = Yes.", "no question"),
        ("topic: a\nquiz: Who? = He.", "needs its story"),
        ("topic: a\nthing: b\n  does: come and go", "two verbs"),
        ("topic: a\nthing: b\n  is: big or small", "leaves open"),
        ("what is this", "no 'key: value'"),
    ],
)
def test_a_wrong_line_is_named_with_its_number(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(SettingsError) as caught:
        read_topics(written(tmp_path, text))

    assert said in caught.value.detail
    assert f"line {text.count(chr(10)) + 1}" in caught.value.detail
    assert caught.value.remedy


def test_a_misspelt_key_brings_the_nearest_one(tmp_path: Path) -> None:
    with pytest.raises(SettingsError) as caught:
        read_topics(written(tmp_path, "topic: a\nthing: b\n  colr: red"))

    assert "'color'" in caught.value.remedy


def test_every_topic_that_ships_has_enough_to_talk_about() -> None:
    for topic in data().topics:
        assert len(topic.things) >= 4, topic.name
        assert len(topic.chats) >= 3, topic.name
        assert topic.asks, topic.name
        assert topic.stories, topic.name
        assert topic.lines, topic.name
        assert topic.tells, topic.name


def test_a_folder_without_topics_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SettingsError):
        TutorData.load(tmp_path)
