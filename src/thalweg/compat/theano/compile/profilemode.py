"""``theano.compile.profilemode``."""

from thalweg.compat.theano.modes import Mode


class ProfileMode(Mode):
    """Kept for the programs that ask for it; ``thalweg`` has a profile of its own."""

    def print_summary(self, n_apply_to_print: int = 15, n_ops_to_print: int = 20) -> None:
        """Nothing was recorded."""
