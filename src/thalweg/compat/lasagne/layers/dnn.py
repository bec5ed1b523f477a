"""``lasagne.layers.dnn``: the layers that a graphics library computed, under its names."""

from thalweg.compat.lasagne.layers.conv import Conv2DLayer as Conv2DDNNLayer
from thalweg.compat.lasagne.layers.conv import Conv3DLayer as Conv3DDNNLayer
from thalweg.compat.lasagne.layers.normalization import BatchNormLayer as BatchNormDNNLayer
from thalweg.compat.lasagne.layers.normalization import batch_norm as batch_norm_dnn
from thalweg.compat.lasagne.layers.pool import MaxPool2DLayer as MaxPool2DDNNLayer
from thalweg.compat.lasagne.layers.pool import MaxPool3DLayer as MaxPool3DDNNLayer
from thalweg.compat.lasagne.layers.pool import Pool2DLayer as Pool2DDNNLayer
from thalweg.compat.lasagne.layers.pool import Pool3DLayer as Pool3DDNNLayer
from thalweg.compat.lasagne.layers.pool import SpatialPyramidPoolingLayer as SpatialPyramidPoolingDNNLayer

__all__ = [
    "BatchNormDNNLayer", "Conv2DDNNLayer", "Conv3DDNNLayer", "MaxPool2DDNNLayer", "MaxPool3DDNNLayer", "Pool2DDNNLayer",
    "Pool3DDNNLayer", "SpatialPyramidPoolingDNNLayer", "batch_norm_dnn",
]  # fmt: skip
