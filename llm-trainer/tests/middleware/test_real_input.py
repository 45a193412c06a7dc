"""The main job on real input: recorded dialogues, taught by the real programs to the real learner."""

import os
import sys
import time

import httpx2
import pytest

from tests.serving import wait_until

from .test_kills import HOME, INTERPRETER, heard_by_cerebrum, real, recorded, running

DIALOGUES = HOME.parent.parent / "shared" / "data" / "persona_chat.jsonl.gz"
EXCHANGES = int(os.environ.get("REAL_EXCHANGES", "200"))


def recording(folder, ports):
    made = real(folder, ports)
    made["llm"] = [sys.executable, "llm_server.py", "--recorded", str(DIALOGUES), "--port", str(ports[1])]
    return made


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.skipif(sys.platform == "win32", reason="finds the learner's interpreter where Windows has none")
def test_the_log_has_as_many_lines_as_the_learner_counted(tmp_path):
    if not (DIALOGUES.exists() and INTERPRETER.exists()):
        pytest.skip(f"needs {DIALOGUES} and {INTERPRETER}")
    began = time.monotonic()
    with running(tmp_path, recording) as services:
        wait_until(lambda: all(service.says("/api/status") for service in services.values()), 90)
        ready = time.monotonic()
        url = services["middleware"].url
        plan = {"max_exchanges": EXCHANGES, "delay": 0}
        assert httpx2.post(f"{url}/api/training/start", json=plan, timeout=20, trust_env=False).status_code == 200
        wait_until(lambda: (services["middleware"].says("/api/training/status") or {}).get("running") is False, 800)
        taught, ended = recorded(url), time.monotonic()
        status = services["middleware"].says("/api/training/status")
        counted = services["learner"].says("/api/status")["exchanges"]
        for service in services.values():
            service.end()

    sys.stdout.write(f"{EXCHANGES} exchanges: set-up {ready - began:.1f} s, training {ended - ready:.1f} s\n")
    assert (status["end_reason"], status["exchanges_completed"]) == ("completed", EXCHANGES)
    assert len(taught) == counted == EXCHANGES
    assert taught == heard_by_cerebrum(tmp_path)
    assert (tmp_path / f"{status['name']}.json").exists()
