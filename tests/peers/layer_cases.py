"""Layers with unusual arguments, masks and states: what is asked of Keras and of us alike."""

from __future__ import annotations

from itertools import product
from typing import Any

import numpy as np

from peers.values import numbers

STEPS = np.array([[1, 1, 0, 1], [0, 1, 1, 0]], bool)
SHORT = np.array([[0, 0, 0, 0], [1, 1, 0, 0]], bool)
QUERIES = np.array([[1, 1, 0], [1, 1, 1]], bool)
VALUES = np.array([[1, 1, 0, 1, 0], [1, 1, 1, 0, 0]], bool)
PAIRS = numbers((2, 3, 5), 3) > -0.5

Case = tuple[str, dict[str, Any], list[tuple[int, ...]], dict[str, Any]]


def _transposed() -> list[Case]:
    found: list[Case] = []
    for padding, stride, more, k in product(("valid", "same"), (2, 3), (0, 1, 2), (1, 2, 3, 4)):
        even = padding == "same" and k % 2 == 0  # Keras needs output_padding there
        if int(even) <= more < stride:
            options = {"kernel_size": k, "strides": stride, "padding": padding, "output_padding": more}
            found.append(("Conv1DTranspose", {"filters": 3, **options}, [(1, 5, 2)], {}))
    uneven = {"kernel_size": (1, 4), "strides": (3, 2), "padding": "same", "output_padding": (2, 1)}
    return [*found, ("Conv2DTranspose", {"filters": 3, **uneven}, [(1, 4, 5, 2)], {})]


def _convolved() -> list[Case]:
    found: list[Case] = []
    for padding, k, (stride, dilation) in product(
        ("valid", "same"), (2, (2, 3), 4), ((1, 1), (2, 1), (1, 2))
    ):
        options = {"kernel_size": k, "strides": stride, "dilation_rate": dilation, "padding": padding}
        found.append(("Conv2D", {"filters": 4, **options}, [(1, 8, 7, 2)], {}))
        found.append(
            ("SeparableConv2D", {"filters": 3, "depth_multiplier": 2, **options}, [(1, 8, 7, 2)], {})
        )
    for kind, pool, stride, padding in product(("Max", "Average"), (2, 3), (1, 3), ("valid", "same")):
        options = {"pool_size": pool, "strides": stride, "padding": padding}
        found.append((f"{kind}Pooling2D", options, [(1, 6, 7, 2)], {}))
    return found


def _recurrent() -> list[Case]:
    found: list[Case] = []
    x: list[tuple[int, ...]] = [(2, 4, 3)]
    for cls in ("SimpleRNN", "LSTM", "GRU"):
        for sequences, backwards, mask in product((False, True), (False, True), (STEPS, SHORT)):
            options = {
                "units": 3,
                "return_sequences": sequences,
                "go_backwards": backwards,
                "return_state": True,
            }
            found.append((cls, options, x, {"mask": mask}))
            found.append((cls, {**options, "zero_output_for_mask": True}, x, {"mask": mask}))
            inner = (cls, {"units": 3, "return_sequences": sequences})
            found.append(("Bidirectional", {"layer": inner}, x, {"mask": mask}))
        for merge in ("sum", "mul", "ave", None):
            inner = (cls, {"units": 3, "return_sequences": True, "return_state": True})
            found.append(("Bidirectional", {"layer": inner, "merge_mode": merge}, x, {"mask": STEPS}))
        states = [numbers((2, 3), 50 + k) for k in range(4 if cls == "LSTM" else 2)]
        inner = (cls, {"units": 3, "return_state": True})
        found.append(("Bidirectional", {"layer": inner}, x, {"initial_state": states}))
        half = states[: len(states) // 2]
        found.append(
            (cls, {"units": 3, "use_bias": False}, x, {"initial_state": half if len(half) > 1 else half[0]})
        )
        cells = [(f"{cls}Cell", {"units": 3}), (f"{cls}Cell", {"units": 2})]
        found.append(("RNN", {"cell": cells, "return_sequences": True}, x, {}))
    found.append(("GRU", {"units": 3, "reset_after": False, "use_bias": False}, x, {"mask": STEPS}))
    found.append(("TimeDistributed", {"layer": ("LSTM", {"units": 2})}, [(2, 3, 4, 3)], {}))
    return found


def _attention() -> list[Case]:
    found: list[Case] = []
    q, v = (2, 3, 4), (2, 5, 4)
    for scale, mode, causal in product((False, True), ("dot", "concat"), (False, True)):
        options = {"use_scale": scale, "score_mode": mode}
        call = {"use_causal_mask": causal, "return_attention_scores": True}
        found.append(("Attention", options, [q, v, v], {"mask": [QUERIES, VALUES], **call}))
        found.append(("Attention", options, [q, v], {"mask": [None, VALUES], **call}))
    several: list[dict[str, Any]] = [
        {}, {"value_dim": 3, "output_shape": 5}, {"use_bias": False}, {"output_shape": (2, 3)}, {"use_gate": True},
    ]  # fmt: skip
    for options in several:
        options = {"num_heads": 2, "key_dim": 4, **options}
        found.append(("MultiHeadAttention", options, [q, v], {"return_attention_scores": True}))
        found.append(("MultiHeadAttention", options, [q, v, v], {"attention_mask": PAIRS}))
        found.append(("MultiHeadAttention", options, [q, v], {"attention_mask": PAIRS[:, None].repeat(2, 1)}))
        found.append(("MultiHeadAttention", options, [q, v], {"value_mask": VALUES, "use_causal_mask": True}))
    near = {"num_heads": 1, "key_dim": 4, "sliding_window": 2}
    found.append(("MultiHeadAttention", near, [q, q], {"use_causal_mask": True}))
    for axes in (1, 2, (1, 2), None):
        options = {"num_heads": 2, "key_dim": 4, "attention_axes": axes}
        found.append(("MultiHeadAttention", options, [(2, 3, 4, 5)] * 2, {"return_attention_scores": True}))
    for shared in (1, 2, 4):
        options = {"head_dim": 4, "num_query_heads": 4, "num_key_value_heads": shared}
        found.append(("GroupQueryAttention", options, [q, v], {"attention_mask": PAIRS}))
    return found


def _rest() -> list[Case]:
    found: list[Case] = [
        ("GlobalAveragePooling1D", {}, [(2, 4, 3)], {"mask": STEPS}),
        ("RMSNormalization", {"axis": [1, 2]}, [(3, 4, 5)], {}),
        ("GroupNormalization", {"groups": -1, "axis": 1}, [(2, 4, 3)], {}),
        ("UnitNormalization", {"axis": [1, 2]}, [(3, 4, 5)], {}),
        ("Softmax", {}, [(2, 3)], {"mask": np.array([[1, 0, 1], [0, 0, 0]], bool)}),
        ("Softmax", {"axis": [1, 2]}, [(2, 3, 4)], {}),
        ("Rescaling", {"scale": [0.5, 1.0, 2.0], "offset": [1.0, 2.0, 3.0]}, [(2, 3)], {}),
        ("Normalization", {"mean": [1.0, 2.0, 3.0], "variance": [4.0, 5.0, 0.5]}, [(2, 3)], {}),
        ("Normalization", {"mean": 2.0, "variance": 3.0, "axis": None, "invert": True}, [(2, 3)], {}),
        ("Concatenate", {}, [(2, 3)], {}),
    ]
    for kind, size in product(("Average", "Max"), (2, 3, (3, 2), (5, 7), (4, 5))):
        found.append((f"Adaptive{kind}Pooling2D", {"output_size": size}, [(1, 5, 7, 2)], {}))
    for axis in (1, [1, 3], [2, 3]):
        found.append(("LayerNormalization", {"axis": axis}, [(2, 3, 4, 5)], {}))
    for axis, training in product((1, -1), (False, True)):
        found.append(
            ("BatchNormalization", {"axis": axis, "momentum": 0.5}, [(3, 4, 5)], {"training": training})
        )
    for cls in ("Add", "Multiply", "Average", "Maximum", "Subtract"):
        found.append((cls, {}, [(2, 3, 4), (2, 4)], {}))
        found.append((cls, {}, [(2, 4), (2, 3, 4)], {}))
    for axes, shapes in (
        ((1, 2), [(2, 3), (2, 4, 3)]),
        (-1, [(2, 3, 4), (2, 4)]),
        ((3, 1), [(2, 3, 4, 5), (2, 5, 6)]),
    ):
        found.append(("Dot", {"axes": axes, "normalize": True}, shapes, {}))
    return found


CASES = [*_convolved(), *_transposed(), *_recurrent(), *_attention(), *_rest()]


def made(room: Any, description: Any, dtype: str) -> Any:
    """The layer that ("Dense", {"units": 3}) describes, and those inside it."""
    if isinstance(description, list):
        return [made(room, one, dtype) for one in description]
    if not (isinstance(description, tuple) and len(description) == 2 and isinstance(description[0], str)):
        return description
    cls, arguments = description
    return getattr(room, cls)(**{k: made(room, v, dtype) for k, v in arguments.items()}, dtype=dtype)


def arguments_of(case: Case, given: list[Any]) -> list[Any]:
    """The arguments of the call: a list of several inputs, or one after another."""
    if case[0] in ("MultiHeadAttention", "GroupQueryAttention"):
        return given
    many = len(given) > 1 or case[0] == "Concatenate"
    return [given if many else given[0]]


def leaves(structure: Any) -> list[Any]:
    """The parts of lists and tuples."""
    if isinstance(structure, (list, tuple)):
        return [leaf for part in structure for leaf in leaves(part)]
    return [structure]
