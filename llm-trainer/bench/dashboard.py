"""What the page costs, and how soon it shows what happens.

    python bench/dashboard.py [--rounds 4] [--seconds 8] [--readers 20] [--only paint|latency|scrolling|rate]

A real Chromium over the real middleware, between the tutor and a learner that answers at once. *Rate*: sessions with
delay 0, in turn with nobody looking, with so many readers of the event stream (programs that only read), and with so
many real pages, each a visible window of its own, from five seconds after the session's beginning on. The pages' own
work runs on the same processors as the training, so their row is what a person on this machine would see; *processor*
is the middleware's alone, and *pages'* what the browser takes beside it.
"""

from __future__ import annotations

import argparse
import asyncio
import multiprocessing
import os
import platform
import statistics
import sys
import tempfile
import time
from contextlib import ExitStack, contextmanager, suppress
from datetime import datetime

import httpx2
import psutil
from overhead import HOME, free_port, process, processor, through
from playwright.sync_api import sync_playwright

sys.path.insert(0, str(HOME))
from tests.browser.conftest import CHROMIUM, FLAGS
from tests.browser.fake import Fake
from tests.browser.serving import serving

LONG = 10_000
SETTLE_SECONDS = 5.0
WATCH = """() => { window.seen = {}; new MutationObserver(() => {
    for (const row of document.querySelectorAll('.exchange')) window.seen[row.ariaLabel] ??= Date.now();
}).observe(document.querySelector('.virtual'), {childList: true}); }"""
SCROLL = """async () => {
    const list = document.querySelector('.transcript'), frames = [];
    let before = performance.now();
    for (let i = 0; i < 200; i++) {
        list.scrollTop += 400;
        await new Promise(requestAnimationFrame);
        frames.push(performance.now() - before);
        before = performance.now();
    }
    return frames;
}"""


def paint(browser, url, times=20):
    """First contentful paint of pages that were never seen before, and what they weigh; the browser itself is up."""
    paints, weights = [], []
    browser.new_page().close()
    for _ in range(times):
        context = browser.new_context(viewport={"width": 1280, "height": 800})
        page, sizes = context.new_page(), []
        page.on("response", lambda answer, to=sizes: to.append(weight(answer)))
        page.goto(url)
        page.locator("#connection[data-state=live]").wait_for()
        page.locator(".hero-count b").wait_for()
        paints.append(page.evaluate("performance.getEntriesByName('first-contentful-paint')[0].startTime"))
        weights.append(sum(sizes))
        context.close()
    told("first paint", paints, "ms")
    print(f"| page weight, scripts, style, fonts and first answers | {statistics.median(weights) / 1000:.0f} kB | | |")


def weight(answer):
    return int(answer.headers.get("content-length", 0))


def latency(browser, url, exchanges=60):
    """From an exchange's time in the record to its row in the document, by the same clock."""
    page = browser.new_page(viewport={"width": 1280, "height": 800})
    page.goto(f"{url}/#conversation")
    page.locator("#connection[data-state=live]").wait_for()
    page.evaluate(WATCH)
    with httpx2.Client(base_url=url, timeout=30, trust_env=False) as client:
        client.post("/api/training/start", json={"max_exchanges": exchanges, "delay": 0.2}).raise_for_status()
        page.get_by_label(f"Exchange {exchanges}", exact=True).wait_for(timeout=120_000)
        log = client.get("/api/training/log", params={"limit": exchanges}).json()["exchanges"]
    seen = page.evaluate("window.seen")
    page.close()
    at = {entry["number"]: datetime.fromisoformat(entry["timestamp"].replace("Z", "+00:00")) for entry in log}
    late = [seen[f"Exchange {number}"] - when.timestamp() * 1000 for number, when in at.items()]
    told("from recorded to shown", late, "ms")


def scrolling(browser):
    """Frames while 10,000 exchanges are scrolled through, and the page's memory with them."""
    fake = Fake()
    fake.record(LONG)
    with serving(fake) as url:
        page = browser.new_page(viewport={"width": 1280, "height": 800})
        page.goto(f"{url}/#conversation/5000")
        page.get_by_label("Exchange 5000", exact=True).wait_for(timeout=60_000)
        frames, heap = page.evaluate(SCROLL), page.evaluate("performance.memory.usedJSHeapSize")
        page.close()
    told(f"a frame while scrolling {LONG:,} exchanges", frames, "ms")
    print(f"| script memory with {LONG:,} exchanges | {heap / 1e6:.0f} MB | | |")


@contextmanager
def nobody(_url, _count):
    yield


@contextmanager
def streams(url, count):
    """Readers of the event stream in a process of their own."""
    reading = multiprocessing.get_context("spawn").Process(target=read_streams, args=(url, count), daemon=True)
    reading.start()
    listeners(url, count)
    yield
    reading.terminate()
    reading.join()


def read_streams(url, count):
    asyncio.run(_read_all(url, count))


async def _read_all(url, count):
    host, port = url.removeprefix("http://").split(":")

    async def read():
        reader, writer = await asyncio.open_connection(host, int(port))
        writer.write(f"GET /api/training/events HTTP/1.1\r\nHost: {host}:{port}\r\n\r\n".encode())
        while await reader.read(1 << 16):
            pass

    await asyncio.gather(*(read() for _ in range(count)))


def pages(browser):
    @contextmanager
    def opened(url, count):
        contexts = [browser.new_context(viewport={"width": 1280, "height": 800}) for _ in range(count)]
        for context in contexts:
            context.new_page().goto(url)
        listeners(url, count)
        yield
        for context in contexts:
            context.close()

    return opened


def listeners(url, count):
    """Wait until so many listen."""
    for _ in range(1200):
        if httpx2.get(f"{url}/api/status", trust_env=False).json()["listeners"] >= count:
            return
        time.sleep(0.05)
    raise SystemExit(f"{count} readers did not come")


def rate(browser, url, service, given):
    """Exchanges a second of sessions that began a few seconds ago, in turn without and with readers."""
    looking = {"nobody": nobody, "streams": streams, "pages": pages(browser)}
    found = {name: [] for name in looking}
    with httpx2.Client(base_url=url, timeout=60, trust_env=False) as client:
        for _ in range(given.rounds):
            for name, readers in looking.items():
                with readers(url, given.readers):
                    wish = {"max_exchanges": 1_000_000, "delay": 0, "seed": 1}
                    client.post("/api/training/start", json=wish).raise_for_status()
                    time.sleep(SETTLE_SECONDS)
                    found[name].append(watched(client, service, given.seconds))
                    client.post("/api/training/stop").raise_for_status()
    columns = "exchanges/s, median | of rounds | of the rate alone | processor ms an exchange | pages' ms/s"
    print(f"\n| {given.readers} × | {columns} |")
    print("|---|--:|---|--:|--:|--:|")
    alone = statistics.median(each[0] for each in found["nobody"])
    for name, rounds in found.items():
        made, spent, drawn = (statistics.median(each) for each in zip(*rounds, strict=True))
        shown = ", ".join(f"{each[0]:.0f}" for each in rounds)
        print(f"| {name} | {made:.0f} | {shown} | {made / alone:.2f} | {spent:.2f} | {drawn:.0f} |")


def watched(client, service, seconds):
    """Exchanges a second, the middleware's processor milliseconds for each, the browser's in a second."""
    done, spent, drawn, began = exchanges_of(client), processor(service), browsers(), time.perf_counter()
    time.sleep(seconds)
    made, whole = exchanges_of(client) - done, time.perf_counter() - began
    return made / whole, (processor(service) - spent) * 1000 / made, (browsers() - drawn) * 1000 / whole


def exchanges_of(client):
    return client.get("/api/training/status").json()["exchanges_completed"]


def browsers():
    """Processor seconds of the browser and all its pages."""
    spent = 0.0
    for child in psutil.Process().children(recursive=True):
        with suppress(psutil.Error):
            spent += processor(child) if "chrom" in child.name() else 0.0
    return spent


def told(name, values, unit):
    ordered = sorted(values)
    p95 = ordered[min(len(ordered) - 1, int(0.95 * len(ordered)))]
    print(f"| {name} | {statistics.median(ordered):.0f} {unit} | {p95:.0f} | {ordered[-1]:.0f} |")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=4)
    parser.add_argument("--seconds", type=float, default=8)
    parser.add_argument("--readers", type=int, default=20)
    parser.add_argument("--only", choices=("paint", "latency", "scrolling", "rate"))
    given = parser.parse_args()
    ports = free_port(), free_port(), free_port()
    llm, learner, middleware = (f"http://127.0.0.1:{port}" for port in ports)
    load = os.getloadavg()[0] if hasattr(os, "getloadavg") else float("nan")
    print(f"Python {platform.python_version()}, {os.cpu_count()} cores, load {load:.1f}\n")
    with ExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory())
        named = {"TRAINER_CEREBRUM_URL": learner, "TRAINER_LLM_SERVER_URL": llm, "TRAINER_DATA_DIR": folder}
        stand_in = ["-m", "llm_trainer.middleware.standins", "learner", "--port", str(ports[1])]
        teacher = ["llm_server.py", "--backend", "tutor", "--port", str(ports[0])]
        stack.enter_context(process(teacher, llm, os.environ | named))
        stack.enter_context(process(stand_in, learner, os.environ | named))
        service = stack.enter_context(
            process(["middleware.py", "--port", str(ports[2])], middleware, os.environ | named)
        )
        driver = stack.enter_context(sync_playwright())
        browser = driver.chromium.launch(executable_path=CHROMIUM, args=list(FLAGS))
        stack.callback(browser.close)
        print("| | median | p95 | worst |\n|---|--:|--:|--:|")
        if given.only in (None, "paint"):
            with httpx2.Client(timeout=60, trust_env=False) as client:
                through(client, middleware, 50)
            paint(browser, middleware)
        if given.only in (None, "latency"):
            latency(browser, middleware)
        if given.only in (None, "scrolling"):
            scrolling(browser)
        if given.only in (None, "rate"):
            rate(browser, middleware, psutil.Process(service.pid), given)


if __name__ == "__main__":
    main()
