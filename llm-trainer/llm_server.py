"""Start the LLM server: ``python llm_server.py --help``."""

import sys

from llm_trainer.cli.handing import run

if __name__ == "__main__":
    sys.exit(run("llm_trainer.llm_server.main"))
