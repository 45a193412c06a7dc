"""kill -9 of the launcher: the next start ends what it left behind, and the session goes on where it was."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from llm_trainer.cli.processes import end_leftovers
from llm_trainer.cli.starting import record
from tests.faults.crew import HOME, Crew
from tests.serving import wait_until

START = """
import sys
from llm_trainer.cli import starting
starting._make = lambda settings: None  # the environment is there: the tests run in it
sys.exit(starting.main(sys.argv[1:]))
"""


def is_in_charge(folder: Path, launcher: subprocess.Popen[bytes]) -> bool:
    """Whether the services are this launcher's: what an earlier one left runs on until then."""
    assert launcher.poll() is None, (folder / "launcher.log").read_text()[-2000:]
    try:
        return bool(json.loads(record(folder).read_text("utf-8"))["launcher"]["pid"] == launcher.pid)
    except (OSError, ValueError):
        return False


def launched(folder: Path, environment: dict[str, str]) -> subprocess.Popen[bytes]:
    wish = ["--exchanges", "1000000", "--delay", "0", "--teacher", "tutor"]
    with (folder / "launcher.log").open("ab") as log:
        return subprocess.Popen([sys.executable, "-c", START, *wish], cwd=HOME, env=environment, stdout=log, stderr=log)


@pytest.mark.slow
@pytest.mark.timeout(1800)
@pytest.mark.skipif(sys.platform == "win32", reason="needs SIGKILL")
@pytest.mark.promise("P1")
def test_after_kills_of_the_launcher_both_records_agree(tmp_path, figure, scale):
    kills, chance = scale(2, 30), random.Random(3)
    crew = Crew(tmp_path, is_real=False)
    settings = {**crew.middleware.environment, "TRAINER_MIDDLEWARE_PORT": str(crew.middleware.port)}
    settings |= {"TRAINER_LLM_SERVER_PORT": str(crew.llm.port)}
    settings.pop("TRAINER_LLM_SERVER_URL")
    environment = {**os.environ, **settings}
    crew.learner.start()
    launcher = launched(tmp_path, environment)
    try:
        for _ in range(kills):
            crew.until(lambda launcher=launcher: is_in_charge(tmp_path, launcher))
            crew.goes_on(3)
            time.sleep(chance.uniform(0.0, 0.3))  # a random instant, not a wait for anything
            launcher.kill()
            launcher.wait()
            launcher = launched(tmp_path, environment)
        crew.until(lambda: is_in_charge(tmp_path, launcher))
        crew.goes_on(5)
        launcher.send_signal(signal.SIGTERM)
        code = launcher.wait(60)
        crew.learner.close()
        taught, heard = crew.taught(), crew.heard()
        in_doubt = len(crew.unsettled())
    finally:
        launcher.kill()
        launcher.wait()
        end_leftovers(record(tmp_path), lambda _: None)
        for service in crew.all:
            service.close()
    figure("P1", launcher_kills=kills, exchanges=len(heard), equal=taught == heard, in_doubt=in_doubt)

    assert taught == heard, (tmp_path / "launcher.log").read_text()[-2000:]
    assert in_doubt == 0
    assert code == 128 + signal.SIGTERM
    assert len({key.partition(":")[0] for key, _, _ in heard}) == 1  # one session all along
    wait_until(lambda: crew.middleware.ask("GET", "/healthz") is None)
