"""``tf.contrib.seq2seq``: decoders, what they read, attention and beams."""

from __future__ import annotations

from thalweg.compat.tf1.contrib.seq2seq.attention import *  # noqa: F403
from thalweg.compat.tf1.contrib.seq2seq.beam import *  # noqa: F403
from thalweg.compat.tf1.contrib.seq2seq.decoders import *  # noqa: F403
from thalweg.compat.tf1.contrib.seq2seq.functions import *  # noqa: F403
from thalweg.compat.tf1.contrib.seq2seq.helpers import *  # noqa: F403
