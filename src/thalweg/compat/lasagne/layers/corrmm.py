"""``lasagne.layers.corrmm``: convolution by matrix products, under its name."""

from thalweg.compat.lasagne.layers.conv import Conv2DLayer as Conv2DMMLayer

__all__ = ["Conv2DMMLayer"]
