"""Layers: functions of tensors that own weights."""

from thalweg.layers import activations as activations
from thalweg.layers.attention import *  # noqa: F403
from thalweg.layers.base import Layer as Layer
from thalweg.layers.base import clear_session as clear_session
from thalweg.layers.cells import *  # noqa: F403
from thalweg.layers.conv import *  # noqa: F403
from thalweg.layers.conv_recurrent import *  # noqa: F403
from thalweg.layers.core import *  # noqa: F403
from thalweg.layers.einsum import *  # noqa: F403
from thalweg.layers.embedding import *  # noqa: F403
from thalweg.layers.images import *  # noqa: F403
from thalweg.layers.local import *  # noqa: F403
from thalweg.layers.lookup import *  # noqa: F403
from thalweg.layers.merge import *  # noqa: F403
from thalweg.layers.nodes import Input as Input
from thalweg.layers.nodes import InputLayer as InputLayer
from thalweg.layers.noise import *  # noqa: F403
from thalweg.layers.normalization import *  # noqa: F403
from thalweg.layers.pooling import *  # noqa: F403
from thalweg.layers.preprocessing import *  # noqa: F403
from thalweg.layers.recurrent import *  # noqa: F403
from thalweg.layers.reshape import *  # noqa: F403
from thalweg.layers.spectrograms import *  # noqa: F403
from thalweg.layers.vectorization import *  # noqa: F403
from thalweg.layers.wrappers import *  # noqa: F403
from thalweg.registry import register as register
