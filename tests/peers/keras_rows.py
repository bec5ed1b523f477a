"""What is asked of Keras and of us alike: class, arguments, inputs."""

from __future__ import annotations

from typing import Any

import numpy as np

from peers.values import numbers

RNN = (2, 4, 3)
IMAGE = (1, 5, 6, 2)
# class, arguments, shapes of the inputs (floats), further arguments of the call
LAYERS: list[tuple[str, dict[str, Any], list[tuple[int, ...]]]] = [
    ("Dense", {"units": 3, "activation": "tanh"}, [(2, 4)]),
    ("Conv1D", {"filters": 3, "kernel_size": 3, "padding": "causal", "dilation_rate": 2}, [(2, 6, 2)]),
    ("Conv1D", {"filters": 3, "kernel_size": 4, "strides": 3, "padding": "same"}, [(1, 8, 2)]),
    ("Conv2D", {"filters": 3, "kernel_size": 3, "strides": 2, "padding": "same"}, [IMAGE]),
    ("Conv2D", {"filters": 2, "kernel_size": (2, 3), "padding": "same", "dilation_rate": 2}, [IMAGE]),
    ("Conv3D", {"filters": 2, "kernel_size": 2, "strides": 2, "padding": "same"}, [(1, 3, 4, 3, 2)]),
    ("DepthwiseConv1D", {"kernel_size": 3, "padding": "same", "depth_multiplier": 2}, [(1, 5, 2)]),
    ("DepthwiseConv2D", {"kernel_size": 3, "strides": 2, "padding": "same"}, [IMAGE]),
    ("SeparableConv1D", {"filters": 3, "kernel_size": 3}, [(1, 6, 2)]),
    ("SeparableConv2D", {"filters": 3, "kernel_size": 2, "depth_multiplier": 2, "padding": "same"}, [IMAGE]),
    ("Conv1DTranspose", {"filters": 2, "kernel_size": 3, "strides": 2, "padding": "same"}, [(1, 4, 2)]),
    ("Conv2DTranspose", {"filters": 2, "kernel_size": 3, "strides": 2, "padding": "same"}, [(1, 3, 2, 2)]),
    ("Conv3DTranspose", {"filters": 2, "kernel_size": 2, "strides": 2}, [(1, 2, 1, 2, 2)]),
    ("MaxPooling1D", {"pool_size": 3, "strides": 2, "padding": "same"}, [(1, 6, 2)]),
    ("MaxPooling2D", {"pool_size": 3, "strides": 2, "padding": "same"}, [IMAGE]),
    ("AveragePooling1D", {"pool_size": 3, "strides": 2, "padding": "same"}, [(1, 6, 2)]),
    ("AveragePooling2D", {"pool_size": 3, "strides": 2, "padding": "same"}, [IMAGE]),
    ("GlobalAveragePooling1D", {}, [(2, 3, 2)]),
    ("GlobalAveragePooling2D", {"keepdims": True}, [IMAGE]),
    ("GlobalMaxPooling2D", {}, [IMAGE]),
    ("BatchNormalization", {}, [(2, 3, 2)]),
    ("BatchNormalization", {"axis": 1, "center": False}, [(2, 3, 2)]),
    ("LayerNormalization", {}, [(2, 3, 4)]),
    ("GroupNormalization", {"groups": 2}, [(2, 3, 4)]),
    ("UnitNormalization", {}, [(2, 3, 4)]),
    ("RMSNormalization", {}, [(2, 3, 4)]),
    ("PReLU", {"shared_axes": [1]}, [(2, 3, 2)]),
    ("LeakyReLU", {"negative_slope": 0.25}, [(2, 3)]),
    ("ELU", {"alpha": 0.5}, [(2, 3)]),
    ("ReLU", {"max_value": 0.75, "negative_slope": 0.125, "threshold": 0.25}, [(2, 6)]),
    ("Softmax", {"axis": 1}, [(2, 3, 2)]),
    ("SimpleRNN", {"units": 3}, [RNN]),
    ("SimpleRNN", {"units": 3, "return_sequences": True, "activation": "relu", "go_backwards": True}, [RNN]),
    ("LSTM", {"units": 3}, [RNN]),
    ("LSTM", {"units": 3, "return_sequences": True, "recurrent_activation": "hard_sigmoid"}, [RNN]),
    ("LSTM", {"units": 2, "go_backwards": True, "use_bias": False}, [RNN]),
    ("GRU", {"units": 3, "return_sequences": True}, [RNN]),
    ("GRU", {"units": 3, "reset_after": False}, [RNN]),
    ("ConvLSTM1D", {"filters": 2, "kernel_size": 3, "strides": 2, "dropout": 0.5}, [(2, 3, 7, 2)]),
    ("ConvLSTM2D", {"filters": 2, "kernel_size": 3, "padding": "same"}, [(2, 3, 4, 3, 2)]),
    ("ConvLSTM2D", {"filters": 2, "kernel_size": (2, 3), "return_sequences": True, "go_backwards": True,
                    "recurrent_activation": "hard_sigmoid"}, [(1, 3, 4, 5, 2)]),
    ("ConvLSTM3D", {"filters": 1, "kernel_size": 2, "use_bias": False}, [(1, 2, 3, 3, 3, 2)]),
    ("UpSampling1D", {"size": 2}, [(1, 3, 2)]),
    ("UpSampling2D", {"size": (2, 3)}, [(1, 2, 3, 1)]),
    ("UpSampling2D", {"size": (2, 3), "interpolation": "bilinear"}, [(1, 3, 2, 2)]),
    ("UpSampling2D", {"size": 2, "interpolation": "bicubic"}, [(1, 4, 3, 1)]),
    ("UpSampling3D", {"size": 2}, [(1, 1, 2, 2, 1)]),
    ("ZeroPadding2D", {"padding": ((1, 0), (2, 1))}, [(1, 2, 2, 1)]),
    ("Cropping2D", {"cropping": ((1, 0), (1, 2))}, [IMAGE]),
    ("Permute", {"dims": (2, 1)}, [(2, 3, 4)]),
    ("RepeatVector", {"n": 2}, [(2, 3)]),
    ("Add", {}, [(2, 3), (2, 3)]),
    ("Subtract", {}, [(2, 3), (2, 3)]),
    ("Average", {}, [(2, 3), (2, 3), (2, 3)]),
    ("Maximum", {}, [(2, 3), (2, 3)]),
    ("Minimum", {}, [(2, 3), (2, 3)]),
    ("Multiply", {}, [(2, 3), (2, 3)]),
    ("Concatenate", {"axis": 1}, [(2, 3, 2), (2, 1, 2)]),
    ("Dot", {"axes": (2, 1)}, [(2, 3, 4), (2, 4, 2)]),
    ("Dot", {"axes": 1, "normalize": True}, [(2, 3), (2, 3)]),
    ("Attention", {}, [(2, 3, 4), (2, 5, 4)]),
    ("Attention", {"use_scale": True, "score_mode": "concat"}, [(2, 3, 4), (2, 5, 4)]),
    ("AdditiveAttention", {}, [(2, 3, 4), (2, 5, 4)]),
    ("EinsumDense", {"equation": "abc,cde->abde", "output_shape": (None, 2, 2), "bias_axes": "e"}, [(2, 3, 4)]),
]  # fmt: skip

ACTIVATIONS = [
    "celu", "elu", "exponential", "gelu", "glu", "hard_shrink", "hard_sigmoid", "hard_silu", "hard_tanh", "leaky_relu",
    "linear", "log_sigmoid", "log_softmax", "mish", "relu", "relu6", "selu", "sigmoid", "silu", "soft_shrink",
    "softmax", "softplus", "softsign", "sparse_plus", "sparse_sigmoid", "sparsemax", "squareplus", "tanh",
    "tanh_shrink",
]  # fmt: skip

N, K = 12, 4
REAL, GUESS = numbers((N, 3), 1), numbers((N, 3), 2)
LABELS = (np.arange(N) * 7) % K
ONE_HOT = np.eye(K)[LABELS]
SCORES = np.exp(2 * numbers((N, K), 3))
SCORES = SCORES / SCORES.sum(axis=1, keepdims=True)
BITS, CHANCES = (numbers((N, 1), 4) > 0).astype(np.float64), (numbers((N, 1), 5) + 1) / 2
MANY, MANY_CHANCES = (REAL > 0).astype(np.float64), (GUESS + 1) / 2
DATA: dict[str, tuple[np.ndarray, np.ndarray]] = {
    "real": (REAL, GUESS),
    "positive": (np.abs(REAL) + 0.1, np.abs(GUESS) + 0.1),
    "labels": (LABELS, SCORES),
    "one-hot": (ONE_HOT, SCORES),
    "logits": (ONE_HOT, SCORES * 9),
    "label logits": (LABELS, SCORES * 9),
    "bits": (BITS, CHANCES),
    "bit logits": (BITS, CHANCES * 9 - 4),
    "many": (MANY, MANY_CHANCES),
    "signs": (BITS * 2 - 1, CHANCES * 4 - 2),
    "images": ((numbers((2, 4, 4, 3), 6) + 1) / 2, (numbers((2, 4, 4, 3), 7) + 1) / 2),
    "masks": ((REAL > 0).astype(np.float64), (GUESS + 1) / 2),
}
SAMPLE_WEIGHT = np.abs(numbers((N,), 9)) + 0.2

LOSSES: list[tuple[str, dict[str, Any], str]] = [
    ("MeanSquaredError", {}, "real"),
    ("MeanAbsoluteError", {}, "real"),
    ("MeanAbsolutePercentageError", {}, "real"),
    ("MeanSquaredLogarithmicError", {}, "positive"),
    ("CosineSimilarity", {}, "real"),
    ("Huber", {"delta": 0.4}, "real"),
    ("LogCosh", {}, "real"),
    ("Poisson", {}, "positive"),
    ("KLDivergence", {}, "one-hot"),
    ("KLDivergence", {}, "many"),
    ("Hinge", {}, "signs"),
    ("SquaredHinge", {}, "signs"),
    ("CategoricalHinge", {}, "one-hot"),
    ("BinaryCrossentropy", {}, "bits"),
    ("BinaryCrossentropy", {"from_logits": True, "label_smoothing": 0.1}, "bit logits"),
    ("BinaryFocalCrossentropy", {"apply_class_balancing": True}, "bits"),
    ("BinaryFocalCrossentropy", {"gamma": 3.0, "from_logits": True}, "bit logits"),
    ("CategoricalCrossentropy", {}, "one-hot"),
    ("CategoricalCrossentropy", {"from_logits": True, "label_smoothing": 0.2}, "logits"),
    ("CategoricalFocalCrossentropy", {}, "one-hot"),
    ("CategoricalFocalCrossentropy", {"alpha": 0.5, "from_logits": True}, "logits"),
    ("SparseCategoricalCrossentropy", {}, "labels"),
    ("SparseCategoricalCrossentropy", {"from_logits": True, "ignore_class": 2}, "label logits"),
    ("Dice", {}, "masks"),
    ("Dice", {"axis": (1, 2, 3)}, "images"),
    ("Tversky", {"alpha": 0.3, "beta": 0.7}, "masks"),
    ("Circle", {}, "circle"),
    ("CategoricalGeneralizedCrossEntropy", {"q": 0.7}, "labels"),
    ("BinaryCrossentropy", {}, "many"),
    ("BinaryCrossentropy", {"axis": 0}, "many"),
    ("BinaryFocalCrossentropy", {"axis": 0}, "many"),
    ("CategoricalFocalCrossentropy", {"label_smoothing": 0.25}, "one-hot"),
    ("CosineSimilarity", {"axis": 0}, "real"),
    ("Circle", {"gamma": 20.0, "margin": 0.25, "remove_diagonal": False}, "circle"),
    ("Tversky", {"alpha": 0.25, "axis": (1, 2, 3)}, "images"),
    ("CTC", {}, "ctc"),
    ("MeanSquaredError", {"reduction": "sum"}, "real"),
    ("MeanSquaredError", {"reduction": "mean_with_sample_weight"}, "real"),
]
POINTS = numbers((N, 5), 8)
DATA["ctc"] = (np.array([[1, 2, 0], [3, 3, 1]]), numbers((2, 8, 4), 10) * 3)
DATA["circle"] = (LABELS, POINTS / np.sqrt((POINTS**2).sum(axis=1, keepdims=True)))

METRICS: list[tuple[str, dict[str, Any], str]] = [
    ("BinaryAccuracy", {"threshold": 0.4}, "bits"),
    ("CategoricalAccuracy", {}, "one-hot"),
    ("SparseCategoricalAccuracy", {}, "labels"),
    ("TopKCategoricalAccuracy", {"k": 2}, "one-hot"),
    ("SparseTopKCategoricalAccuracy", {"k": 2}, "labels"),
    ("MeanSquaredError", {}, "real"),
    ("MeanAbsoluteError", {}, "real"),
    ("RootMeanSquaredError", {}, "real"),
    ("MeanAbsolutePercentageError", {}, "real"),
    ("MeanSquaredLogarithmicError", {}, "positive"),
    ("Poisson", {}, "positive"),
    ("KLDivergence", {}, "many"),
    ("CosineSimilarity", {}, "real"),
    ("Hinge", {}, "signs"),
    ("SquaredHinge", {}, "signs"),
    ("CategoricalHinge", {}, "one-hot"),
    ("BinaryCrossentropy", {}, "bits"),
    ("CategoricalCrossentropy", {}, "one-hot"),
    ("SparseCategoricalCrossentropy", {}, "labels"),
    ("R2Score", {}, "real"),
    ("Precision", {}, "bits"),
    ("Precision", {"thresholds": [0.2, 0.7]}, "bits"),
    ("Recall", {"class_id": 1}, "many"),
    ("Recall", {"top_k": 2}, "one-hot"),
    ("TruePositives", {}, "bits"),
    ("TrueNegatives", {}, "bits"),
    ("FalsePositives", {}, "bits"),
    ("FalseNegatives", {}, "bits"),
    ("AUC", {"num_thresholds": 50}, "bits"),
    ("F1Score", {"average": "macro"}, "one-hot"),
    ("FBetaScore", {"beta": 2.0, "threshold": 0.4}, "many"),
    ("BinaryIoU", {"target_class_ids": [0, 1], "threshold": 0.4}, "bits"),
    ("OneHotMeanIoU", {"num_classes": 4}, "one-hot"),
    ("OneHotIoU", {"num_classes": 4, "target_class_ids": [1]}, "one-hot"),
    ("SensitivityAtSpecificity", {"specificity": 0.4}, "bits"),
    ("SpecificityAtSensitivity", {"sensitivity": 0.6}, "bits"),
    ("PrecisionAtRecall", {"recall": 0.5}, "bits"),
    ("RecallAtPrecision", {"precision": 0.5}, "bits"),
    ("PearsonCorrelation", {}, "real"),
    ("ConcordanceCorrelation", {}, "real"),
    ("LogCoshError", {}, "real"),
    ("Mean", {}, "values"),
    ("Sum", {}, "values"),
    ("Accuracy", {}, "classes"),
    *(
        ("AUC", {"num_thresholds": 20, "curve": curve, "summation_method": method}, "bits")
        for curve in ("ROC", "PR", "PRGAIN")
        for method in ("interpolation", "minoring", "majoring")
    ),
    ("AUC", {"thresholds": [0.1, 0.35, 0.4, 0.75], "curve": "PR"}, "bits"),
    ("AUC", {"from_logits": True}, "bit logits"),
    ("AUC", {"multi_label": True, "num_thresholds": 30}, "many"),
    ("AUC", {"multi_label": True, "num_labels": 3, "label_weights": [0.5, 1.0, 2.0], "curve": "PR"}, "many"),
    ("AUC", {"label_weights": [0.5, 1.0, 2.0], "num_thresholds": 25}, "many"),
    ("AUC", {"num_thresholds": 25}, "many"),
    ("Precision", {"top_k": 2, "class_id": 1}, "one-hot"),
    ("Precision", {"top_k": 3, "thresholds": 0.3}, "one-hot"),
    ("TruePositives", {"thresholds": [0.25, 0.75]}, "many"),
    ("SensitivityAtSpecificity", {"specificity": 0.5, "class_id": 2, "num_thresholds": 21}, "many"),
    ("PrecisionAtRecall", {"recall": 0.75, "num_thresholds": 1}, "bits"),
    ("FBetaScore", {"beta": 0.5, "average": "micro"}, "one-hot"),
    ("F1Score", {"average": "weighted", "threshold": 0.3}, "many"),
    ("R2Score", {"class_aggregation": "variance_weighted_average"}, "real"),
    ("R2Score", {"num_regressors": 2}, "column"),
    ("CosineSimilarity", {"axis": 1}, "real"),
    ("MeanIoU", {"num_classes": 4, "ignore_class": 2}, "classes"),
    ("IoU", {"num_classes": 4, "target_class_ids": [0, 3]}, "classes"),
    ("IoU", {"num_classes": 4, "target_class_ids": [0, 3], "sparse_y_pred": False}, "labels"),
    ("OneHotIoU", {"num_classes": 4, "target_class_ids": [1, 2], "ignore_class": 0}, "one-hot"),
    ("SparseTopKCategoricalAccuracy", {"k": 2, "from_sorted_ids": True}, "sorted"),
    ("BinaryCrossentropy", {"from_logits": True, "label_smoothing": 0.25}, "bit logits"),
    ("CategoricalCrossentropy", {"label_smoothing": 0.25}, "one-hot"),
]
CLASSES = (np.arange(N) * 5) % K
DATA["column"] = (REAL[:, :1], GUESS[:, :1])
DATA["classes"] = (LABELS, CLASSES)
DATA["sorted"] = (LABELS, np.argsort(-SCORES, axis=1))

DATA["values"] = (REAL[:, 0], REAL[:, 0])

# Numbers that float32 holds exactly: TensorFlow rounds a Python number to it.
RATE, MOST, MUCH, TINY = 0.125, 0.875, 0.9375, 2.0**-20
BETAS = {"learning_rate": RATE, "beta_1": MOST, "beta_2": MUCH}
OPTIMIZERS: list[tuple[str, dict[str, Any]]] = [
    ("SGD", {"learning_rate": 0.03125}),
    ("SGD", {"learning_rate": 0.03125, "momentum": MOST}),
    ("SGD", {"learning_rate": 0.03125, "momentum": MOST, "nesterov": True}),
    ("RMSprop", {"learning_rate": 0.0625, "rho": MOST, "epsilon": 2.0**-7}),
    (
        "RMSprop",
        {"learning_rate": 0.0625, "rho": MOST, "epsilon": 2.0**-7, "centered": True, "momentum": 0.5},
    ),
    ("Adam", {**BETAS, "epsilon": TINY}),
    ("Adam", {**BETAS, "epsilon": TINY, "clipnorm": 0.5}),
    ("Adam", {**BETAS, "epsilon": TINY, "weight_decay": 0.015625}),
    ("AdamW", {**BETAS, "epsilon": TINY, "weight_decay": 0.015625}),
    ("Adamax", {**BETAS, "epsilon": TINY}),
    ("Nadam", {**BETAS, "epsilon": TINY}),
    ("Adagrad", {"learning_rate": 0.25, "initial_accumulator_value": RATE, "epsilon": TINY}),
    ("Adadelta", {"learning_rate": 1.0, "rho": MUCH, "epsilon": TINY}),
    (
        "Ftrl",
        {"learning_rate": 0.25, "initial_accumulator_value": RATE, "l1_regularization_strength": 0.015625},
    ),
    ("Lion", {"learning_rate": 0.0625, "beta_1": MOST, "beta_2": MUCH}),
    ("Adam", {**BETAS, "epsilon": TINY, "amsgrad": True}),
    ("Adam", {**BETAS, "epsilon": TINY, "clipvalue": 0.5}),
    ("Adam", {**BETAS, "epsilon": TINY, "global_clipnorm": 0.5}),
    ("SGD", {"learning_rate": 0.03125, "use_ema": True, "ema_momentum": MOST, "ema_overwrite_frequency": 3}),
    ("SGD", {"learning_rate": 0.03125, "gradient_accumulation_steps": 2}),
    ("SGD", {"learning_rate": 0.03125, "loss_scale_factor": 8.0}),
    (
        "Ftrl",
        {
            "learning_rate": 0.25,
            "initial_accumulator_value": RATE,
            "beta": 0.5,
            "l2_shrinkage_regularization_strength": 0.125,
        },
    ),
    ("Lamb", {**BETAS, "epsilon": TINY}),
    ("Adafactor", {"learning_rate": RATE, "beta_2_decay": -0.75, "clip_threshold": 0.5, "epsilon_2": TINY}),
    ("Muon", {"learning_rate": RATE, "muon_a": 3.4375, "muon_b": -4.75, "muon_c": 2.0, "rms_rate": 0.25,
              "momentum": MOST, "weight_decay": 0.125, "adam_beta_1": MOST, "adam_beta_2": MUCH, "epsilon": TINY,
              "adam_weight_decay": 0.25, "adam_lr_ratio": 0.5}),
    ("Muon", {"learning_rate": RATE, "muon_a": 3.4375, "muon_b": -4.75, "muon_c": 2.0, "rms_rate": None,
              "momentum": MOST, "weight_decay": None, "nesterov": False, "ns_steps": 3, "adam_weight_decay": None,
              "adam_beta_1": MOST, "adam_beta_2": MUCH, "epsilon": TINY}),
]  # fmt: skip
SCHEDULES: list[tuple[str, dict[str, Any]]] = [
    ("ExponentialDecay", {"initial_learning_rate": 0.5, "decay_steps": 4, "decay_rate": 0.75}),
    ("ExponentialDecay", {"initial_learning_rate": 0.5, "decay_steps": 4, "decay_rate": 0.75, "staircase": True}),
    ("InverseTimeDecay", {"initial_learning_rate": 0.5, "decay_steps": 4, "decay_rate": 0.75}),
    ("InverseTimeDecay", {"initial_learning_rate": 0.5, "decay_steps": 4, "decay_rate": 0.75, "staircase": True}),
    ("PolynomialDecay", {"initial_learning_rate": 0.5, "decay_steps": 8, "end_learning_rate": 0.125, "power": 2.0}),
    ("PolynomialDecay", {"initial_learning_rate": 0.5, "decay_steps": 8, "end_learning_rate": 0.125, "cycle": True}),
    ("CosineDecay", {"initial_learning_rate": 0.5, "decay_steps": 8, "alpha": 0.125}),
    ("CosineDecay", {"initial_learning_rate": 0.5, "decay_steps": 8, "warmup_steps": 4}),
    ("CosineDecay", {"initial_learning_rate": 0.125, "decay_steps": 8, "warmup_target": 0.5, "warmup_steps": 4}),
    ("CosineDecayRestarts", {"initial_learning_rate": 0.5, "first_decay_steps": 3}),
    ("CosineDecayRestarts", {"initial_learning_rate": 0.5, "first_decay_steps": 5, "t_mul": 1.5, "m_mul": 0.75,
                             "alpha": 0.25}),
    ("CosineDecayRestarts", {"initial_learning_rate": 0.5, "first_decay_steps": 4, "t_mul": 1.0, "m_mul": 0.5}),
    ("PiecewiseConstantDecay", {"boundaries": [3, 7], "values": [1.0, 0.5, 0.25]}),
]  # fmt: skip
REGULARIZERS: list[tuple[str, dict[str, Any]]] = [
    ("L1", {"l1": 0.25}), ("L2", {"l2": 0.25}), ("L1L2", {"l1": 0.5, "l2": 0.25}), ("L1", {}), ("L2", {}),
    ("L1L2", {}), ("l1_l2", {}), ("OrthogonalRegularizer", {"factor": 0.5}),
    ("OrthogonalRegularizer", {"factor": 0.5, "mode": "columns"}),
]  # fmt: skip
CONSTRAINTS: list[tuple[str, dict[str, Any]]] = [
    ("MaxNorm", {}), ("MaxNorm", {"max_value": 1.0, "axis": 1}), ("MinMaxNorm", {}), ("NonNeg", {}),
    ("MinMaxNorm", {"min_value": 1.0, "max_value": 2.0, "rate": 0.5, "axis": 1}), ("UnitNorm", {}),
    ("UnitNorm", {"axis": (0, 1)}),
]  # fmt: skip
# class, arguments, shape: those whose numbers are not drawn
INITIALIZERS: list[tuple[str, dict[str, Any], tuple[int, ...]]] = [
    ("Zeros", {}, (2, 3)), ("Ones", {}, (2, 3)), ("Constant", {"value": 0.25}, (2, 3)),
    ("Identity", {"gain": 2.0}, (3, 3)), ("IdentityInitializer", {}, (2, 3)), ("STFT", {}, (8, 1, 5)),
    ("STFT", {"side": "imag", "window": "hamming"}, (8, 1, 5)),
    ("STFT", {"window": None, "scaling": "spectrum"}, (6, 1, 4)),
    ("STFT", {"scaling": "spectrum", "periodic": True}, (6, 1, 4)), ("STFT", {"scaling": None}, (6, 1, 4)),
]  # fmt: skip
# Their standard deviations alone can be compared.
DRAWN: list[tuple[str, dict[str, Any], tuple[int, ...]]] = [
    *((name, {}, (120, 80)) for name in (
        "GlorotUniform", "GlorotNormal", "HeUniform", "HeNormal", "LecunUniform", "LecunNormal", "RandomNormal",
        "RandomUniform", "TruncatedNormal", "Orthogonal",
    )),
    ("HeNormal", {}, (3, 3, 16, 64)),
    ("GlorotUniform", {"input_axes": [1], "output_axes": [0]}, (40, 300)),
    ("VarianceScaling", {"scale": 3.0, "mode": "fan_out", "distribution": "untruncated_normal"}, (120, 80)),
    ("Orthogonal", {"gain": 2.0}, (60, 40)),
]  # fmt: skip
ROOMS = (
    "losses",
    "metrics",
    "optimizers",
    "optimizers.schedules",
    "initializers",
    "regularizers",
    "constraints",
)

START = np.array([[1.0, -2.0, 0.5], [0.0, 3.0, -0.25]])
TARGET = np.array([[0.2, 0.1, -0.4], [0.3, -0.1, 0.7]])
SCALE = np.array([1.0, 2.0, 0.5])
PARTS: dict[str, Any] = {"wide": lambda x: x, "tall": lambda x: x.T, "vector": lambda x: x[0]}


def name_of(cls: str, arguments: dict[str, Any], data: Any = "") -> str:
    """A row's name."""
    return f"{cls} {arguments} {data}".strip()


def layer_weights(shapes: list[Any]) -> list[np.ndarray]:
    """Values for a layer's weights in order, all positive enough to be variances."""
    return [
        np.abs(numbers(s, 200 + k)) + 0.2 if len(s) == 1 else numbers(s, 200 + k)
        for k, s in enumerate(shapes)
    ]
