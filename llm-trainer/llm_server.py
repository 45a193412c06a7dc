"""Start the LLM server: ``python llm_server.py --help``."""

import sys

from llm_trainer.llm_server.main import main

if __name__ == "__main__":
    sys.exit(main())
