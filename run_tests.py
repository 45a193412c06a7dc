"""Runs every check of both projects and of the repository: ``python run_tests.py --help``.

This file must parse on any Python, however old, to be able to say that it is too old.
"""

import sys

if sys.version_info < (3, 10):
    found = ".".join(map(str, sys.version_info[:2]))
    sys.stderr.write("The tests need Python 3.10 or newer, and this is " + found + "; run them with a newer one.\n")
    sys.exit(2)

from launch.testing import main

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
