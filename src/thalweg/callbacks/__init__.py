"""Callbacks: what happens at the moments of training beside training itself."""

from thalweg.callbacks.core import *  # noqa: F403
from thalweg.callbacks.finder import *  # noqa: F403
from thalweg.callbacks.tensorboard import *  # noqa: F403
