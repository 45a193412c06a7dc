"""Starts CEREBRUM and, where its folder exists, the LLM Trainer that teaches it: ``python start.py --help``.

This file must parse on any Python, however old, to be able to say that it is too old.
"""

import sys

if sys.version_info < (3, 10):
    sys.stderr.write(
        "CEREBRUM needs Python 3.10 or newer, and this is Python {}.{}; install a newer one and run start.py with it.\n".format(
            *sys.version_info[:2]
        )
    )
    sys.exit(2)

from launch.starting import main

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
