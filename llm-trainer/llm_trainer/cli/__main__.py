"""``llm-trainer``: the same commands as ``conversation_orchestrator.py``."""

import sys

from llm_trainer.cli.orchestrator import main

if __name__ == "__main__":
    sys.exit(main())
