"""``theano.compile.profilemode``."""

from typing import Any

from thalweg.compat.theano.modes import Mode


class ProfileMode(Mode):
    """Kept for the programs that ask for it; ``thalweg`` has a profile of its own."""

    def print_summary(self, **_: Any) -> None:
        """Nothing was recorded."""
