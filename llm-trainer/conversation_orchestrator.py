"""Starts, steers and follows training sessions: ``python conversation_orchestrator.py --help``."""

import sys

from llm_trainer.cli.handing import run

if __name__ == "__main__":
    sys.exit(run("llm_trainer.cli.orchestrator"))
