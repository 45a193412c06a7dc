"""start.py with a real model in the process: every exchange recorded, and none that the gate should have caught."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.places import ROOT, python_of, start
from tests.promises import Figure, Scale

MODEL = ROOT.parent / "shared" / "models" / "stories260K-f32.gguf"
TEMPLATE = (
    "{% for m in messages %}{% if m.role=='user' %}Mom said, \"{{m.content}}\" "
    "{% elif m.role=='assistant' %}Tom said, \"{{m.content}}\" {% endif %}{% endfor %}"
    '{% if add_generation_prompt %}Tom said, "{% endif %}'
)
DEBRIS = re.compile(
    r"<\||\|>|</?[a-z]+>|\[/?INST\]|\*\*|```|https?:|\n|[\ud800-\udfff]|\x00"
    r"|(?i:\b(?:user|assistant|system)\s*:|as an ai\b|language model)"
)
"""Looked for apart from the gate, so that what it does not know is found too."""
AGAIN = """
import json, sys
from llm_trainer.session import prompts
from llm_trainer.session.guard import judge
session = json.load(sys.stdin)
caught = []
for each in session["exchanges"]:
    told = prompts.system(
        session_id=session["session_id"], topic=each["topic"], level=each["level"], strategy=session["strategy"],
        conversation=each["conversation"], first=False,
    )
    said = each["llm_to_cerebrum"]
    verdict = judge(said, prompt=told, canary=prompts.mark(session["session_id"]))
    if verdict.text != said:
        caught.append([each["number"], said, verdict.rejected, verdict.mended])
json.dump(caught, sys.stdout)
"""


def caught_again(session: dict[str, Any]) -> list[Any]:
    """What the gate would have mended or refused, had it looked at the record."""
    command = [python_of("llm-trainer"), "-c", AGAIN]
    ran = subprocess.run(
        command, check=False, cwd=ROOT / "llm-trainer", input=json.dumps(session), capture_output=True, text=True
    )
    assert ran.returncode == 0, ran.stderr
    return list(json.loads(ran.stdout))


@pytest.mark.promise("P16")
@pytest.mark.slow
@pytest.mark.timeout(1_500)
@pytest.mark.skipif(not MODEL.exists(), reason="needs the small models beside the project (../shared/models)")
@pytest.mark.skipif(not (ROOT / "llm-trainer").exists(), reason="the trainer is not here")
@pytest.mark.skipif(not (ROOT / "cerebrum").exists(), reason="CEREBRUM is not here")
def test_a_session_with_a_model_in_the_process_records_nothing_that_the_gate_should_have_caught(
    here: dict[str, str], tmp_path: Path, figure: Figure, scale: Scale
) -> None:
    exchanges = scale(40, 200)
    (tmp_path / "template.jinja").write_text(TEMPLATE, "utf-8")
    told = {
        "TRAINER_GGUF_TEMPLATE_PATH": str(tmp_path / "template.jinja"),
        "TRAINER_LLM_STOP": '["\\""]',
        "TRAINER_CONTEXT_TOKENS": "512",
        "TRAINER_GGUF_THREADS": "1",
    }
    process = start(ROOT, "--teacher", f"gguf:{MODEL}", "--exchanges", str(exchanges), "--delay", "0", **here, **told)
    output, _ = process.communicate(timeout=1_400)
    assert process.returncode == 0, output

    (written,) = Path(here["TRAINER_DATA_DIR"]).glob("session_*.json")
    session = json.loads(written.read_text("utf-8"))
    taught = session["exchanges"]
    caught = caught_again(session)
    debris = [each["llm_to_cerebrum"] for each in taught if DEBRIS.search(each["llm_to_cerebrum"])]
    mended = sum(bool(each["mended"]) for each in taught)
    sys.stdout.write(f"{len(taught)} exchanges with {MODEL.name}, mended {mended}, caught again {len(caught)}\n")
    figure("P16", model=MODEL.name, exchanges=len(taught), mended=mended, caught_again=len(caught), debris=len(debris))

    assert len(taught) == exchanges
    assert {each["speaker"] for each in taught} == {"gguf"}
    assert caught == []
    assert debris == []
    assert session["teacher"]["about"]["digest"]
    assert all("generation" in each["timings"] for each in taught)
