"""Starts the LLM server and the middleware, runs a training session and shows it: ``python start_training.py --help``.

This file must parse on any Python, however old, to be able to say that it is too old.
"""

import sys

if sys.version_info < (3, 10):  # noqa: UP036
    found = ".".join(map(str, sys.version_info[:2]))
    sys.stderr.write("The trainer needs Python 3.10 or newer, and this is " + found + "; run it with a newer one.\n")
    sys.exit(2)

from llm_trainer.cli.starting import main

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
