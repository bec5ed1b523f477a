"""What all layers share; dense ones, dropout, and other shapes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from thalweg.compat.tf1 import graph as g
from thalweg.compat.tf1 import math, nn, variables
from thalweg.compat.tf1.graph import GraphKeys, Node, Tensor, default_graph, value, wrap
from thalweg.compat.tf1.initializers import zeros_initializer
from thalweg.compat.tf1.sparse import sparse_placeholder
from thalweg.ops import shape as shape_ops


class Layer:
    """Variables and a function of them; the variables are made at the first call, under the layer's name."""

    kind = "layer"

    def __init__(
        self,
        name: str | None = None,
        trainable: bool = True,
        dtype: Any = None,
        _reuse: Any = None,
        _scope: Any = None,
        activity_regularizer: Any = None,
        *,
        input_shape: Any = None,
        batch_input_shape: Any = None,
        batch_size: Any = None,
    ) -> None:
        self._name, self.trainable, self._reuse, self._scope = name, trainable, _reuse, _scope
        self.scope_name: str | None = None
        self.activity_regularizer = activity_regularizer
        self.dtype = dtype
        self.variables: list[variables.Variable] = []
        self.built = False
        self.updates: list[Any] = []
        self.losses: list[Any] = []
        self._calls: list[tuple[Any, Any]] = []  # each (inputs, outputs)

    @property
    def name(self) -> str:
        return self.scope_name or self._name or self.kind

    @property
    def trainable_variables(self) -> list[variables.Variable]:
        return [v for v in self.variables if v.trainable]

    @property
    def weights(self) -> list[variables.Variable]:
        return self.variables

    trainable_weights = trainable_variables

    @property
    def non_trainable_variables(self) -> list[variables.Variable]:
        return [v for v in self.variables if not v.trainable]

    non_trainable_weights = non_trainable_variables

    def count_params(self) -> int:
        """How many numbers the variables hold."""
        return sum(v.get_shape().num_elements() or 0 for v in self.variables)

    def get_weights(self) -> list[Any]:
        """The values of the variables in the default session."""
        return [v.eval() for v in self.variables]

    def set_weights(self, weights: Sequence[Any]) -> None:
        """Set the values of the variables in the default session."""
        if len(weights) != len(self.variables):
            raise ValueError(
                f"{self.name}: set_weights expects {len(self.variables)} arrays, received {len(weights)}"
            )
        for v, array in zip(self.variables, weights, strict=True):
            v.load(array)

    def add_loss(self, losses: Any, inputs: Any = None) -> None:
        """Put losses of the layer's own among the regularization losses."""
        for loss in losses if isinstance(losses, (list, tuple)) else [losses]:
            self.losses.append(loss)
            default_graph().add_to_collection(GraphKeys.REGULARIZATION_LOSSES, loss)

    def _only_call(self) -> tuple[Any, Any]:
        if len(self._calls) != 1:
            raise AttributeError(
                f"{self.name}: input and output are those of the one call of a layer; it has {len(self._calls)}"
            )
        return self._calls[0]

    @property
    def input(self) -> Any:
        """What the layer was called on, where it was called once."""
        return self._only_call()[0]

    @property
    def output(self) -> Any:
        """What its one call gave."""
        return self._only_call()[1]

    @property
    def input_shape(self) -> Any:
        """The shape of ``input``."""
        return tuple(self.input.get_shape().as_list())

    @property
    def output_shape(self) -> Any:
        """The shape of ``output``."""
        return tuple(self.output.get_shape().as_list())

    def add_variable(
        self,
        name: str,
        shape: Any,
        initializer: Any = None,
        regularizer: Any = None,
        trainable: bool = True,
        dtype: Any = None,
        constraint: Any = None,
    ) -> variables.Variable:
        """A variable under the layer's name."""
        made = variables.get_variable(
            name,
            shape,
            dtype or self.dtype,
            initializer,
            regularizer,
            trainable=trainable and self.trainable,
            constraint=constraint,
        )
        self.variables.append(made)
        return made

    add_weight = add_variable

    def build(self, input_shape: Any) -> None:
        """Make the variables."""

    def call(self, inputs: Any) -> Any:
        """The function."""
        raise NotImplementedError

    def __call__(self, inputs: Any, *args: Any, scope: Any = None, **options: Any) -> Any:
        inputs = g.nodes_of(inputs)
        inputs = inputs if isinstance(inputs, (Node, list, tuple, dict)) else g.constant(inputs)
        if self.scope_name is None:
            given = scope or self._scope or (self._name if self._reuse else None)
            opened = variables.variable_scope(given, self._name or self.kind, reuse=self._reuse)
        else:
            opened = variables.variable_scope(variables.VariableScope(self.built or None, self.scope_name))
        with opened as scope:
            self.scope_name = scope.name
            if not self.built:
                if self.dtype is None and isinstance(inputs, Node) and inputs.dtype.is_floating:
                    self.dtype = inputs.dtype
                self.build(inputs.get_shape() if isinstance(inputs, Node) else None)
                self.built = True
            made = self.call(inputs, *args, **options)
            if self.activity_regularizer is not None:
                penalty = self.activity_regularizer(made)
                rows = math.cast(math.shape(made)[0], penalty.dtype)  # the mean over the examples
                default_graph().add_to_collection(GraphKeys.REGULARIZATION_LOSSES, penalty / rows)
            self._calls.append((inputs, made))
            return made

    apply = __call__


def _activated(x: Any, activation: Any) -> Any:
    if isinstance(activation, str):
        activation = getattr(nn, activation)
    return x if activation is None else activation(x)


class _Affine(Layer):
    """A layer with a kernel and a bias for ``width`` outputs, and how they begin, are punished and are bounded."""

    def __init__(
        self,
        width: int,
        activation: Any = None,
        use_bias: bool = True,
        kernel_initializer: Any = None,
        bias_initializer: Any = None,
        kernel_regularizer: Any = None,
        bias_regularizer: Any = None,
        activity_regularizer: Any = None,
        kernel_constraint: Any = None,
        bias_constraint: Any = None,
        trainable: bool = True,
        name: str | None = None,
        **options: Any,
    ) -> None:
        super().__init__(name, trainable, activity_regularizer=activity_regularizer, **options)
        self.width, self.activation, self.use_bias = int(width), activation, use_bias
        self._of_kernel = kernel_initializer, kernel_regularizer, True, None, kernel_constraint
        self._of_bias = bias_initializer or zeros_initializer(), bias_regularizer, True, None, bias_constraint
        self.kernel: Any = None
        self.bias: Any = None

    def add_weights(self, kernel_shape: Sequence[int]) -> None:
        """Make the kernel, and the bias where there is one."""
        self.kernel = self.add_variable("kernel", kernel_shape, *self._of_kernel)
        self.add_bias()

    def add_bias(self) -> None:
        if self.use_bias:
            self.bias = self.add_variable("bias", [self.width], *self._of_bias)


class Dense(_Affine):
    """``activation(x @ kernel + bias)`` over the last axis."""

    kind = "dense"

    def __init__(self, units: int, *rest: Any, **options: Any) -> None:
        super().__init__(units, *rest, **options)

    @property
    def units(self) -> int:
        return self.width

    def build(self, input_shape: Any) -> None:
        channels = input_shape[-1].value
        if channels is None:
            raise ValueError("The last dimension of the inputs to `Dense` should be defined. Found `None`.")
        self.add_weights([channels, self.width])

    def call(self, inputs: Any) -> Tensor:
        if inputs.shape.ndims > 2:
            made = math.tensordot(inputs, self.kernel, [[inputs.shape.ndims - 1], [0]])
        else:
            made = math.matmul(inputs, self.kernel)
        return _activated(made if self.bias is None else nn.bias_add(made, self.bias), self.activation)


class Flatten(Layer):
    """All axes but the first as one; channels that stand first ("channels_first") go to the end before."""

    kind = "flatten"

    def __init__(self, data_format: str = "channels_last", name: str | None = None, **options: Any) -> None:
        super().__init__(name, **options)
        self.data_format = data_format

    def call(self, inputs: Any) -> Tensor:
        if self.data_format == "channels_first" and inputs.shape.ndims > 2:
            inputs = math.transpose(inputs, [0, *range(2, inputs.shape.ndims), 1])
        rest = inputs.get_shape()[1:].num_elements()
        made = shape_ops.reshape(
            value(inputs), (-1, rest) if rest is not None else (inputs.shape[0].value, -1)
        )
        batch = inputs.get_shape()[0].value if isinstance(inputs, Node) and inputs.get_shape().ndims else None
        with default_graph().made_of(8 if batch is None else 2):  # the length of the batch is one of the run
            return wrap(made, "Reshape", "Flatten", [inputs])


class Dropout(Layer):
    """Zeros with probability ``rate`` while training, the rest divided by 1 - rate."""

    kind = "dropout"

    def __init__(
        self,
        rate: Any = 0.5,
        noise_shape: Any = None,
        seed: Any = None,
        name: str | None = None,
        **options: Any,
    ) -> None:
        super().__init__(name, **options)
        self.rate, self.noise_shape, self.seed = rate, noise_shape, seed

    def call(self, inputs: Any, training: Any = False) -> Tensor:
        rate = self.rate
        if isinstance(training, Node):
            rate = math.cast(training, inputs.dtype) * rate
        elif not training:
            return math.identity(inputs)
        return nn.dropout(inputs, rate=rate, noise_shape=self.noise_shape, seed=self.seed)


# --- functions ------------------------------------------------------------------------------------------------------


def _called(layer: Any) -> Any:
    """A function that makes a layer of its arguments and calls it."""

    def apply(inputs: Any, *args: Any, name: str | None = None, reuse: Any = None, **options: Any) -> Any:
        return layer(*args, name=name, _reuse=reuse, _scope=name, **options)(inputs)

    apply.__name__, apply.__doc__ = layer.kind, layer.__doc__
    return apply


dense = _called(Dense)


def flatten(inputs: Any, name: str | None = None, data_format: str = "channels_last") -> Tensor:
    """All axes but the first as one; see :class:`Flatten`."""
    return Flatten(data_format, name)(inputs)


def dropout(
    inputs: Any,
    rate: Any = 0.5,
    noise_shape: Any = None,
    seed: Any = None,
    training: Any = False,
    name: str | None = None,
) -> Tensor:
    """Zeros with probability ``rate`` while training."""
    return Dropout(rate, noise_shape, seed, name)(inputs, training=training)


class Input:
    """Not a layer: ``tf.layers.Input(shape)`` is a placeholder for a batch."""

    def __new__(
        cls,
        shape: Sequence[Any] | None = None,
        batch_size: Any = None,
        name: str | None = None,
        dtype: Any = "float32",
        sparse: bool = False,
        tensor: Any = None,
    ) -> Any:
        if tensor is not None:
            return tensor
        if sparse:
            return sparse_placeholder(dtype, [batch_size, *(shape or ())], name)
        return math.placeholder(dtype, [batch_size, *(shape or ())], name)
