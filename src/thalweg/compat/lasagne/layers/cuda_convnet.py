"""``lasagne.layers.cuda_convnet``: layers of another graphics library, under its names, for [N, C, H, W]."""

from thalweg.compat.lasagne.layers.conv import Conv2DLayer as Conv2DCCLayer
from thalweg.compat.lasagne.layers.dense import NINLayer as NINLayer_c01b
from thalweg.compat.lasagne.layers.pool import MaxPool2DLayer as MaxPool2DCCLayer

__all__ = ["Conv2DCCLayer", "MaxPool2DCCLayer", "NINLayer_c01b"]
