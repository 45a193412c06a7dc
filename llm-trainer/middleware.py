"""Start the middleware on port 8002: ``python middleware.py --help``."""

import sys

from llm_trainer.cli.handing import run

if __name__ == "__main__":
    sys.exit(run("llm_trainer.middleware.main"))
