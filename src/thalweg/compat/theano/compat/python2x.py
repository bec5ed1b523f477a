"""``theano.compat.python2x``: containers that came with later Pythons."""

from __future__ import annotations

from collections import Counter as Counter
from collections import OrderedDict as OrderedDict
from collections import defaultdict as defaultdict
from functools import partial as partial

DictMixin = dict

__all__ = ["Counter", "DictMixin", "OrderedDict", "defaultdict", "partial"]
