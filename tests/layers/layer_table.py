"""Every layer in a row: arguments, the shape of one input, the shape of the output, the number of weights."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from thalweg import layers as L


@dataclass(frozen=True)
class Row:
    """One case; shapes are without the batch. ``inputs`` is one shape, or a list of several."""

    cls: Callable[..., Any]
    args: dict[str, Any]
    inputs: Any
    output: Any
    params: int
    integers: int = 0  # inputs are whole numbers below this
    call: dict[str, Any] = field(default_factory=dict)
    random: bool = False  # training draws numbers
    smooth: bool = True  # gradients can be checked by finite differences

    @property
    def name(self) -> str:
        """The test's name."""
        return f"{self.cls.__name__}-{'-'.join(f'{k}={v}' for k, v in self.args.items())}"


def row(cls: Any, args: dict[str, Any], inputs: Any, output: Any, params: int = 0, **more: Any) -> Row:
    """A row with the layer's arguments as a dict."""
    return Row(cls, args, inputs, output, params, **more)


ROWS = [
    row(L.Dense, {"units": 3}, (4,), (3,), 15),
    row(L.Dense, {"units": 3, "activation": "tanh", "use_bias": False}, (5, 4), (5, 3), 12),
    row(L.Dense, {"units": 2, "kernel_regularizer": "l2", "kernel_constraint": "max_norm"}, (3,), (2,), 8),
    row(L.Activation, {"activation": "gelu"}, (4,), (4,)),
    row(L.Activation, {"activation": "softmax"}, (4,), (4,)),
    row(L.LeakyReLU, {}, (4,), (4,), smooth=False),
    row(L.LeakyReLU, {"alpha": 0.1}, (4,), (4,), smooth=False),
    row(L.PReLU, {}, (3, 4), (3, 4), 12, smooth=False),
    row(L.PReLU, {"shared_axes": [1]}, (3, 4), (3, 4), 4, smooth=False),
    row(L.ELU, {"alpha": 0.5}, (4,), (4,), smooth=False),
    row(L.ReLU, {"max_value": 6.0, "negative_slope": 0.1, "threshold": 0.5}, (4,), (4,), smooth=False),
    row(L.Softmax, {"axis": 1}, (3, 4), (3, 4)),
    row(L.Maxout, {"units": 3, "pieces": 2}, (4,), (3,), 30, smooth=False),
    row(L.Identity, {}, (4,), (4,)),
    row(L.Dropout, {"rate": 0.5}, (6,), (6,), random=True),
    row(L.Dropout, {"rate": 0.5, "noise_shape": (None, 1)}, (6,), (6,), random=True),
    row(L.SpatialDropout1D, {"rate": 0.5}, (5, 3), (5, 3), random=True),
    row(L.SpatialDropout2D, {"rate": 0.5}, (4, 5, 3), (4, 5, 3), random=True),
    row(L.GaussianDropout, {"rate": 0.5}, (6,), (6,), random=True),
    row(L.GaussianNoise, {"stddev": 0.5}, (6,), (6,), random=True),
    row(L.AlphaDropout, {"rate": 0.5}, (6,), (6,), random=True),
    row(L.Dropout, {"rate": 0.5, "seed": 3}, (6,), (6,), random=True),
    row(L.GaussianNoise, {"stddev": 0.5, "seed": 3}, (6,), (6,), random=True),
    row(L.RandomFlip, {}, (4, 5, 2), (4, 5, 2), random=True),
    row(
        L.RandomFlip,
        {"mode": "vertical", "data_format": "channels_first", "seed": 2},
        (2, 4, 5),
        (2, 4, 5),
        random=True,
    ),
    row(L.RandomRotation, {"factor": 0.2, "seed": 5}, (4, 5, 2), (4, 5, 2), random=True),
    row(L.RandomZoom, {"height_factor": 0.5, "fill_mode": "wrap"}, (4, 5, 2), (4, 5, 2), random=True),
    row(
        L.RandomTranslation,
        {"height_factor": (0.1, 0.5), "width_factor": 0.5, "fill_mode": "constant", "fill_value": 3.0},
        (4, 5, 2),
        (4, 5, 2),
        random=True,
    ),
    row(L.RandomRotation, {"factor": 0.2, "interpolation": "nearest"}, (4, 5, 1), (4, 5, 1), random=True),
    row(L.RandomCrop, {"height": 3, "width": 2, "seed": 1}, (6, 7, 2), (3, 2, 2), random=True),
    row(L.RandomCrop, {"height": 6, "width": 6}, (3, 9, 2), (6, 6, 2)),
    row(L.RandomContrast, {"factor": 0.5, "value_range": (-5, 5)}, (4, 5, 2), (4, 5, 2), random=True),
    row(L.RandomBrightness, {"factor": 0.5, "value_range": (-5, 5)}, (4, 5, 2), (4, 5, 2), random=True),
    row(L.Resizing, {"height": 3, "width": 8}, (4, 6, 2), (3, 8, 2)),
    row(L.Resizing, {"height": 3, "width": 3, "interpolation": "nearest"}, (4, 6, 2), (3, 3, 2)),
    row(L.Resizing, {"height": 3, "width": 3, "data_format": "channels_first"}, (2, 4, 6), (2, 3, 3)),
    row(L.Resizing, {"height": 4, "width": 4, "crop_to_aspect_ratio": True}, (4, 6, 2), (4, 4, 2)),
    row(L.Resizing, {"height": 4, "width": 4, "pad_to_aspect_ratio": True}, (4, 6, 2), (4, 4, 2)),
    row(L.CenterCrop, {"height": 2, "width": 3}, (4, 6, 2), (2, 3, 2)),
    row(L.CenterCrop, {"height": 5, "width": 3}, (4, 6, 2), (5, 3, 2)),
    row(
        L.RandomShear, {"x_factor": 0.3, "y_factor": (0.1, 0.2), "seed": 4}, (4, 5, 2), (4, 5, 2), random=True
    ),
    row(L.RandomGrayscale, {"factor": 0.5, "seed": 2}, (4, 5, 3), (4, 5, 3), random=True),
    row(
        L.RandomInvert, {"factor": 0.5, "value_range": (-1, 1), "seed": 2}, (4, 5, 3), (4, 5, 3), random=True
    ),
    row(L.ActivityRegularization, {"l1": 0.1, "l2": 0.2}, (4,), (4,)),
    row(L.AlphaDropout, {"rate": 0.5, "noise_shape": (None, 1)}, (6,), (6,), random=True),
    row(
        L.SpatialDropout2D, {"rate": 0.5, "data_format": "channels_first"}, (3, 4, 5), (3, 4, 5), random=True
    ),
    row(L.AdaptiveAveragePooling1D, {"output_size": 3}, (7, 2), (3, 2)),
    row(
        L.AdaptiveAveragePooling2D,
        {"output_size": (2, 3), "data_format": "channels_first"},
        (2, 5, 7),
        (2, 2, 3),
    ),
    row(L.AdaptiveAveragePooling3D, {"output_size": 2}, (3, 4, 5, 2), (2, 2, 2, 2)),
    row(L.AdaptiveMaxPooling1D, {"output_size": 3}, (7, 2), (3, 2), smooth=False),
    row(L.AdaptiveMaxPooling2D, {"output_size": 3}, (5, 7, 2), (3, 3, 2), smooth=False),
    row(L.AdaptiveMaxPooling3D, {"output_size": 2}, (3, 4, 5, 2), (2, 2, 2, 2), smooth=False),
    row(L.SpectralNormalization, {"layer": L.Dense(3), "power_iterations": 2}, (4,), (3,), 18),
    row(L.Flatten, {}, (2, 3, 4), (24,)),
    row(L.Flatten, {"data_format": "channels_first"}, (2, 3, 4), (24,)),
    row(L.Flatten, {}, (), (1,)),
    row(L.Reshape, {"target_shape": (3, -1)}, (12,), (3, 4)),
    row(L.Permute, {"dims": (2, 1)}, (3, 4), (4, 3)),
    row(L.RepeatVector, {"n": 3}, (4,), (3, 4)),
    row(L.ZeroPadding1D, {"padding": (1, 2)}, (4, 3), (7, 3)),
    row(L.ZeroPadding2D, {"padding": ((1, 0), (2, 1))}, (4, 5, 3), (5, 8, 3)),
    row(L.ZeroPadding3D, {}, (2, 3, 4, 2), (4, 5, 6, 2)),
    row(L.Cropping1D, {"cropping": (1, 0)}, (4, 3), (3, 3)),
    row(L.Cropping2D, {"cropping": 1}, (5, 6, 2), (3, 4, 2)),
    row(L.Cropping3D, {"cropping": 1}, (4, 5, 6, 2), (2, 3, 4, 2)),
    row(L.UpSampling1D, {"size": 3}, (4, 2), (12, 2)),
    row(L.UpSampling2D, {"size": (2, 3)}, (4, 5, 2), (8, 15, 2)),
    row(L.UpSampling3D, {}, (2, 3, 4, 2), (4, 6, 8, 2)),
    row(L.Conv1D, {"filters": 4, "kernel_size": 3}, (7, 2), (5, 4), 28),
    row(
        L.Conv1D,
        {"filters": 4, "kernel_size": 3, "padding": "causal", "dilation_rate": 2},
        (7, 2),
        (7, 4),
        28,
    ),
    row(
        L.Conv2D, {"filters": 4, "kernel_size": 3, "strides": 2, "padding": "same"}, (5, 6, 2), (3, 3, 4), 76
    ),
    row(L.Conv2D, {"filters": 4, "kernel_size": 3, "groups": 2}, (5, 6, 2), (3, 4, 4), 40),
    row(
        L.Conv2D, {"filters": 4, "kernel_size": 3, "data_format": "channels_first"}, (2, 5, 6), (4, 3, 4), 76
    ),
    row(L.Conv2D, {"filters": 4, "kernel_size": (1, 3), "use_bias": False}, (5, 6, 2), (5, 4, 4), 24),
    row(L.Conv3D, {"filters": 2, "kernel_size": 2}, (3, 4, 5, 2), (2, 3, 4, 2), 34),
    row(L.DepthwiseConv1D, {"kernel_size": 3}, (6, 2), (4, 2), 8),
    row(L.DepthwiseConv2D, {"kernel_size": 3, "depth_multiplier": 2}, (5, 6, 2), (3, 4, 4), 40),
    row(L.SeparableConv1D, {"filters": 4, "kernel_size": 3}, (6, 2), (4, 4), 18),
    row(L.SeparableConv2D, {"filters": 4, "kernel_size": 3, "padding": "same"}, (5, 6, 2), (5, 6, 4), 30),
    row(L.Conv1DTranspose, {"filters": 4, "kernel_size": 3, "strides": 2}, (5, 2), (11, 4), 28),
    row(
        L.Conv2DTranspose,
        {"filters": 4, "kernel_size": 3, "strides": 2, "padding": "same"},
        (3, 4, 2),
        (6, 8, 4),
        76,
    ),
    row(L.Conv3DTranspose, {"filters": 2, "kernel_size": 2}, (2, 3, 2, 2), (3, 4, 3, 2), 34),
    row(L.MaxPooling1D, {}, (6, 2), (3, 2), smooth=False),
    row(
        L.MaxPooling2D, {"pool_size": 3, "strides": 2, "padding": "same"}, (5, 6, 2), (3, 3, 2), smooth=False
    ),
    row(L.MaxPooling3D, {}, (4, 4, 4, 2), (2, 2, 2, 2), smooth=False),
    row(L.AveragePooling1D, {}, (6, 2), (3, 2)),
    row(L.AveragePooling2D, {"pool_size": 2, "padding": "same"}, (5, 6, 2), (3, 3, 2)),
    row(L.AveragePooling2D, {"data_format": "channels_first"}, (2, 6, 6), (2, 3, 3)),
    row(L.AveragePooling3D, {}, (4, 4, 4, 2), (2, 2, 2, 2)),
    row(L.GlobalMaxPooling1D, {}, (6, 2), (2,), smooth=False),
    row(L.GlobalMaxPooling2D, {"keepdims": True}, (4, 5, 2), (1, 1, 2), smooth=False),
    row(L.GlobalMaxPooling3D, {}, (2, 3, 4, 2), (2,), smooth=False),
    row(L.GlobalAveragePooling1D, {}, (6, 2), (2,)),
    row(L.GlobalAveragePooling2D, {}, (4, 5, 2), (2,)),
    row(L.GlobalAveragePooling3D, {}, (2, 3, 4, 2), (2,)),
    row(L.BatchNormalization, {}, (4,), (4,), 16),
    row(L.BatchNormalization, {"axis": 1, "scale": False}, (3, 4, 5), (3, 4, 5), 9),
    row(L.LayerNormalization, {}, (3, 4), (3, 4), 8),
    row(L.LayerNormalization, {"axis": [1, 2], "center": False}, (3, 4), (3, 4), 12),
    row(L.RMSNormalization, {}, (3, 4), (3, 4), 4),
    row(L.GroupNormalization, {"groups": 2}, (5, 4), (5, 4), 8),
    row(L.UnitNormalization, {}, (4,), (4,)),
    row(L.Embedding, {"input_dim": 7, "output_dim": 3}, (5,), (5, 3), 21, integers=7),
    row(L.CategoryEncoding, {"num_tokens": 5, "output_mode": "multi_hot"}, (3,), (5,), integers=5),
    row(L.CategoryEncoding, {"num_tokens": 5, "output_mode": "count"}, (3,), (5,), integers=5),
    row(L.CategoryEncoding, {"num_tokens": 5, "output_mode": "one_hot"}, (1,), (5,), integers=5),
    row(L.CategoryEncoding, {"num_tokens": 5, "output_mode": "one_hot"}, (3,), (3, 5), integers=5),
    row(L.IntegerLookup, {"vocabulary": [1, 3]}, (3,), (3,), integers=5),
    row(L.IntegerLookup, {"vocabulary": [1, 3], "output_mode": "one_hot"}, (3,), (3, 3), integers=5),
    row(
        L.IntegerLookup,
        {"vocabulary": [1, 3], "output_mode": "count", "mask_token": 0},
        (3,),
        (3,),
        integers=5,
    ),
    row(L.Hashing, {"num_bins": 4}, (3,), (3,), integers=50),
    row(L.Hashing, {"num_bins": 4, "salt": 7, "output_mode": "multi_hot"}, (3,), (4,), integers=50),
    row(L.Discretization, {"bin_boundaries": [1.0, 2.5]}, (4,), (4,), integers=5),
    row(L.Discretization, {"bin_boundaries": [1.0, 2.5], "output_mode": "count"}, (4,), (3,), integers=5),
    row(L.Rescaling, {"scale": 0.5, "offset": 1.0}, (4,), (4,)),
    row(L.STFTSpectrogram, {"frame_length": 8}, (20, 2), (4, 10), 80),
    row(
        L.MelSpectrogram,
        {"fft_length": 8, "sequence_stride": 4, "num_mel_bins": 3, "min_freq": 0},
        (20,),
        (3, 6),
    ),
    row(L.Dense, {"units": 3, "lora_rank": 2}, (4,), (3,), 29),
    row(L.Embedding, {"input_dim": 7, "output_dim": 3, "lora_rank": 2}, (4,), (4, 3), 41, integers=7),
    row(L.Conv1D, {"filters": 4, "kernel_size": 2, "lora_rank": 2}, (5, 3), (4, 4), 48),
    row(L.Pipeline, {"layers": [L.Rescaling(2.0), L.Rescaling(0.5, 1.0)]}, (4,), (4,)),
    row(L.Normalization, {"mean": [1.0, 2.0], "variance": [4.0, 9.0]}, (3, 2), (3, 2)),
    row(L.SimpleRNN, {"units": 4}, (5, 3), (4,), 32),
    row(L.SimpleRNN, {"units": 4, "return_sequences": True, "go_backwards": True}, (5, 3), (5, 4), 32),
    row(L.LSTM, {"units": 4}, (5, 3), (4,), 128),
    row(L.LSTM, {"units": 4, "return_sequences": True}, (5, 3), (5, 4), 128),
    row(L.LSTM, {"units": 4, "dropout": 0.5, "recurrent_dropout": 0.5}, (5, 3), (4,), 128, random=True),
    row(
        L.LSTM,
        {"units": 4, "dropout": 0.5, "recurrent_dropout": 0.5, "seed": 2},
        (5, 3),
        (4,),
        128,
        random=True,
    ),
    row(L.GRU, {"units": 4, "recurrent_dropout": 0.5, "seed": 2}, (5, 3), (4,), 108, random=True),
    row(L.Attention, {"dropout": 0.5, "seed": 2}, [(4, 3), (5, 3)], (4, 3), random=True),
    row(L.GRU, {"units": 4}, (5, 3), (4,), 108),
    row(L.GRU, {"units": 4, "reset_after": False, "return_sequences": True}, (5, 3), (5, 4), 96),
    row(L.RNN, {"cell": L.LSTMCell(4)}, (5, 3), (4,), 128),
    row(L.RNN, {"cell": L.PeepholeLSTMCell(4)}, (5, 3), (4,), 140),
    row(L.RNN, {"cell": L.SimpleRNNCell(4), "return_sequences": True}, (5, 3), (5, 4), 32),
    row(L.RNN, {"cell": L.GRUCell(4, dropout=0.5, recurrent_dropout=0.5)}, (5, 3), (4,), 108, random=True),
    row(L.RNN, {"cell": L.StackedRNNCells([L.LSTMCell(4), L.GRUCell(3)])}, (5, 3), (3,), 209),
    row(L.Bidirectional, {"layer": L.LSTM(3, return_sequences=True)}, (5, 2), (5, 6), 144),
    row(L.Bidirectional, {"layer": L.GRU(3), "merge_mode": "sum"}, (5, 2), (3,), 126),
    row(L.TimeDistributed, {"layer": L.Dense(3)}, (5, 2), (5, 3), 9),
    row(L.TimeDistributed, {"layer": L.Conv2D(2, 3)}, (4, 5, 5, 1), (4, 3, 3, 2), 20),
    row(L.Add, {}, [(3,), (3,), (3,)], (3,)),
    row(L.Subtract, {}, [(3,), (3,)], (3,)),
    row(L.Multiply, {}, [(3, 2), (1, 2)], (3, 2)),
    row(L.Average, {}, [(3,), (3,)], (3,)),
    row(L.Maximum, {}, [(3,), (3,)], (3,), smooth=False),
    row(L.Minimum, {}, [(3,), (3,)], (3,), smooth=False),
    row(L.Concatenate, {}, [(3, 2), (3, 4)], (3, 6)),
    row(L.Concatenate, {"axis": 1}, [(3, 2), (1, 2)], (4, 2)),
    row(L.Dot, {"axes": 1}, [(3,), (3,)], (1,)),
    row(L.Dot, {"axes": (2, 1), "normalize": True}, [(4, 3), (3, 5)], (4, 5)),
    row(L.Attention, {"use_scale": True}, [(4, 3), (5, 3)], (4, 3), 1),
    row(L.Attention, {"score_mode": "concat"}, [(4, 3), (5, 3)], (4, 3), 1),
    row(L.AdditiveAttention, {}, [(4, 3), (5, 3)], (4, 3), 3),
    row(
        L.EinsumDense, {"equation": "...x,xy->...y", "output_shape": 4, "bias_axes": "y"}, (5, 3), (5, 4), 16
    ),
    row(L.UpSampling2D, {"size": 2, "interpolation": "bilinear"}, (3, 4, 2), (6, 8, 2)),
    row(
        L.UpSampling2D,
        {"size": 2, "interpolation": "bilinear", "data_format": "channels_first"},
        (2, 3, 4),
        (2, 6, 8),
    ),
]
