"""``theano.printing``: expressions as text and pictures, and values printed as they are computed."""

from __future__ import annotations

import html
import sys
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from thalweg.compat.theano.conversion import tensor_of
from thalweg.compat.theano.variable import AnyVariable, TensorVariable, variable_of
from thalweg.graph.lowering import Pointwise
from thalweg.graph.op import item, make_op
from thalweg.graph.tensor import Placeholder, Tensor, Variable
from thalweg.graph.walk import topological

_OPERATORS = {
    "add": "+", "subtract": "-", "multiply": "*", "divide": "/", "pow": "**", "floor_divide": "//", "remainder": "%",
    "greater": ">", "less": "<", "greater_equal": ">=", "less_equal": "<=", "equal": "eq", "not_equal": "neq",
    "masked_product": "*", "masked_quotient": "/",
}  # fmt: skip
_NAMES = {
    "masked_product": "mul", "masked_quotient": "true_div",
    "add": "Elemwise{add,no_inplace}", "subtract": "Elemwise{sub,no_inplace}", "multiply": "Elemwise{mul,no_inplace}",
    "divide": "Elemwise{true_div,no_inplace}", "pow": "Elemwise{pow,no_inplace}", "exp": "Elemwise{exp,no_inplace}",
    "negative": "Elemwise{neg,no_inplace}", "matmul": "dot", "matrix_product": "dot", "where": "Elemwise{switch}",
    "_full_like": "Elemwise{second,no_inplace}", "astype": "Elemwise{Cast}", "full_like": "Elemwise{second,no_inplace}",
    "permute_dims": "InplaceDimShuffle", "expand_dims": "InplaceDimShuffle", "slice_axes": "Subtensor",
    "gather": "AdvancedSubtensor", "reshape": "Reshape", "softmax": "Softmax", "sigmoid": "sigmoid",
    "scan": "for{cpu,scan_fn}", "at_least": "Elemwise{maximum,no_inplace}", "at_most": "Elemwise{minimum,no_inplace}",
}  # fmt: skip


# --- applications ---------------------------------------------------------------------------------------------------


class OpView:
    """The op of an application, by name."""

    def __init__(self, tensor: Tensor) -> None:
        self._tensor = tensor
        self.name = op_name(tensor)

    def __str__(self) -> str:
        return self.name

    __repr__ = __str__


class Elemwise(OpView):
    """An op that works element by element: one of an expression, or that of a program's own function of numbers."""

    def __init__(
        self, scalar_op: Any, inplace_pattern: Any = None, name: str | None = None, **ignored: Any
    ) -> None:
        if isinstance(scalar_op, Tensor):
            super().__init__(scalar_op)
        else:
            self.scalar_op = scalar_op
            self.name = name or f"Elemwise{{{scalar_op},no_inplace}}"

    def __call__(self, *inputs: Any) -> Any:
        return self.scalar_op(*inputs)


class Apply:
    """One application of an op: ``op``, ``inputs``, ``outputs``. A view whose output is of a class of the program's own
    makes that the view from there.
    """

    def __init__(self, op: Any, inputs: Sequence[Any], outputs: Sequence[Any]) -> None:
        self.op = op
        self.inputs = list(inputs)
        self.outputs = list(outputs)
        if getattr(op, "is_view", False) and type(outputs[0]) is not TensorVariable:
            outputs[0].stand_for(inputs[0])

    def get_parents(self) -> list[Any]:
        """The inputs."""
        return list(self.inputs)

    def __eq__(self, other: object) -> bool:
        """The same application, which is described anew each time a variable is asked for it."""
        return isinstance(other, Apply) and self._made() == other._made()

    def __hash__(self) -> int:
        return hash(self._made())

    def _made(self) -> tuple[int, ...]:
        return tuple(id(tensor_of(o)) for o in self.outputs)

    def __str__(self) -> str:
        return f"{self.op}({', '.join(map(str, self.inputs))})"

    __repr__ = __str__


def apply_of(variable: AnyVariable) -> Apply | None:
    """The application that made a variable, or None for a leaf."""
    tensor = _made_by(variable.tensor)
    if tensor.op is None:
        return None
    kind = Elemwise if isinstance(tensor.op.lower, Pointwise) else OpView
    return Apply(kind(tensor), [variable_of(t) for t in tensor.inputs], [variable])


def _made_by(tensor: Tensor) -> Tensor:
    return tensor.inputs[0] if tensor.op is item else tensor


def op_name(tensor: Tensor) -> str:
    """The name of a tensor's op as Theano has it, where it has one."""
    tensor = _made_by(tensor)
    assert tensor.op is not None
    name = tensor.op.name
    if name == "sum":
        return f"Sum{{acc_dtype={tensor.dtype.name}}}"
    if name in _NAMES:
        return _NAMES[name]
    return f"Elemwise{{{name},no_inplace}}" if isinstance(tensor.op.lower, Pointwise) else name


def is_constant(tensor: Tensor) -> bool:
    return tensor.op is None and tensor.value is not None and not isinstance(tensor, (Variable, Placeholder))


def constant_text(tensor: Tensor) -> str:
    """A constant as ``TensorConstant{2}``; whole numbers in floating dtypes that stand for ints without the point."""
    if tensor.name:
        return tensor.name
    array = tensor.array()
    if array.size == 1:
        number = array.reshape(()).item()
        shape = "" if array.ndim == 0 else f"{array.shape} of "
        return f"TensorConstant{{{shape}{number}}}"
    text = np.array2string(array, threshold=6, edgeitems=2, separator=" ").replace("\n", "")
    return f"TensorConstant{{{text if len(text) < 40 else text[:37] + '...'}}}"


def _leaf_text(tensor: Tensor) -> str:
    return constant_text(tensor) if is_constant(tensor) else tensor.name or f"<{TensorVariable(tensor).type}>"


# --- one expression -------------------------------------------------------------------------------------------------


def pprint(variable: Any) -> str:
    """The expression as one line: ``((x ** TensorConstant{2}) + y)``."""
    if hasattr(variable, "maker"):
        variable = variable.maker.fgraph.outputs[0]
    target = tensor_of(variable)
    texts: dict[int, str] = {}
    for tensor in topological([target]):
        named = tensor.name is not None and tensor is not target
        texts[id(tensor)] = _leaf_text(tensor) if named or tensor.op is None else _application(tensor, texts)
    return texts[id(target)]


pp = pprint


def _application(tensor: Tensor, texts: dict[int, str]) -> str:
    assert tensor.op is not None
    name = tensor.op.name
    inputs = [texts[id(t)] for t in tensor.inputs]
    if name in _OPERATORS and len(inputs) == 2:
        return f"({inputs[0]} {_OPERATORS[name]} {inputs[1]})"
    if name == "negative":
        return f"(-{inputs[0]})"
    if name in ("identity", "read", "item", "broadcast_like", "sum_like"):
        return inputs[0]
    if name in ("_full_like", "full_like"):
        return f"fill({inputs[0]}, TensorConstant{{{tensor.attrs['value']:.1f}}})"
    if name in ("matmul", "matrix_product", "dot", "tensordot"):
        return f"({inputs[0]} \\\\dot {inputs[1]})"
    if name == "permute_dims":
        return f"{inputs[0]}.T" if tensor.ndim == 2 else f"DimShuffle{{{tensor.attrs['axes']}}}({inputs[0]})"
    if name == "astype":
        return f"Elemwise{{Cast{{{tensor.dtype.name}}}}}({inputs[0]})"
    shown = {"sum": f"Sum{{acc_dtype={tensor.dtype.name}}}", "where": "switch"}.get(name, name)
    return f"{shown}({', '.join(inputs)})"


# --- graphs ---------------------------------------------------------------------------------------------------------


def debugprint(
    obj: Any,
    depth: int = -1,
    print_type: bool = False,
    file: Any = None,
    ids: str = "CHAR",
    stop_on_name: bool = False,
    done: Any = None,
    print_storage: bool = False,
    used_ids: Any = None,
) -> Any:
    """The graph as an indented tree, one line per application; printed, or returned for ``file="str"``."""
    lines: list[str] = []
    names: dict[int, str] = {}
    for root in _roots(obj):
        _tree(root, 0, "", depth, print_type, names, lines)
    text = "\n".join(lines)
    if file == "str":
        return text
    print(text, file=file or sys.stdout)
    return None


def _roots(obj: Any) -> list[Tensor]:
    if hasattr(obj, "maker"):
        return [tensor_of(v) for v in obj.maker.fgraph.outputs]
    if isinstance(obj, Apply):
        return [tensor_of(v) for v in obj.outputs]
    if isinstance(obj, (list, tuple)):
        return [tensor_of(v) for v in obj]
    return [tensor_of(obj)]


def _tree(
    tensor: Tensor, level: int, prefix: str, depth: int, types: bool, names: dict[int, str], lines: list[str]
) -> None:
    tensor = _made_by(tensor)
    seen = id(tensor) in names
    label = names.setdefault(id(tensor), _letters(len(names)))
    shown = f" <{TensorVariable(tensor).type}>" if types else ""
    if tensor.op is None:
        lines.append(f"{prefix}{_leaf_text(tensor)} [id {label}]{shown}")
        return
    lines.append(f"{prefix}{op_name(tensor)} [id {label}]{shown} '{tensor.name or ''}'   ")
    if seen or level + 1 == depth:
        return
    for child in tensor.inputs:
        _tree(child, level + 1, f"{prefix} |" if prefix else " |", depth, types, names, lines)


def _letters(number: int) -> str:
    text = ""
    number += 1
    while number:
        number, digit = divmod(number - 1, 26)
        text = chr(65 + digit) + text
    return text


# --- values ---------------------------------------------------------------------------------------------------------


def _print_meaning(x, /, message, attrs, show):  # type: ignore[no-untyped-def]
    """x itself, printed."""
    show(message, attrs, x)
    return x


_print_op = make_op({}, name="print", infer=lambda x, **_: x, grad=lambda g, y, x, **_: [g], pure=False)(
    _print_meaning
)


class Print:
    """``Print("name")(x)`` is x, printed each time it is computed; ``attrs``: what of it, ``("__str__",)`` at first."""

    def __init__(
        self,
        message: str = "",
        attrs: Sequence[str] = ("__str__",),
        global_fn: Callable[..., Any] | None = None,
    ) -> None:
        self.message = message
        self.attrs = tuple(attrs)
        self.global_fn = global_fn

    def __call__(self, x: Any) -> TensorVariable:
        return TensorVariable(
            _print_op(tensor_of(x), message=self.message, attrs=self.attrs, show=self._show)
        )

    def _show(self, message: str, attrs: Sequence[str], x: Any) -> None:
        x = np.asarray(x)
        if self.global_fn is not None:
            self.global_fn(self, x)
            return
        for name in attrs:
            found = getattr(x, name)
            print(message, name, "=", found() if callable(found) else found)  # noqa: T201


def pydotprint(
    fct: Any,
    outfile: Any = None,
    compact: bool = True,
    format: str | None = None,
    with_ids: bool = False,
    high_contrast: bool = True,
    cond_highlight: Any = None,
    colorCodes: Any = None,
    max_label_size: int = 70,
    scan_graphs: bool = False,
    var_with_name_simple: bool = False,
    print_output_file: bool = True,
    return_image: bool = False,
) -> Any:
    """Draw the graph of a function or variable: an SVG picture, or a DOT text where ``outfile`` ends in ``.dot``."""
    graph = _Drawing(_roots(fct), max_label_size)
    if return_image:
        return graph.svg()
    path = str(outfile or "theano.pydotprint.svg")
    stem, dot, ending = path.rpartition(".")
    if ending not in ("svg", "dot"):
        path = f"{stem if dot and ending in ('png', 'pdf', 'jpg', 'ps') else path}.svg"
    with open(path, "w", encoding="utf-8") as file:
        file.write(graph.dot() if path.endswith(".dot") else graph.svg())
    if print_output_file:
        print("The output file is available at", path)  # noqa: T201
    return None


class _Drawing:
    """A graph in layers: every tensor below those it was made from."""

    def __init__(self, roots: list[Tensor], longest: int) -> None:
        self.order = [t for t in topological(roots) if t.op is not item]
        self.labels = [self._label(t)[:longest] for t in self.order]
        place = {id(t): k for k, t in enumerate(self.order)}
        self.edges = [(place[id(_made_by(x))], place[id(t)]) for t in self.order for x in t.inputs]
        self.layer = [0] * len(self.order)
        for a, b in self.edges:
            self.layer[b] = max(self.layer[b], self.layer[a] + 1)

    def _label(self, tensor: Tensor) -> str:
        return _leaf_text(tensor) if tensor.op is None else op_name(tensor)

    def dot(self) -> str:
        """The graph in the DOT language."""
        quoted = [label.replace('"', "'") for label in self.labels]
        nodes = [f'  n{k} [label="{label}", shape=box];' for k, label in enumerate(quoted)]
        return "\n".join(["digraph G {", *nodes, *(f"  n{a} -> n{b};" for a, b in self.edges), "}"]) + "\n"

    def _places(self) -> tuple[list[tuple[float, float, float]], float, float]:
        widths = [7.2 * len(label) + 16 for label in self.labels]
        rows: dict[int, list[int]] = {}
        for k, layer in enumerate(self.layer):
            rows.setdefault(layer, []).append(k)
        places: list[tuple[float, float, float]] = [(0.0, 0.0, 0.0)] * len(self.order)
        lengths = {layer: sum(widths[k] + 20 for k in row) for layer, row in rows.items()}
        whole = max(lengths.values(), default=0.0) + 20
        for layer, row in rows.items():
            x = (whole - lengths[layer]) / 2 + 10
            for k in row:
                places[k] = (x, 20.0 + 70 * layer, widths[k])
                x += widths[k] + 20
        return places, whole, 70.0 * len(rows) + 20

    def svg(self) -> str:
        """The graph as an SVG picture."""
        places, width, height = self._places()
        parts = [
            f'<svg xmlns="http://www.w3.org/2000/svg" width="{width:.0f}" height="{height:.0f}" '
            'font-family="monospace" font-size="12">'
        ]
        for a, b in self.edges:
            (xa, ya, wa), (xb, yb, wb) = places[a], places[b]
            parts.append(
                f'<line x1="{xa + wa / 2:.1f}" y1="{ya + 28:.1f}" x2="{xb + wb / 2:.1f}" y2="{yb:.1f}" stroke="#888"/>'
            )
        for k, (x, y, w) in enumerate(places):
            colour = "#dfefdf" if self.order[k].op is None else "#dfe6f5"
            parts.append(
                f'<rect x="{x:.1f}" y="{y:.1f}" width="{w:.1f}" height="28" rx="5" fill="{colour}" stroke="#444"/>'
                f'<text x="{x + w / 2:.1f}" y="{y + 18:.1f}" text-anchor="middle">{html.escape(self.labels[k])}</text>'
            )
        return "\n".join([*parts, "</svg>"]) + "\n"


def min_informative_str(
    obj: Any, indent_level: int = 0, _prev_obs: Any = None, _tag_generator: Any = None
) -> str:
    """The graph as text."""
    return str(debugprint(obj, file="str"))


def function_dump(filename: str, *args: Any, **kwargs: Any) -> None:
    """Write the graph of a function to a text file."""
    from thalweg.compat.theano.functions import function

    with open(filename, "w", encoding="utf-8") as file:
        debugprint(function(*args, **kwargs), file=file)


__all__ = ["Print", "debugprint", "function_dump", "min_informative_str", "pp", "pprint", "pydotprint"]
