"""``theano.compile.debugmode``."""

from thalweg.compat.theano.modes import Mode


class DebugMode(Mode):
    """Kept for the programs that ask for it: every op has one implementation here, so there is nothing to compare."""
