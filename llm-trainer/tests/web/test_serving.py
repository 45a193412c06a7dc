"""Addresses that may be called, and serving on a port of our own."""

import pytest
from fastapi import FastAPI

from llm_trainer.errors import SettingsError
from llm_trainer.ports import bind
from llm_trainer.web import check_url, serve


@pytest.mark.parametrize("url", ["http://localhost:11434", "https://host/v1", "http://127.0.0.1", "http://[::1]:80"])
def test_an_http_address_is_returned_without_its_last_slash(url: str) -> None:
    assert check_url("ollama_url", url + "/") == url


@pytest.mark.parametrize(
    "url",
    [
        "",
        "localhost:11434",
        "ftp://host",
        "file:///etc/passwd",
        "http://",
        "http://host:99999",
        "http://[::1",
        "unix:/x",
        "http://user:secret@host",
    ],
)
def test_anything_else_is_refused_by_the_name_of_its_setting(url: str) -> None:
    with pytest.raises(SettingsError) as refusal:
        check_url("ollama_url", url)

    assert "ollama_url" in refusal.value.detail
    assert "secret" not in refusal.value.detail


def test_serving_on_a_taken_port_is_a_settings_error() -> None:
    with bind(0, "x") as other:
        other.listen()
        with pytest.raises(SettingsError, match="middleware_port"):
            serve(FastAPI(), other.getsockname()[1], setting="middleware_port")
