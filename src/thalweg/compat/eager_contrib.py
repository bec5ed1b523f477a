"""``tf.contrib`` where there is no graph: ``eager``, ``summary``, and what of the rest is functions of tensors."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from thalweg import events
from thalweg.compat import names as _names
from thalweg.compat import tf1 as _tf1
from thalweg.compat import tf2 as _tf2
from thalweg.compat.at_once import at_once
from thalweg.compat.eager_names import contrib_variance_scaling_initializer, functions, xavier_initializer
from thalweg.compat.names import Namespace
from thalweg.compat.tf1.checkpoints import NewCheckpointReader
from thalweg.compat.tf1.summary import _pixels
from thalweg.compat.tf2.summary import SummaryWriter, create_noop_writer, current_writers
from thalweg.compat.tf2.summary import create_file_writer as _file_writer
from thalweg.compat.tf2.summary import histogram as _histogram
from thalweg.compat.tf2.summary import scalar as _scalar
from thalweg.compat.tf2.summary import should_record_summaries as _is_written
from thalweg.compat.tf2.values import number
from thalweg.errors import ArgumentError, fail

# --- the counter of steps ---------------------------------------------------------------------------------------------

_step: list[Any] = []


def get_global_step(graph: Any = None) -> Any:
    """The counter of steps; None where nothing made it."""
    return _step[0] if _step else None


def get_or_create_global_step(graph: Any = None) -> Any:
    """The counter of steps."""
    if not _step:
        _step.append(_tf2.Variable(0, dtype="int64", name="global_step", trainable=False))
    return _step[0]


# --- tf.contrib.summary -----------------------------------------------------------------------------------------------

_asked: list[Callable[[], bool]] = []  # whether to write, by the blocks that the program is in


def should_record_summaries() -> bool:
    """Whether a summary would be written now: in a block that says so, to a file."""
    return bool(_asked) and _asked[-1]() and _is_written()


@contextmanager
def _recording(condition: Callable[[], bool]) -> Iterator[None]:
    _asked.append(condition)
    try:
        yield
    finally:
        _asked.pop()


def always_record_summaries() -> Any:
    """A block in which summaries are written."""
    return _recording(lambda: True)


def never_record_summaries() -> Any:
    """A block in which no summaries are written."""
    return _recording(lambda: False)


def record_summaries_every_n_global_steps(n: int, global_step: Any = None) -> Any:
    """A block in which summaries are written at every n-th step."""
    step = get_or_create_global_step() if global_step is None else global_step
    return _recording(lambda: int(number(step)) % n == 0)


def create_file_writer(
    logdir: Any, max_queue: Any = None, flush_millis: Any = None, filename_suffix: str | None = None, name: Any = None
) -> Any:  # fmt: skip
    """A new event file in a folder; without a folder nothing is written."""
    if logdir is None:
        return create_noop_writer()
    return _file_writer(logdir, max_queue, flush_millis, filename_suffix, name)


def _at_this_step(write: Callable[..., Any]) -> Callable[..., Any]:
    """A summary ``(name, tensor, ..., family, step)``, at the global step by default, where one is to be written."""

    @functools.wraps(write)
    def apply(
        name: str, tensor: Any, *more: Any, family: Any = None, step: Any = None, **options: Any
    ) -> Any:
        if not should_record_summaries():
            return None
        now = get_or_create_global_step() if step is None else step
        return write(f"{family}/{name}" if family else name, tensor, *more, step=now, **options)

    return apply


@_at_this_step
def _image(name: str, tensor: Any, bad_color: Any = None, max_images: int = 3, step: Any = None) -> Any:
    """The first pictures of a batch; floats are stretched to 0..255."""
    batch = np.asarray(tensor)[:max_images]
    tags = [f"{name}/image" if max_images == 1 else f"{name}/image/{k}" for k in range(len(batch))]
    message = b"".join(events.image(tag, _pixels(part)) for tag, part in zip(tags, batch, strict=True))
    current_writers()[-1].add(message, int(number(step)))


summary = Namespace(
    "tf.contrib.summary",
    always_record_summaries=always_record_summaries,
    never_record_summaries=never_record_summaries,
    record_summaries_every_n_global_steps=record_summaries_every_n_global_steps,
    should_record_summaries=should_record_summaries,
    create_file_writer=create_file_writer,
    create_summary_file_writer=create_file_writer,
    SummaryWriter=SummaryWriter,
    scalar=_at_this_step(_scalar),
    histogram=_at_this_step(_histogram),
    image=_image,
    flush=lambda writer=None, name=None: [w.flush() for w in ([writer] if writer else current_writers())],
    initialize=lambda graph=None, session=None: None,
)


# --- tf.contrib.eager -------------------------------------------------------------------------------------------------


class Saver:
    """The values of variables in one file, by the variables' names."""

    def __init__(self, var_list: Any) -> None:
        given = var_list.items() if isinstance(var_list, dict) else [(_plain(v), v) for v in var_list]
        self._variables = dict(given)
        if len(self._variables) < len(list(given)):
            names = [name for name, _ in given]
            twice = next(name for name in names if names.count(name) > 1)
            raise fail(
                ArgumentError, "tfe.Saver: two variables of one name", expected="names of their own", received=twice,
                hint="give a dict {name: variable}, or use tfe.Checkpoint",
            )  # fmt: skip

    def save(self, file_prefix: Any, global_step: Any = None) -> str:
        """Write the values; the path, with the step behind it."""
        path = str(file_prefix) + ("" if global_step is None else f"-{int(number(global_step))}")
        with _tf1.Graph().as_default(), _tf1.Session() as session:
            kept = {name: _tf1.Variable(v.numpy(), name=None) for name, v in self._variables.items()}
            session.run(_tf1.global_variables_initializer())
            written: str = _tf1.train.Saver(kept).save(session, path, write_meta_graph=False)
        return written

    def restore(self, file_prefix: Any) -> None:
        """Read the values into the variables."""
        reader = NewCheckpointReader(str(file_prefix))
        for name, variable in self._variables.items():
            variable.assign(reader.get_tensor(name))


def _plain(variable: Any) -> str:
    return str(variable.name).removesuffix(":0")


@contextmanager
def restore_variables_on_create(save_path: Any, map_func: Any = None) -> Iterator[None]:
    """A block whose variables would begin with the values of a file; there is none on the first run."""
    if save_path is not None:
        raise fail(
            ArgumentError, "tfe.restore_variables_on_create: save_path", expected=None, received=save_path,
            hint="tfe.Checkpoint(...).restore(path) gives variables their values when they are made",
        )  # fmt: skip
    yield


class Mean(_tf2.keras.metrics.Mean):  # type: ignore[misc, name-defined]
    """A mean to which a batch is given by a call, which gives the batch back."""

    def __call__(self, *values: Any, weights: Any = None, **options: Any) -> Any:
        self.update_state(*values, sample_weight=weights, **options)
        return values[0] if len(values) == 1 else values

    def init_variables(self) -> None:
        """Begin anew."""
        self.reset_state()


class Accuracy(_tf2.keras.metrics.Accuracy):  # type: ignore[misc, name-defined]
    """How many predictions are the labels."""

    def __call__(self, labels: Any, predictions: Any, weights: Any = None) -> Any:
        self.update_state(labels, predictions, weights)
        return labels, predictions

    def init_variables(self) -> None:
        """Begin anew."""
        self.reset_state()


def run(main: Any = None, argv: Any = None) -> None:
    """``tf.app.run``, eagerly."""
    _tf1.app.run(main, argv)


def py_func(func: Callable[..., Any], inp: Any, Tout: Any, name: Any = None) -> Any:
    """What a Python function of tensors gives, with gradients."""
    return _tf2.py_function(func, inp, Tout)


_applied = _names.members(_tf2.data.experimental)
data = Namespace(
    "tf.contrib.data",
    **_applied,
    batch_and_drop_remainder=lambda batch_size: (
        lambda dataset: dataset.batch(batch_size, drop_remainder=True)
    ),
)
checkpoint = Namespace(
    "tf.contrib.checkpoint",
    CheckpointManager=_tf2.train.CheckpointManager,
    Checkpointable=_tf2.Module,
    List=list,
    Mapping=dict,
    NoDependency=lambda value: value,
)
layers = Namespace(
    "tf.contrib.layers",
    xavier_initializer=xavier_initializer,
    xavier_initializer_conv2d=xavier_initializer,
    variance_scaling_initializer=contrib_variance_scaling_initializer,
    l1_regularizer=lambda scale, scope=None: at_once(_tf1.contrib.layers.l1_regularizer(scale)),
    l2_regularizer=lambda scale, scope=None: at_once(_tf1.contrib.layers.l2_regularizer(scale)),
    flatten=lambda inputs, *more, **options: _tf2.keras.layers.Flatten()(inputs),
)
OTHERS: dict[str, Any] = {
    "summary": summary,
    "data": data,
    "checkpoint": checkpoint,
    "layers": layers,
    "cudnn_rnn": _tf1.contrib.cudnn_rnn,
    "learn": Namespace("tf.contrib.learn", datasets=_tf1.contrib.learn.datasets),
    "seq2seq": Namespace("tf.contrib.seq2seq", **functions(_tf1.contrib.seq2seq, "sequence_loss")),
    "image": Namespace("tf.contrib.image", **functions(_tf1.contrib.image, "rotate")),
    "framework": Namespace(
        "tf.contrib.framework",
        nest=_tf1.contrib.framework.nest,
        get_or_create_global_step=get_or_create_global_step,
        get_global_step=get_global_step,
    ),
}
