"""Start the middleware on port 8002: ``python middleware.py --help``."""

import sys

from llm_trainer.middleware.main import main

if __name__ == "__main__":
    sys.exit(main())
