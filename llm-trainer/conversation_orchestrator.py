"""Starts, steers and follows training sessions: ``python conversation_orchestrator.py --help``."""

import sys

try:
    from llm_trainer.cli.orchestrator import main
except ModuleNotFoundError as error:
    sys.stderr.write(f"{error.name} is not installed; run `pip install -r requirements.txt` in this folder first.\n")
    sys.exit(2)

if __name__ == "__main__":
    sys.exit(main())
