"""Figures for Prometheus, read off the state when asked for."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from llm_trainer.middleware.parts import Parts

CONTENT_TYPE = CONTENT_TYPE_LATEST


class _Figures(Collector):
    def __init__(self, parts: Parts) -> None:
        self._parts = parts

    def collect(self) -> Iterator[Metric]:
        status = self._parts.trainer.status()
        yield _gauge("running", "1 while a session is under way", status["running"])
        yield _gauge("sessions", "sessions under way", len(status["sessions"]))
        yield _gauge("exchanges_completed", "exchanges taught in the latest session", status["exchanges_completed"])
        yield _gauge("exchanges_uncertain", "exchanges that may or may not have been heard", status["uncertain"])
        yield _gauge("exchanges_refused", "drafts that were never heard", status["refused"])
        yield _gauge("exchanges_per_second", "rate over the last exchanges", status["rate_per_second"] or 0)
        yield _gauge("learner_up", "1 while the learner answers", status["cerebrum_connected"])
        yield _gauge("llm_up", "1 while the LLM server answers", status["llm_connected"])
        yield _gauge("listeners", "open event streams", len(self._parts.hub))
        yield _gauge("tasks", "what the service is doing at once, and must not grow", len(asyncio.all_tasks()))
        vocabulary = status["learner"]["growth"].get("vocabulary")
        if isinstance(vocabulary, (int, float)):
            yield _gauge("learner_vocabulary", "words that the learner says it knows", vocabulary)


def _gauge(name: str, meaning: str, value: float) -> Metric:
    return GaugeMetricFamily(f"llm_trainer_{name}", meaning, value=float(value))


def render(parts: Parts) -> bytes:
    """The exposition text."""
    registry = CollectorRegistry()
    registry.register(_Figures(parts))
    return generate_latest(registry)
