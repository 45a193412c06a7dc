"""Starts CEREBRUM and, where its folder exists, the LLM Trainer that teaches it: ``python start.py --help``.

This file must parse on any Python, however old, to be able to say that it is too old.
"""

import sys

if sys.version_info < (3, 10):
    found = ".".join(map(str, sys.version_info[:2]))
    sys.stderr.write("CEREBRUM needs Python 3.10 or newer, and this is " + found + "; run it with a newer one.\n")
    sys.exit(2)

from launch.starting import main

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
