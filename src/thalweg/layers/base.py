"""The layer: a function of tensors that owns weights, made when it first meets an input.

A layer only builds expressions: on eager tensors they have values at once, on symbolic ones they become part of
whatever program is built. ``training`` is passed down to the layers that a layer calls.
"""

from __future__ import annotations

import inspect
import sys
import weakref
from collections.abc import Callable, Iterator, Mapping, Sequence
from difflib import get_close_matches
from typing import Any, ClassVar

import numpy as np

from thalweg import constraints, dtypes, initializers, regularizers
from thalweg.errors import ArgumentError, ArgumentTypeError, DTypeError, ShapeError, ThalwegError, fail
from thalweg.graph.op import convert_operands
from thalweg.graph.tensor import Tensor, Variable, as_array, check_shape, shape_text
from thalweg.graph.updates import current_recorder, recording
from thalweg.layers import activations, sparse
from thalweg.layers.calls import keep_masks, masks_of, trainings, under_way
from thalweg.layers.naming import automatic_name, name_counts
from thalweg.layers.nodes import Node, placeholders_for, shapes_of, symbols_of
from thalweg.nested import flat, mapped
from thalweg.ops import elementwise as ew
from thalweg.registry import Configured, all_arguments, encode, snake_case

__all__ = ["Layer", "clear_session", "shapes_of"]


# What arguments are understood by whose names end so.
_ROOMS: dict[str, Callable[[Any], Any]] = {
    "activation": activations.get,
    "initializer": initializers.get,
    "regularizer": regularizers.get,
    "constraint": constraints.get,
}


def clear_session() -> None:
    """Start the automatic names of layers over: the next Dense is ``dense`` again."""
    name_counts().clear()


def _arguments(kind: type) -> list[str]:
    """The names of the arguments that a class and its bases take."""
    found = [
        p.name
        for base in kind.__mro__
        if "__init__" in vars(base) and base is not object
        for p in list(inspect.signature(vars(base)["__init__"]).parameters.values())[1:]
        if p.kind in (p.POSITIONAL_OR_KEYWORD, p.KEYWORD_ONLY)
    ]
    return list(dict.fromkeys(found))


def _automatic_name(cls: type[Layer]) -> str:
    return automatic_name(snake_case(cls.__name__), cls.names_from_one)


class _OfLastCall:
    """An attribute read from a layer's last symbolic call; a subclass or an instance may have its own instead."""

    def __init__(self, read: Callable[[Node], Any], doc: str) -> None:
        self.read, self.__doc__ = read, doc

    def __set_name__(self, owner: type, name: str) -> None:
        self.name = name

    def __get__(self, layer: Any, owner: type | None = None) -> Any:
        if layer is None:
            return self
        nodes = vars(layer).get("_nodes")
        if not nodes:
            raise AttributeError(f"{layer.name} was not called on symbolic tensors: it has no {self.name}")
        return self.read(nodes[-1])


_dynamic: weakref.WeakSet[Layer] = weakref.WeakSet()  # layers in which Python looks at values


class Layer(Configured):
    """What all layers share: a name, weights, building on the first call, and being described as data.

    Subclasses define ``call(inputs, ...)`` and, where weights depend on the input, ``build(input_shape)``; weights come
    from :meth:`add_weight`, from attributes that are variables or layers, and from lists and dicts of these.

    ``dtype``: of weights and results; floating inputs of another dtype are cast. ``input_shape`` (without the batch),
    ``input_dim`` and ``batch_input_shape``: the shape of the inputs, for the first layer of a Sequential.
    """

    names_from_one: ClassVar[bool] = False  # automatic names are dense_1, dense_2; else dense, dense_1

    def __init__(
        self,
        *,
        name: str | None = None,
        trainable: bool = True,
        dtype: Any = None,
        activity_regularizer: Any = None,
        input_shape: Sequence[int | None] | None = None,
        input_dim: int | None = None,
        batch_input_shape: Sequence[int | None] | None = None,
        weights: Sequence[Any] | None = None,
        **unknown: Any,
    ) -> None:
        if unknown:
            name, known = next(iter(unknown)), _arguments(type(self))
            near = get_close_matches(name, known, 1)
            raise fail(
                ArgumentTypeError,
                f"{type(self).__name__}: no argument named {name!r}",
                expected=", ".join(known),
                hint=f"did you mean {near[0]!r}?" if near else None,
            )
        self.name = sys.intern(
            str(name or _automatic_name(type(self)))
        )  # programs compare names with ``is``, too
        self._trainable = trainable
        self.dtype = _one_dtype(dtype)
        self.activity_regularizer = regularizers.get(activity_regularizer)
        self.built = False
        self.input_shape_given = _given_shape(input_shape, input_dim, batch_input_shape)
        self.build_shape: Any = None
        self._own: list[Variable] = []
        self._first_weights = weights
        self._penalties: list[tuple[Variable, Any]] = []
        self._added: list[Any] = []
        self._limits: list[tuple[Variable, Any]] = []
        self._nodes: list[Node] = []  # the calls on symbols, in order

    input = _OfLastCall(lambda node: node.args[0], "The symbolic input of the last call.")
    output = _OfLastCall(lambda node: node.outputs, "The symbolic output of the last call.")
    input_shape = _OfLastCall(lambda node: shapes_of(node.args[0]), "The shape of ``input``.")
    output_shape = _OfLastCall(lambda node: shapes_of(node.outputs), "The shape of ``output``.")
    supports_masking = False  # whether a mask of the inputs holds for the outputs too

    @property
    def dynamic(self) -> bool:
        """Whether Python looks at values in this layer's ``call``, or that of one below it: such a model runs its steps
        op by op. Set it to True in ``__init__``.
        """
        return bool(_dynamic) and any(layer in _dynamic for layer in self.tree())

    @dynamic.setter
    def dynamic(self, looks_at_values: bool) -> None:
        (_dynamic.add if looks_at_values else _dynamic.discard)(self)

    # --- what a subclass defines --------------------------------------------------------------------------------

    def build(self, input_shape: Any) -> None:
        """Make the weights for inputs of this shape."""

    def call(self, inputs: Any, *args: Any, **kwargs: Any) -> Any:
        """The outputs as an expression of the inputs."""
        raise NotImplementedError(f"{type(self).__name__}.call")

    def compute_mask(self, inputs: Any, mask: Any = None) -> Any:
        """Which steps of the outputs count, [batch, steps]: the mask of the inputs, where the layer keeps the steps."""
        return mask if self.supports_masking else None

    def compute_output_shape(self, input_shape: Any) -> Any:
        """The shape of the outputs for inputs of this shape; None stands for axes of any length."""
        inputs = placeholders_for(input_shape, self.dtype)
        with recording(None):
            return shapes_of(self._called((inputs,), {}))

    def as_called_now(self, *args: Any) -> Any:
        """What a model calls for a call on these arguments made now, each time it runs."""
        return self

    def said_shape(self, inputs: Any) -> Any:
        """What is said of the outputs' shape, or of several, where a call leaves lengths open; None if nothing is.

        Here it is what follows from what the layers before said of the inputs.
        """
        shapes = shapes_of(inputs)
        if shapes == mapped(lambda t: t.shape, inputs):
            return None
        try:
            return self.compute_output_shape(shapes)
        except ThalwegError:  # nothing checks what layers say: no harm is done where it does not fit
            return None

    # --- weights ------------------------------------------------------------------------------------------------

    def add_weight(
        self,
        shape: Any = (),
        initializer: Any = None,
        dtype: Any = None,
        trainable: bool = True,
        regularizer: Any = None,
        constraint: Any = None,
        name: str | None = None,
    ) -> Variable:
        """A new weight of this layer; zeros for integers and glorot_uniform else, unless an initialiser is given."""
        if isinstance(shape, str):  # the order of Keras 2: name, shape, ...
            shape, name = initializer, shape
            initializer = None
        wanted = self.dtype if dtype is None else dtypes.as_dtype(dtype)
        dims = check_shape(() if shape is None else shape)
        if dims is None or None in dims:
            raise fail(
                ShapeError,
                f"{self.name}: the weight {name or 'weight'!r} has an unknown length",
                received=shape_text(dims),
                hint="give the layer inputs of a known shape, or the first layer an input_shape",
            )
        if initializer is None:
            initializer = "glorot_uniform" if dtypes.is_floating(wanted) else "zeros"
        value = first_value(initializers.get(initializer), dims, wanted)
        label = f"{self.name}/{name or f'weight_{len(self._own)}'}"
        weight = Variable(value, trainable=trainable, name=label, dtype=wanted)
        self._own.append(weight)
        if regularizer is not None:
            self._penalties.append((weight, regularizers.get(regularizer)))
        if constraint is not None:
            weight.constraint = constraints.get(constraint)
            self._limits.append((weight, weight.constraint))
        return weight

    def add_loss(self, loss: Any) -> None:
        """Add a scalar to the loss, usually in ``call``; it stands until the outermost layer is called again."""
        self._added.append(loss)

    def sublayers(self) -> list[Layer]:
        """The layers found in attributes, lists and dicts of this one, in order."""
        found: dict[int, Layer] = {}
        for value in self._parts():
            for part in _things_in(value):
                if isinstance(part, Layer) and part is not self:
                    found.setdefault(id(part), part)
        return list(found.values())

    def _parts(self) -> Iterator[Any]:
        """The attributes in which layers and variables are looked for."""
        hidden = ("_own", "_penalties", "_limits", "_added", "_arguments", "_first_weights", "_nodes")
        return (value for name, value in vars(self).items() if name not in hidden)

    def tree(self) -> list[Layer]:
        """This layer and all layers below it, each once, outer ones first."""
        found: dict[int, Layer] = {}
        stack: list[Layer] = [self]
        while stack:
            layer = stack.pop()
            if id(layer) not in found:
                found[id(layer)] = layer
                stack.extend(reversed(layer.sublayers()))
        return list(found.values())

    def own_weights(self) -> list[Variable]:
        """The weights of this layer itself: from ``add_weight`` and from attributes that are variables."""
        found = {id(v): v for v in self._own}
        for value in self._parts():
            for part in _things_in(value):
                if isinstance(part, Variable):
                    found.setdefault(id(part), part)
        return list(found.values())

    def said_weights(self, asked: bool) -> tuple[Sequence[Variable], Sequence[Variable]] | None:
        """What a class of the program's own says that training moves, and what else it has; None where it says nothing.

        ``asked``: it is about to say so, and asks for what is found here.
        """
        return None

    def _collected(self, wanted: Callable[[Variable, bool], bool], asked: bool = False) -> list[Variable]:
        """The weights of the tree, in order, each once; ``wanted`` sees a weight and whether all above it train."""
        found: dict[int, Variable] = {}
        stack: list[tuple[Layer, bool]] = [(self, True)]
        seen: set[int] = set()
        while stack:
            layer, trains = stack.pop()
            if id(layer) in seen:
                continue
            seen.add(id(layer))
            said = layer.said_weights(asked and layer is self)
            if said is not None:
                for moved, weights in zip((trains, False), said, strict=True):
                    found |= {id(w): w for w in weights if id(w) not in found and wanted(w, moved)}
                continue
            trains = trains and layer.trainable
            for weight in sorted(layer.own_weights(), key=lambda w: not w.trainable):
                if wanted(weight, trains and weight.trainable):
                    found.setdefault(id(weight), weight)
            stack.extend((part, trains) for part in reversed(layer.sublayers()))
        return list(found.values())

    @property
    def variables(self) -> list[Variable]:
        """All variables of this layer and of those below it: layer by layer, and of each the ones to be trained first.

        The order is the same whichever layers are frozen.
        """
        return self._collected(lambda weight, trains: True)

    @property
    def weights(self) -> list[Variable]:
        """The same as ``variables``."""
        return self.in_order()

    def in_order(self, values: bool = False) -> list[Variable]:
        """The order of ``weights``; with ``values``, that of ``get_weights`` and ``set_weights``."""
        return self.variables

    @property
    def trainable_weights(self) -> list[Variable]:
        """The weights that training moves; none where ``trainable`` is False."""
        return self._collected(lambda weight, trains: trains, asked=True)

    @property
    def non_trainable_weights(self) -> list[Variable]:
        """The weights that training does not move by gradients."""
        return self._collected(lambda weight, trains: not trains, asked=True)

    trainable_variables = trainable_weights
    non_trainable_variables = non_trainable_weights

    def count_params(self) -> int:
        """The number of elements of all weights."""
        return sum(int(np.prod(w.shape)) for w in self.variables)

    def get_weights(self) -> list[np.ndarray]:
        """The values of the weights, in the order of ``weights``."""
        return [w.get_value() for w in self.in_order(values=True)]

    def set_weights(self, values: Sequence[Any]) -> None:
        """Replace the values of the weights, in the order of ``weights``."""
        weights = self.in_order(values=True)
        if len(values) != len(weights):
            raise fail(
                ArgumentError,
                f"{self.name}: set_weights",
                expected=f"{len(weights)} arrays",
                received=f"{len(values)}",
                hint=None if self.built else "the layer has no weights before its first call",
            )
        arrays = [as_array(v, w.dtype) for w, v in zip(weights, values)]
        for w, array in zip(weights, arrays):
            if array.shape != w.shape:
                raise fail(
                    ShapeError,
                    f"{self.name}: set_weights: {w.label()}",
                    expected=shape_text(w.shape),
                    received=shape_text(array.shape),
                )
        for w, array in zip(weights, arrays):
            w.set_value(array)

    @property
    def trainable(self) -> bool:
        """Whether training moves the weights; setting it sets it for all layers below too."""
        return self._trainable

    @trainable.setter
    def trainable(self, value: bool) -> None:
        for layer in self.tree():
            layer._trainable = bool(value)

    # --- losses and limits --------------------------------------------------------------------------------------

    @property
    def losses(self) -> list[Any]:
        """What regularisers and ``add_loss`` add to the loss, for the weights now and the last call."""
        found: list[Any] = []
        for layer in self.tree():
            found += layer._added
            if layer.trainable:
                found += [penalty(weight) for weight, penalty in layer._penalties if weight.trainable]
        return found

    def limits(self) -> list[tuple[Variable, Any]]:
        """Pairs (weight, constraint) of this layer and those below it."""
        return [pair for layer in self.tree() for pair in layer._limits]

    # --- calling ------------------------------------------------------------------------------------------------

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        if not args and kwargs:
            args, kwargs = self._inputs_first(kwargs)
        args = tuple(
            self._as_inputs(a) if _holds_tensor(a) else self._as_input(a) if k == 0 else a
            for k, a in enumerate(args)
        )
        kwargs = {k: self._as_inputs(v) if _holds_tensor(v) else v for k, v in kwargs.items()}
        if not trainings():
            for layer in self.tree():
                layer._added = []
        outputs = self._called(args, kwargs)
        if trainings() or current_recorder() is not None or not symbols_of((args, kwargs)):
            return outputs
        node = Node(self, *self._with_phase_by_name(args, kwargs))
        symbols = node.outputs_for(outputs, lambda: self.said_shape(args[0]) if args else None)
        self._nodes.append(node)
        for symbol, output in zip(flat(symbols), flat(outputs)):
            keep_masks(symbol, masks_of(output))
        sparse.passed_on(symbols, outputs)
        return symbols

    def _called(self, args: Any, kwargs: dict[str, Any]) -> Any:
        training = self._training_of(args, kwargs)
        try:
            self.build_for(args)
            with under_way(training):
                kwargs = {k: v for k, v in kwargs.items() if k != "training"}
                if "training" in list(self._call_parameters())[len(args) :] or self._takes_more(training):
                    kwargs["training"] = training
                mask = self._argument("mask", args, kwargs)
                mask = masks_of(args[0]) if mask is None and args else mask
                kwargs = self._with_masks(args, kwargs)
                outputs = self.from_call(args, kwargs)
                if args:
                    keep_masks(outputs, self.compute_mask(args[0], mask))
        except ThalwegError as error:
            _name_layer(error, self, args)
            raise
        if self.activity_regularizer is not None:
            for y in flat(outputs):
                self.add_loss(self.activity_regularizer(y) / ew.astype(_rows(y), y.dtype))
        return outputs

    def from_call(self, args: Any, kwargs: dict[str, Any]) -> Any:
        """What ``call`` gives."""
        return self.call(*args, **kwargs)

    def build_for(self, args: Any) -> None:
        """Build, where that was not done, for these inputs."""
        if self.built:
            return
        shape = shapes_of(args[0]) if args else None
        with recording(None):
            self.build(shape)
        self.built, self.build_shape = True, shape
        if self._first_weights is not None:
            self.set_weights(self._first_weights)
            self._first_weights = None

    @classmethod
    def _call_parameters(cls) -> dict[str, Any]:
        """The names of the arguments of ``call``, in order, and their defaults (None where there is none)."""
        if "_defaults_of_call" not in cls.__dict__:
            found = list(inspect.signature(cls.call).parameters.values())[1:]
            defaults = {p.name: None if p.default is p.empty else p.default for p in found}
            cls._defaults_of_call = defaults  # type: ignore[attr-defined]
        return cls._defaults_of_call  # type: ignore[attr-defined]

    def _inputs_first(self, kwargs: dict[str, Any]) -> tuple[tuple[Any, ...], dict[str, Any]]:
        """Inputs that are given by the name of the first argument of ``call``, or as ``inputs``, at their place."""
        first = next(iter(self._call_parameters()), None)
        name = first if first in kwargs else "inputs"
        if name not in kwargs:
            return (), kwargs
        return (kwargs[name],), {k: v for k, v in kwargs.items() if k != name}

    def _takes_more(self, training: Any) -> bool:
        """Whether ``call`` of a layer defined elsewhere takes any named arguments, and ``training`` is known."""
        if training is None or type(self).call.__module__.startswith("thalweg."):
            return False
        kinds = (p.kind for p in inspect.signature(type(self).call).parameters.values())
        return inspect.Parameter.VAR_KEYWORD in kinds

    def _with_masks(self, args: Any, kwargs: dict[str, Any]) -> dict[str, Any]:
        """The arguments with the masks that ``call`` takes, ``mask`` and as ``query_mask``, and that inputs have."""
        names = list(self._call_parameters())
        for k, (name, value) in enumerate([*zip(names, args), *kwargs.items()]):
            wanted = "mask" if k == 0 and "mask" in names else f"{name}_mask"
            if wanted in names[len(args) :] and kwargs.get(wanted) is None:
                found = masks_of(value)
                kwargs = kwargs if found is None else {**kwargs, wanted: found}
        return kwargs

    def _training_of(self, args: Sequence[Any], kwargs: dict[str, Any]) -> Any:
        """What was given, else what holds for the call around this one, else what ``call`` says itself: layers that
        augment data do so unless they are told not to. Symbols of a model are placed as they stand outside of
        training; in a step that is traced, what ``call`` says itself holds.
        """
        found = self._argument("training", args, kwargs)
        if found is None and trainings():
            found = trainings()[-1]
        if found is not None:
            return found
        default = self._call_parameters().get("training")
        placed = default is True and current_recorder() is None and symbols_of((args, kwargs))
        return None if placed else default

    def _with_phase_by_name(self, args: Any, kwargs: dict[str, Any]) -> tuple[Any, dict[str, Any]]:
        """The arguments with a last one for ``training`` by its name, as models give it; left out where it is None."""
        place = len(args) - 1
        if list(self._call_parameters())[place : place + 1] != ["training"]:
            return args, kwargs
        return args[:place], kwargs if args[place] is None else {**kwargs, "training": args[place]}

    def _argument(self, name: str, args: Sequence[Any], kwargs: Mapping[str, Any]) -> Any:
        """What was given for an argument of ``call``, by name or position; None where nothing was."""
        names = list(self._call_parameters())[: len(args)]
        return args[names.index(name)] if name in names else kwargs.get(name)

    def _as_inputs(self, nest: Any) -> Any:
        """A nest with its values as inputs: the nest itself where they are, for ``call`` may keep something in it."""
        made = mapped(self._as_input, nest)
        return nest if all(a is b for a, b in zip(flat(made), flat(nest), strict=True)) else made

    def _as_input(self, value: Any) -> Any:
        """A tensor; floats in the layer's :meth:`float_dtype`."""
        if not isinstance(value, (Tensor, np.ndarray, np.generic, list, tuple, int, float)):
            if not hasattr(value, "__array__"):
                return value
            value = np.asarray(value)
        (t,) = convert_operands([value])
        wanted = self.float_dtype()
        if not dtypes.is_floating(t.dtype) or t.dtype == wanted:
            return t
        cast = ew.astype(t, wanted)
        keep_masks(cast, masks_of(t))
        return cast

    def float_dtype(self) -> np.dtype:
        """The dtype that floating inputs are cast to."""
        return self.dtype

    def floats(self, x: Any) -> Any:
        """The tensor, integers and booleans as floats of the layer's dtype."""
        return x if dtypes.is_floating(x.dtype) else ew.astype(x, self.dtype)

    def activated(self, y: Any) -> Any:
        """What the layer's activation makes of a result; the result itself, where it was taken away."""
        activation = self.activation  # type: ignore[attr-defined]
        return y if activation is None else activation(y)

    # --- as data ------------------------------------------------------------------------------------------------

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments, with the name; functions and rates that a program has put in the place of
        those that it gave are told as they are now.
        """
        config = {k: v for k, v in self._arguments.items() if k != "weights"}
        own, every = vars(self), all_arguments(self)
        now = {name: self.argument_now(name, given) for name, given in every.items() if name in own}
        config.update({name: value for name, value in now.items() if value is not every[name]})
        return {**config, "name": self.name, **({} if self.trainable else {"trainable": False})}

    def argument_now(self, name: str, given: Any) -> Any:
        """An argument of the constructor, or what the attribute of its name has been replaced by since.

        >>> class Scaled(Layer):
        ...     def __init__(self, rate=0.5, **options):
        ...         super().__init__(**options)
        ...         self.rate = rate
        >>> scaled = Scaled()
        >>> scaled.rate = 0.25
        >>> scaled.argument_now("rate", 0.5)
        0.25
        """
        told = name in self._arguments or name in inspect.signature(type(self).__init__).parameters
        own = vars(self).get(name, given) if told else given  # a class may set what those above it take
        room = _ROOMS.get(name.rpartition("_")[2])
        if own is given or isinstance(given, Mapping):
            return given
        if room is not None:
            understood = room(given)
            alike = isinstance(own, Configured) and type(own) is type(understood)
            same = own is understood or (alike and encode(own) == encode(understood))
            return given if same or (own is None and given is None) else own
        numbers = isinstance(own, float) and isinstance(given, (int, float)) and not isinstance(given, bool)
        return own if numbers and own != given else given

    def __repr__(self) -> str:
        built = f", built for {self.build_shape}" if self.built and self.build_shape else ""
        return f"<{type(self).__name__} name={self.name}{built}>"


def _one_dtype(dtype: Any) -> np.dtype:
    """Of weights and results alike."""
    if str(dtype).startswith("mixed_"):
        raise fail(
            DTypeError, "a layer's dtype", expected="one dtype for weights and results", received=repr(dtype),
            hint="on a processor mixed precision costs digits and saves no time: leave dtype out (float32); "
            "'float16' and 'bfloat16' store weights and results in half the room",
        )  # fmt: skip
    return dtypes.default_float if dtype is None else dtypes.as_dtype(dtype)


_PLAIN = frozenset({str, bytes, int, float, bool, type(None)})


def _things_in(value: Any) -> list[Any]:
    """What an attribute holds, itself or in lists and dicts; texts and numbers, of which there may be many, are no
    parts.
    """
    if not isinstance(value, (list, tuple, dict)):
        return [value]
    return (
        []
        if _PLAIN.issuperset(map(type, value.values() if isinstance(value, dict) else value))
        else flat(value)
    )


def _holds_tensor(value: Any) -> bool:
    return any(isinstance(leaf, (Tensor, np.ndarray)) for leaf in flat(value))


def _given_shape(shape: Any, dim: Any, batch_shape: Any) -> Any:
    """The shape of the inputs with the batch, from any of the three ways to say it."""
    if batch_shape is not None:
        return tuple(batch_shape)
    if shape is not None:
        return (None, *((shape,) if isinstance(shape, int) else tuple(shape)))
    return None if dim is None else (None, dim)


def first_value(initializer: Any, shape: Any, dtype: np.dtype) -> Any:
    """What an initializer gives, as an array, whatever is being recorded."""
    with recording(None):
        try:
            value = initializer(shape, dtype=dtype)
        except TypeError:
            value = initializer(shape)
    return np.asarray(value.array() if isinstance(value, Tensor) else value)


def _rows(y: Any) -> Any:
    from thalweg.ops.shape import count

    return count(y, (0,), y.dtype)


def _name_layer(error: ThalwegError, layer: Layer, args: Any) -> None:
    """Say once, in the message itself, in which layer and on which shapes it happened."""
    if getattr(error, "layer", None) is not None:
        return
    error.layer = layer.name  # type: ignore[attr-defined]
    shapes = mapped(lambda t: shape_text(t.shape) if isinstance(t, Tensor) else repr(t), list(args))
    where = f"in layer {layer.name!r} ({type(layer).__name__}) called on {', '.join(map(str, flat(shapes)))}"
    error.args = (f"{where}: {error.args[0]}" if error.args else where, *error.args[1:])
