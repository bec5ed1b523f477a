"""Tensors: an op applied to tensors, or a leaf (constant, variable, placeholder).

A tensor whose leaves all have values has its value at once (eager); otherwise it is symbolic. An eager tensor
with a variable below it remembers the expression that made it; one without keeps only its value.
"""

from __future__ import annotations

import threading
import weakref
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from thalweg import dtypes
from thalweg.errors import (
    ArgumentError,
    ArgumentTypeError,
    DTypeError,
    ShapeError,
    SymbolicError,
    UninitializedError,
    fail,
    user_line,
)
from thalweg.graph.history import keeps_history, moment
from thalweg.graph.memory import Slot, aligned_copy

if TYPE_CHECKING:
    from thalweg.graph.later import Batch
    from thalweg.graph.op import Op

Shape = tuple[int | None, ...] | None  # None alone: the rank itself is unknown


class Spec(NamedTuple):
    """What is known of an array before it exists: its shape (None where unknown) and dtype."""

    shape: Shape
    dtype: np.dtype

    def __str__(self) -> str:
        return f"{self.dtype.name}{shape_text(self.shape)}"


def shape_text(shape: Shape) -> str:
    """A shape as ``[2, None]``; an unknown rank as ``[...]``."""
    return "[...]" if shape is None else "[" + ", ".join(map(str, shape)) + "]"


class Tensor:
    """A value or the expression of one. Made by ops, :func:`constant`, :class:`Variable` and
    :func:`placeholder`.

    ``op`` is None for leaves; ``inputs`` are tensors; ``attrs`` the op's attributes; ``specs`` one Spec per
    output (several for ops that return several arrays, whose parts the op ``item`` picks); ``value`` an
    array, or None where symbolic; ``tracked`` whether a variable or a watched tensor stands below.
    ``later`` is None, or the batch that computes the value when somebody looks, and the place in it. ``moment`` says
    which recordings had begun when it was made.
    """

    __slots__ = (
        "__weakref__", "attrs", "built_at", "inputs", "later", "moment", "name", "op", "specs", "tracked", "value",
    )  # fmt: skip
    __array_priority__ = 1000
    __array_ufunc__ = None

    op: Op | None
    inputs: tuple[Tensor, ...]
    attrs: dict[str, Any]
    specs: tuple[Spec, ...]
    value: Any
    name: str | None
    built_at: str | None
    tracked: bool
    later: tuple[Batch, int] | None
    moment: int

    def __init__(
        self,
        op: Op | None,
        inputs: tuple[Tensor, ...],
        attrs: dict[str, Any],
        specs: tuple[Spec, ...],
        value: Any = None,
        *,
        name: str | None = None,
        built_at: str | None = None,
        tracked: bool = False,
    ) -> None:
        self.op = op
        self.inputs = inputs
        self.attrs = attrs
        self.specs = specs
        self.value = value
        self.name = name
        self.built_at = built_at
        self.tracked = tracked
        self.later = None
        self.moment = moment()

    def __getattr__(self, name: str) -> Any:
        """Called for what is not there: the value of a tensor that waits for somebody to look."""
        if name == "value":
            waiting = self.later  # another thread may look at the same time
            if waiting is not None:
                waiting[0].finish()
            return object.__getattribute__(self, name)
        raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}", name=name, obj=self)

    def __getstate__(self) -> Any:
        """What a copy or a pickle holds: everything, the value too."""
        self.value  # noqa: B018
        return object.__getstate__(self)

    @property
    def shape(self) -> Any:
        """Tuple of axis lengths, None where unknown; None alone where the rank is unknown."""
        return self.specs[0].shape

    @property
    def dtype(self) -> np.dtype:
        """Element type."""
        return self.specs[0].dtype

    @property
    def ndim(self) -> int:
        """Number of axes."""
        return len(self.known_shape())

    @property
    def size(self) -> int | None:
        """Number of elements, None where an axis length is unknown."""
        shape = self.shape
        if shape is None or None in shape:
            return None
        return int(np.prod(shape, dtype=np.int64))

    @property
    def device(self) -> str:
        """Where the value lives."""
        return "cpu"

    @property
    def is_symbolic(self) -> bool:
        """Whether the tensor has no value, neither yet nor when somebody looks."""
        return self.later is None and self.value is None

    def known_shape(self) -> tuple[int | None, ...]:
        """The shape, or an error where the rank is unknown."""
        if self.shape is None:
            raise fail(ShapeError, f"{self.label()} has an unknown rank", hint="give the placeholder a shape")
        return self.shape

    def label(self) -> str:
        """A short name for messages: the given name, or the op."""
        if self.name:
            return f"{type(self).__name__.lower()} '{self.name}'"
        return (
            self.op.name if self.op is not None else type(self).__name__.lower().replace("tensor", "constant")
        )

    # --- values
    # -------------------------------------------------------------------------------------------------

    def array(self) -> np.ndarray:
        """The value as a read-only array (no copy), or an error that says what it depends on."""
        if self.value is None:
            raise self._has_no_value("its value was asked for")
        return self.value

    def numpy(self) -> np.ndarray:
        """The value as a new NumPy array."""
        return np.array(self.array())

    def item(self) -> Any:
        """The single element as a Python number."""
        array = self.array()
        if array.size != 1:
            raise fail(
                ShapeError,
                "item(): one element is needed",
                expected="size 1",
                received=shape_text(array.shape),
            )
        return array.item()

    def tolist(self) -> Any:
        """The value as nested Python lists."""
        return self.array().tolist()

    def _has_no_value(self, why: str) -> SymbolicError | UninitializedError:
        from thalweg.graph.walk import missing_leaves

        leaves = missing_leaves([self])
        names = ", ".join(leaf.label() for leaf in leaves[:4]) or "a symbolic argument"
        return fail(
            SymbolicError,
            f"{self.label()} {shape_text(self.shape)} is symbolic and {why}",
            received=f"an expression that depends on {names}",
            built_at=self.built_at,
            hint="compute it with function(), a Session or eager inputs; "
            "inside a compiled function use where, cond or while_loop",
        )

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        array = self.array()
        if dtype is not None and np.dtype(dtype) != array.dtype:
            if copy is False:
                raise ValueError(f"a copy is needed to convert {array.dtype} to {np.dtype(dtype)}")
            return array.astype(dtype)
        return array.copy() if copy else array

    def __dlpack__(
        self, *, stream: Any = None, max_version: Any = None, dl_device: Any = None, copy: Any = None
    ) -> Any:
        array = self.array()
        if copy is False and not array.flags.writeable and (max_version is None or max_version < (1, 0)):
            raise BufferError("this tensor's array is read-only, which needs DLPack 1.0 or a copy")
        if not array.flags.writeable and (copy or max_version is None or max_version < (1, 0)):
            array = array.copy()
        return array.__dlpack__(stream=stream, max_version=max_version)

    def __dlpack_device__(self) -> tuple[int, int]:
        return (1, 0)

    def __bool__(self) -> bool:
        if deciding.by is not None and (self.is_symbolic or (self.tracked and _traces())):
            return deciding.by(self)
        return bool(self._scalar("a truth value was asked for"))

    def __float__(self) -> float:
        return float(self._scalar("a float was asked for"))

    def __int__(self) -> int:
        return int(self._scalar("an int was asked for"))

    def __format__(self, form: str) -> str:
        return format(self._scalar("it was formatted") if form else str(self), form)

    def __complex__(self) -> complex:
        return complex(self._scalar("a complex was asked for"))

    def __index__(self) -> int:
        if not dtypes.is_integer(self.dtype):
            raise fail(DTypeError, "a tensor used as an index must be an integer", received=self.dtype.name)
        return int(self._scalar("an index was asked for"))

    def _scalar(self, why: str) -> Any:
        if self.value is None:
            raise self._has_no_value(why)
        if self.tracked and _traces():
            raise fail(
                SymbolicError,
                f"{self.label()} may change from run to run of the function being traced and {why}",
                hint="inside a compiled function use where, cond or while_loop; or pass the number as an argument",
            )
        if self.value.size != 1:
            raise fail(
                ShapeError, f"one element is needed: {why}", received=f"shape {shape_text(self.shape)}"
            )
        return self.value.reshape(()).item()

    def __len__(self) -> int:
        if self.shape is None or (self.shape and self.shape[0] is None):
            raise self._has_no_value("its length was asked for")
        if not self.shape:
            raise fail(ArgumentTypeError, "len() of a tensor with no axes")
        return self.shape[0]

    def __iter__(self) -> Iterator[Tensor]:
        if self.shape is None or (self.shape and self.shape[0] is None):
            raise self._has_no_value("it was iterated over")
        if not self.shape:
            raise fail(ArgumentTypeError, "iteration over a tensor with no axes")
        return (self[k] for k in range(self.shape[0]))

    def __getitem__(self, key: Any) -> Tensor:
        return _methods["getitem"](self, key)

    if TYPE_CHECKING:  # given by thalweg.ops.methods

        def _binary(self, other: Any) -> Tensor: ...

        def _unary(self) -> Tensor: ...

        __add__ = __radd__ = __sub__ = __rsub__ = __mul__ = __rmul__ = __truediv__ = __rtruediv__ = _binary
        __floordiv__ = __rfloordiv__ = __mod__ = __rmod__ = __pow__ = __rpow__ = __matmul__ = __rmatmul__ = (
            _binary
        )
        __and__ = __rand__ = __or__ = __ror__ = __xor__ = __rxor__ = _binary
        __lshift__ = __rlshift__ = __rshift__ = __rrshift__ = _binary
        __lt__ = __le__ = __gt__ = __ge__ = _binary
        __neg__ = __pos__ = __abs__ = __invert__ = _unary

        def __eq__(self, other: Any) -> Tensor: ...  # type: ignore[override]
        def __ne__(self, other: Any) -> Tensor: ...  # type: ignore[override]
        def __divmod__(self, other: Any) -> tuple[Tensor, Tensor]: ...
        def __rdivmod__(self, other: Any) -> tuple[Tensor, Tensor]: ...
        def __round__(self, decimals: int | None = None) -> Tensor: ...
        def __floor__(self) -> Tensor: ...
        def __ceil__(self) -> Tensor: ...
        def __trunc__(self) -> Tensor: ...

        T: Tensor
        mT: Tensor
        astype: Callable[..., Tensor]
        clip: Callable[..., Tensor]
        round: Callable[..., Tensor]
        reshape: Callable[..., Tensor]
        flatten: Callable[..., Tensor]
        ravel: Callable[..., Tensor]
        squeeze: Callable[..., Tensor]
        transpose: Callable[..., Tensor]
        swapaxes: Callable[..., Tensor]
        dot: Callable[..., Tensor]
        sum: Callable[..., Tensor]
        prod: Callable[..., Tensor]
        mean: Callable[..., Tensor]
        std: Callable[..., Tensor]
        var: Callable[..., Tensor]
        max: Callable[..., Tensor]
        min: Callable[..., Tensor]
        argmax: Callable[..., Tensor]
        argmin: Callable[..., Tensor]
        all: Callable[..., Tensor]
        any: Callable[..., Tensor]

    def __hash__(self) -> int:
        return id(self)

    def __repr__(self) -> str:
        dims = (
            "?"
            if self.shape is None
            else f"({', '.join(map(str, self.shape))}{',' if len(self.shape) == 1 else ''})"
        )
        if self.value is not None:
            known = f"shape={dims} dtype={self.dtype.name} numpy={_short(self.value)}"
            return f"<{type(self).__name__}{self._name_part()} {known}>"
        made = f" op={self.op.name}" if self.op is not None else ""
        where = f" at {self.built_at}" if self.built_at else ""
        return f"<symbolic {type(self).__name__}{self._name_part()}{made} shape={dims} dtype={self.dtype.name}{where}>"

    def _repr_html_(self) -> str:
        """The same in a notebook, with the numbers of up to two axes as a table."""
        from thalweg.graph.show import tensor_html

        return tensor_html(self)

    def _name_part(self) -> str:
        return f" {self.name!r}" if self.name else ""

    def __array_namespace__(self, *, api_version: str | None = None) -> Any:
        import thalweg

        return thalweg


class _Deciding(threading.local):
    by: Callable[[Tensor], bool] | None = None


deciding = (
    _Deciding()
)  # who says which way a function that is being traced goes on, where it asks for a truth value


def _traces() -> bool:
    """Whether a function is being traced in this thread."""
    from thalweg.graph.updates import current_recorder

    return current_recorder() is not None


_methods: dict[str, Callable[..., Any]] = {}


_HOOKS = ("getitem", "read", "assign", "stack")  # called from this room, not methods of every tensor


def install_methods(methods: dict[str, Any]) -> None:
    """Give Tensor its operators and methods: the ops, which stand above this room, call this once.

    So does what runs whole programs of another library, to which tensors must look as they did there.
    """
    _methods.update(methods)
    for name, method in methods.items():
        if name not in _HOOKS:
            setattr(Tensor, name, method)


def _short(value: Any) -> str:
    if value.size == 1 and value.ndim == 0:
        return str(value.item())
    return np.array2string(value, threshold=8, edgeitems=2, precision=5, separator=", ").replace("\n", "")


def freeze(array: Any) -> np.ndarray:
    """The array (or NumPy scalar) as a read-only array, without a copy where it is our own."""
    array = np.asarray(array)
    if array.flags.writeable:
        array = array.view()
        array.flags.writeable = False
    return array


def plain(value: Any) -> Any:
    """The tensor that an object stands for, if its class says so by a method ``__tensor__``; else the value itself."""
    stands_for = getattr(type(value), "__tensor__", None)
    return value if stands_for is None else stands_for(value)


def constant(
    value: Any, dtype: Any = None, shape: Sequence[int] | None = None, name: str | None = None
) -> Tensor:
    """A tensor with the given value: a number, a nested list, an array, a tensor.

    Python floats become float32 and ints int64 unless ``dtype`` is given; arrays keep their dtype. With
    ``shape``, a single value is repeated to fill it.

    >>> constant([1.0, 2.0])
    <Tensor shape=(2,) dtype=float32 numpy=[1., 2.]>
    """
    value = plain(value)
    if isinstance(value, Tensor):
        if dtype is not None and value.dtype != dtypes.as_dtype(dtype):
            return _methods["astype"](value, dtypes.as_dtype(dtype))
        return value
    array = as_array(value, None if dtype is None else dtypes.as_dtype(dtype))
    if shape is not None:
        array = np.broadcast_to(array, tuple(shape)) if array.size == 1 else array.reshape(tuple(shape))
    return Tensor(None, (), {}, (Spec(array.shape, array.dtype),), freeze(array), name=name)


def as_array(value: Any, dtype: np.dtype | None) -> np.ndarray:
    """A new or safely shared array of a supported dtype from a number, list, array or eager tensor."""
    if isinstance(value, np.ndarray):
        source = value
    elif isinstance(value, Tensor):
        source = value.array()
    else:
        if isinstance(value, (list, tuple)) and _holds_tensor(value):
            value = _numbers(value)
        try:
            source = np.asarray(value)
        except ValueError as error:
            raise fail(
                ShapeError, f"not a rectangular array: {error}", received=type(value).__name__
            ) from None
        if dtype is None:
            dtype = _python_dtype(value, source)
    if dtype is None:
        dtype = dtypes.from_numpy(source)
    if source.dtype.kind not in "biuf" and source.dtype.name != "bfloat16":
        raise fail(
            DTypeError,
            "not an array of numbers",
            expected="numbers or booleans",
            received=f"dtype {source.dtype}",
        )
    return np.array(source, dtype=dtype)


def _python_dtype(value: Any, source: np.ndarray) -> np.dtype | None:
    if isinstance(value, np.generic) or source.dtype.name not in ("float64", "int64"):
        return None
    if source.dtype.kind == "f" and not _has_numpy_leaf(value):
        return dtypes.default_float
    return None


def _has_numpy_leaf(value: Any) -> bool:
    while isinstance(value, (list, tuple)):
        if not value:
            return False
        value = value[0]
    return isinstance(value, (np.ndarray, np.generic)) or hasattr(value, "__array__")


def _holds_tensor(value: Any) -> bool:
    if isinstance(value, (list, tuple)):
        return any(_holds_tensor(v) for v in value)
    return isinstance(value, Tensor)


def _numbers(value: Any) -> Any:
    return (
        [_numbers(v) for v in value] if isinstance(value, (list, tuple)) else getattr(value, "value", value)
    )


def of_value(value: np.ndarray | None, specs: tuple[Spec, ...]) -> Tensor:
    """An eager tensor with nothing before it, quickly; nobody may change the array."""
    made = object.__new__(Tensor)
    made.op, made.inputs, made.attrs, made.specs, made.value = None, (), {}, specs, value
    made.name, made.built_at, made.tracked, made.later, made.moment = None, None, False, None, moment()
    return made


def frozen(array: np.ndarray) -> Tensor:
    """An array that nobody else has as an eager tensor; nobody may change it from now on."""
    array.setflags(write=False)
    return of_value(array, (Spec(array.shape, array.dtype),))


class Placeholder(Tensor):
    """A leaf whose value is given when a program runs."""

    __slots__ = ()


def placeholder(
    dtype: Any = "float32", shape: Sequence[int | None] | None = None, name: str | None = None
) -> Placeholder:
    """A symbolic leaf; its value is fed when a program runs.

    ``shape`` may hold None for axes of any length; ``shape=None`` leaves even the rank open.

    >>> x = placeholder("float32", [None, 784], name="x")
    >>> (x * 2).shape
    (None, 784)
    """
    return Placeholder(
        None,
        (),
        {},
        (Spec(check_shape(shape), dtypes.as_dtype(dtype)),),
        name=name,
        built_at=user_line(),
        tracked=True,
    )


def check_shape(shape: Any) -> Shape:
    """A shape as a tuple of non-negative ints and None."""
    if shape is None:
        return None
    if isinstance(shape, (int, np.integer)):
        shape = (shape,)
    dims = tuple(None if d is None or d == -1 else int(d) for d in shape)
    if any(d is not None and d < 0 for d in dims):
        raise fail(ShapeError, "a shape holds a negative length", received=shape_text(dims))
    return dims


class Variable(Tensor):
    """A tensor whose value can change.

    ``initial_value``: a number, array or eager tensor gives the value at once; a symbolic tensor makes a
    variable without a value, which a session's initialisation gives it; a function of no arguments is called.
    ``shape`` may loosen the declared shape (None axes). ``symbolic=True`` makes a variable without a value
    whatever the initial value is: a session's initialisation gives it. Python floats become float32.

    >>> w = Variable([1.0, 2.0], name="w")
    >>> w.assign_add([1.0, 1.0]).numpy()
    array([2., 3.], dtype=float32)
    """

    __slots__ = ("constraint", "initializer", "slot", "trainable")

    def __init__(
        self,
        initial_value: Any,
        trainable: bool = True,
        name: str | None = None,
        dtype: Any = None,
        shape: Sequence[int | None] | None = None,
        symbolic: bool = False,
    ) -> None:
        if callable(initial_value) and not isinstance(initial_value, Tensor):
            initial_value = initial_value()
        wanted = None if dtype is None else dtypes.as_dtype(dtype)
        start = constant(initial_value, wanted)
        declared = check_shape(shape) if shape is not None else start.shape
        super().__init__(
            None, (), {}, (Spec(declared, start.dtype),), name=name, built_at=user_line(), tracked=True
        )
        self.trainable = trainable
        self.constraint: Any = None  # what a layer bounds the value by, as a function of it
        self.slot = Slot()
        self.initializer: Tensor = start
        if start.value is not None and not symbolic:
            self.slot.array = aligned_copy(start.value)

    @property
    def is_symbolic(self) -> bool:
        return self.slot.later is None and self.slot._array is None

    @property
    def value(self) -> np.ndarray | None:  # type: ignore[override]
        return self.slot.array

    @value.setter
    def value(self, array: Any) -> None:
        if array is not None:
            raise AssertionError("a variable's value is set by assign()")

    def __getstate__(self) -> Any:
        """What a copy or a pickle holds: everything, the value once, in the slot."""
        state: Any = object.__getstate__(self)  # a pair of fields, of which there are none, and slots
        return state[0], {name: held for name, held in state[1].items() if name != "value"}

    def read(self) -> Tensor:
        """The value now, as an eager tensor that remembers this variable and does not change when the
        variable does.
        """
        if _traces() or self.is_symbolic:
            return _methods["read"](self)
        shown = self.shown()
        return shown if keeps_history() else of_value(shown.value, shown.specs)

    def shown(self) -> Tensor:
        """The value now, as an eager tensor that remembers this variable: the same one until it changes."""
        slot = self.slot
        slot.settle()
        held = slot.reader() if slot.reader is not None else None
        if held is None:
            array = freeze(slot.array)
            spec = Spec(array.shape, array.dtype)
            held = Tensor(_methods["read"], (self,), {}, (spec,), array, tracked=True)  # type: ignore[arg-type]
            slot.reader = weakref.ref(held)
        return held

    def get_value(self, borrow: bool = False) -> np.ndarray:
        """The value as a new NumPy array."""
        if self.slot.array is None:
            raise self._has_no_value("its value was asked for")
        return np.array(self.slot.array)

    def set_value(self, new_value: Any, borrow: bool = False) -> None:
        """Replace the value; the shape must fit the declared one."""
        array = as_array(new_value, self.dtype)
        if not shapes_match(self.shape, array.shape):
            raise fail(
                ShapeError,
                f"{self.label()}: the new value does not fit",
                expected=shape_text(self.shape),
                received=shape_text(array.shape),
            )
        self.slot.array = aligned_copy(array)
        self.slot.reader = None

    def array(self) -> np.ndarray:
        if self.slot.array is None:
            raise self._has_no_value("its value was asked for")
        return freeze(np.array(self.slot.array))

    def _has_no_value(self, why: str) -> SymbolicError | UninitializedError:
        return fail(
            UninitializedError,
            f"{self.label()} has no value yet and {why}",
            built_at=self.built_at,
            hint="run its initialisation first, or assign a value",
        )

    def assign(self, value: Any) -> Any:
        """Set the value (eager), or record the update (inside a traced function); symbolic values give an
        operation.
        """
        return _methods["assign"](self, value)

    def assign_add(self, value: Any) -> Any:
        """Add to the value; see :meth:`assign`."""
        return _methods["assign"](self, self + value)  # type: ignore[operator]

    def assign_sub(self, value: Any) -> Any:
        """Subtract from the value; see :meth:`assign`."""
        return _methods["assign"](self, self - value)  # type: ignore[operator]


def shapes_match(declared: Shape, actual: Shape) -> bool:
    """Whether an array of the second shape may stand where the first is declared."""
    if declared is None or actual is None:
        return True
    return len(declared) == len(actual) and all(
        d is None or a is None or d == a for d, a in zip(declared, actual, strict=True)
    )


def checked_axis(axis: int, ndim: int, op: str) -> int:
    """The axis counted from the front, or an error."""
    if not isinstance(axis, (int, np.integer)) or isinstance(axis, bool):
        raise fail(ArgumentTypeError, f"{op}: an axis must be an int", received=repr(axis))
    if not -ndim <= axis < ndim:
        raise fail(
            ArgumentError,
            f"{op}: the axis is out of range",
            expected=f"{-ndim} <= axis < {ndim}",
            received=f"axis={axis}",
        )
    return int(axis) % ndim
