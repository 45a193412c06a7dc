"""A crowd at the door, and days of work: what is too much is refused at once, and nothing grows.

Times under load are told as figures; what is asserted does not depend on the machine's speed.
"""

from __future__ import annotations

import re
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor, wait

import httpx2
import psutil
import pytest

from tests.asking import Wish, asked
from tests.faults.crew import crew
from tests.serving import wait_until

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1200)]
MEGABYTE = 1 << 20
PATHS = ("/api/training/log?limit=1000", "/api/training/status", "/api/sessions", "/api/traffic")


@pytest.mark.promise("P14")
def test_a_crowd_is_answered_or_told_when_to_come_again(tmp_path, figure, scale):
    clients, rounds = 200, scale(4, 40)
    with crew(tmp_path) as running:
        running.begin()
        running.goes_on(20)
        process = psutil.Process(running.middleware.pid)
        before = process.memory_info().rss
        wish, most = Wish(running.middleware.port, clients, PATHS, rounds=rounds), before
        with ThreadPoolExecutor(1) as pool:
            crowd = pool.submit(asked, wish)
            while not wait([crowd], 0.05).done:
                most = max(most, process.memory_info().rss)
        running.goes_on(3)
        stopped = running.stop()
        running.end()
        taught, heard = running.taught(), running.heard()
    statuses = Counter(answer.status for answer in crowd.result())
    refused = sorted((answer for answer in crowd.result() if answer.status != 200), key=lambda each: each.milliseconds)
    middle, slow = ((refused[len(refused) * part // 100].milliseconds if refused else 0.0) for part in (50, 95))
    figure(
        "P14", clients=clients, answered=statuses[200], refused=len(refused), median_refusal_ms=round(middle, 1),
        refusal_p95_ms=round(slow, 1), memory_growth_mb=round((most - before) / MEGABYTE, 1),
    )  # fmt: skip

    assert {(answer.status, answer.code, answer.retry_after) for answer in refused} <= {(503, "crowded", "1")}
    assert statuses[200] > 0
    assert most - before < 50 * MEGABYTE
    assert (taught == heard, stopped["uncertain"]) == (True, 0)


@pytest.mark.promise("P15")
def test_nothing_grows_however_long_it_runs(tmp_path, figure, scale):
    exchanges, step = scale(2_000, 50_000), scale(200, 1_000)
    samples: list[tuple[int, float, int, int, int, int]] = []
    with crew(tmp_path) as running:
        process = psutil.Process(running.middleware.pid)
        log = tmp_path / "record.sqlite3-wal"
        running.begin(max_exchanges=exchanges)

        def tasks() -> int:
            with httpx2.Client(trust_env=False, timeout=20) as client:
                text = client.get(f"http://127.0.0.1:{running.middleware.port}/metrics").text
            return int(float(re.findall(r"^llm_trainer_tasks (.*)$", text, re.MULTILINE)[0]))

        def done() -> int:
            status = running.middleware.ask("GET", "/api/training/status")
            return -1 if status is None else int(status["exchanges_completed"])

        began = time.monotonic()
        for target in range(step, exchanges + 1, step):
            wait_until(lambda target=target: done() >= target, 600)
            counts = (process.num_fds(), process.num_threads(), tasks())
            size = log.stat().st_size if log.exists() else 0
            samples.append((done(), process.memory_info().rss / MEGABYTE, *counts, size))
        seconds = time.monotonic() - began
        running.end()
        taught, heard = running.taught(), running.heard()
    settled = samples[len(samples) // 2 :]
    slope = _slope([(number / 10_000, rss) for number, rss, *_ in settled])
    files, threads, at_once = ({sample[place] for sample in settled} for place in (2, 3, 4))
    most_log = max(sample[5] for sample in samples)
    growth, is_long = settled[-1][1] - settled[0][1], exchanges >= 20_000  # the shelf of recent words fills until 5,000
    grown = {"memory_mb_per_10_000": round(slope, 2)} if is_long else {"memory_mb_in_second_half": round(growth, 1)}
    figure(
        "P15", exchanges=len(heard), **grown, memory_mb=round(samples[-1][1]),
        files=f"{min(files)}-{max(files)}", threads=f"{min(threads)}-{max(threads)}",
        tasks=f"{min(at_once)}-{max(at_once)}", log_mb=round(most_log / MEGABYTE, 1),
        per_second=round(len(heard) / seconds),
    )  # fmt: skip

    assert taught == heard
    assert len(heard) == exchanges
    assert max(files) - min(files) <= 4
    assert max(threads) - min(threads) <= 2
    assert max(at_once) - min(at_once) <= 4
    assert most_log < 16 * MEGABYTE
    assert slope < 1 if is_long else growth < 16, samples  # a short run shows its last export


def _slope(points: list[tuple[float, float]]) -> float:
    """Least squares."""
    x_mean, y_mean = (sum(values) / len(points) for values in zip(*points, strict=True))
    spread = sum((x - x_mean) ** 2 for x, _ in points)
    return sum((x - x_mean) * (y - y_mean) for x, y in points) / spread if spread else 0.0
