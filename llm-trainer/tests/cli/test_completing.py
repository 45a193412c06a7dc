from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from llm_trainer.cli.completing import Shell
from llm_trainer.cli.orchestrator import main
from tests.cli.fake import FakeMiddleware
from tests.serving import wait_until

HOME = Path(__file__).parents[2]


def asked(words: str, at: int, **environment: str) -> list[str]:
    """What bash would be offered for the word number ``at`` of ``words``."""
    given = {"COMP_WORDS": words, "COMP_CWORD": str(at), "_LLM_TRAINER_COMPLETE": "complete_bash"}
    code = "import sys; sys.argv[0] = 'llm-trainer'; from llm_trainer.cli.orchestrator import main; sys.exit(main())"
    ran = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, **given, **environment},
        cwd=HOME,
        capture_output=True,
        text=True,
        check=True,
    )
    return ran.stdout.split()


def test_verbs_values_and_names_of_sessions_are_offered(middleware: FakeMiddleware) -> None:
    fake_url = {"TRAINER_MIDDLEWARE_URL": middleware.url}

    assert asked("llm-trainer st", 1) == ["start", "stop", "step", "status"]
    assert asked("llm-trainer start --strategy q", 3) == ["quiz"]
    assert asked("llm-trainer export --format js", 3) == ["json", "jsonl"]
    wait_until(lambda: asked("llm-trainer log ", 2, **fake_url) == ["session_20260101_000000"], 60)
    assert asked("llm-trainer log ", 2, TRAINER_MIDDLEWARE_URL="http://127.0.0.1:9") == []


@pytest.mark.parametrize("shell", [each.value for each in Shell])
def test_each_shells_script_names_the_program_and_how_to_keep_it(
    shell: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["completion", shell]) == 0

    printed = capsys.readouterr().out
    assert "# for good:" in printed
    assert "_LLM_TRAINER_COMPLETE" in printed
    assert printed.startswith("#compdef llm-trainer\n") == (shell == "zsh")


@pytest.mark.skipif(not shutil.which("bash"), reason="there is no bash here")
def test_bash_can_read_its_script(capsys: pytest.CaptureFixture[str]) -> None:
    main(["completion", "bash"])
    printed = capsys.readouterr().out
    ran = subprocess.run(
        ["bash", "-c", f"{printed}\ncomplete -p llm-trainer"], capture_output=True, text=True, check=True
    )

    assert "_llm_trainer_completion" in ran.stdout


def test_no_shell_of_that_name_is_wrong_use(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["completion", "tcsh"]) == 2
    assert "powershell" in capsys.readouterr().err


def test_only_watch_imports_the_library_that_draws_the_screen() -> None:
    code = (
        "import sys, llm_trainer.cli.orchestrator, llm_trainer.cli.launcher, llm_trainer.middleware.main, "
        "llm_trainer.llm_server.main; sys.exit('textual' in sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], cwd=HOME, check=True)
