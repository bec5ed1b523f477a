"""The door for ``python -m thalweg``: the same commands as the ``thalweg`` program."""

import sys

from thalweg.cli import main

if __name__ == "__main__":
    sys.exit(main())
