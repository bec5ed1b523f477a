"""``theano.compile.sandbox``: where shared variables and functions of them were until Theano 0.1."""

from __future__ import annotations

from thalweg.compat.theano.compile.pfunc import pfunc as pfunc
from thalweg.compat.theano.compile.sharedvalue import shared as shared
