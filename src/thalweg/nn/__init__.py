"""Functional building blocks: activations, losses, normalisation, convolution, embedding, noise, images."""

from thalweg.nn.activations import *  # noqa: F403
from thalweg.nn.boxes import *  # noqa: F403
from thalweg.nn.colours import *  # noqa: F403
from thalweg.nn.convolution import *  # noqa: F403
from thalweg.nn.ctc import *  # noqa: F403
from thalweg.nn.ctc_decoding import *  # noqa: F403
from thalweg.nn.embedding import *  # noqa: F403
from thalweg.nn.fractional import *  # noqa: F403
from thalweg.nn.images import *  # noqa: F403
from thalweg.nn.likeness import *  # noqa: F403
from thalweg.nn.losses import *  # noqa: F403
from thalweg.nn.morphology import *  # noqa: F403
from thalweg.nn.noise import *  # noqa: F403
from thalweg.nn.normalisation import *  # noqa: F403
from thalweg.nn.quantisation import *  # noqa: F403
from thalweg.nn.sampling import *  # noqa: F403
