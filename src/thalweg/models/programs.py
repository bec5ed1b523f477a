"""One batch as a compiled program: steps are traced once for each structure and shape of data, and kept."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from thalweg import dtypes
from thalweg.errors import ShapeError
from thalweg.graph.history import no_grad
from thalweg.graph.tensor import Tensor
from thalweg.models import lint
from thalweg.models.feeds import Feed, feed_of, packed
from thalweg.models.objective import Objective
from thalweg.models.steps import Step
from thalweg.nested import filled, flat, mapped
from thalweg.run.by_shapes import ByShapes, Shapes

__all__ = ["Programs"]

_KEPT_STEPS = 32


class Programs(Objective):
    """The part of a model that has its steps as programs, and data in the form that these take."""

    def _step(self, kind: str, structure: Any, alone: str = "") -> Callable[[Any], Any]:
        """What runs one batch: a flat list of arrays to the logs (train, test) or the outputs (predict).

        Steps of ``fit`` and ``evaluate`` only count; those of a batch ``alone`` ("anew" or "on", as the counts begin
        or go on) give the figures too, all in one native call.
        """
        if kind == "train" and not self.trainable and self._flags.get(self):
            return self._step_as_compiled(structure, alone)
        body = getattr(self, f"{kind}_step")
        if not self._steps_are_ours(f"{kind}_step"):
            body = lambda data, own=body: own(packed(data))
        if self.run_eagerly:
            return lambda arrays: _eager_step(body, filled(structure, arrays))
        trained = tuple(map(id, self.trainable_weights)) if kind == "train" else ()
        arrays = flat(structure)
        kinds = tuple((a.dtype.str, a.ndim) for a in arrays)
        key = (kind, alone, _shape_of_structure(structure), kinds, trained)

        def made(shapes: Shapes) -> Step:
            if alone:
                return self._traced_alone(kind, body, structure, shapes, alone)
            return self._traced(kind, body, structure, shapes)

        steps = self._steps.get(key, ByShapes())
        step = steps.get(tuple((None, *a.shape[1:]) for a in arrays), made)
        if kind == "train":  # the first step may have built the model: its weights are known now
            key = (*key[:4], tuple(map(id, self.trainable_weights)))
        if key not in self._steps and len(self._steps) >= _KEPT_STEPS:
            self._steps.pop(next(iter(self._steps)))
        self._steps[key] = steps
        return step

    def _step_as_compiled(self, structure: Any, alone: str) -> Callable[[Any], Any]:
        """A model frozen after its compile, to be part of another, is still trained by its own fit: as in a GAN."""
        now = {layer: layer.trainable for layer in self._flags}
        for layer, flag in self._flags.items():
            layer._trainable = flag
        try:
            return self._step("train", structure, alone)
        finally:
            for layer, flag in now.items():
                layer._trainable = flag

    def _traced_alone(self, kind: str, body: Any, structure: Any, shapes: Shapes, alone: str) -> Step:
        """The step with its figures. The first trace may make counts, which then another one sets to 0 first."""

        def whole(data: Any) -> Any:
            for variable in self._counts() if alone == "anew" else []:
                variable.assign(np.zeros(variable.shape, variable.dtype))
            return body(data)

        known = -1
        while known != len(self._counts()):
            known, step = len(self._counts()), self._traced("alone", whole, structure, shapes)
        return step

    def _traced(self, kind: str, body: Any, structure: Any, shapes: Shapes) -> Step:
        if kind in ("train", "test") and self._steps_are_ours(f"{kind}_step"):
            traced = lambda data: body(data) and None
        else:
            traced = body
        before = {id(layer): list(layer._added) for layer in self.tree()}
        try:
            return Step(traced, structure, shapes, f"{self.name}.{kind}_step")
        finally:
            for layer in self.tree():  # what the trace added stands for no values
                layer._added = before.get(id(layer), [])

    def _logs(self, result: Any) -> dict[str, Any]:
        """The logs after a batch: what the step gave, if it gave any, else the figures."""
        if isinstance(result, Mapping):
            values = {name: np.asarray(value) for name, value in result.items()}
            return {name: v.item() if v.ndim == 0 else v for name, v in values.items()}
        return self.figures()

    # --- data ---------------------------------------------------------------------------------------------------

    def has_text_layers(self) -> bool:
        """Whether an input is of texts, or a layer makes numbers of them, so that data may hold some."""
        graph = getattr(self, "_graph", None)
        inputs = [] if graph is None else graph.flat_inputs
        texts = any(t.dtype == np.uint32 for t in inputs)
        return texts or any(getattr(layer, "takes_texts", False) for layer in self.tree())

    def float_dtype(self) -> np.dtype:
        """The dtype of floating data: the widest of the layers, at least the default."""
        own = [layer.dtype for layer in self.tree() if dtypes.is_floating(layer.dtype)]
        return max([dtypes.default_float, *own], key=lambda dtype: dtype.itemsize)

    def _feed(self, *data: Any, **options: Any) -> Feed:
        fitting = lambda structure: (lint.ranked(self, structure[0]), *structure[1:])
        floats, texts = self.float_dtype(), self.has_text_layers()
        graph = getattr(self, "_graph", None)
        ours = all(self._steps_are_ours(f"{kind}_step") for kind in ("train", "test", "predict"))
        names = graph.input_names() if graph is not None and ours else None
        return feed_of(*data, floats=floats, texts=texts, fitting=fitting, names=names, **options)

    def _call_on_some(self, x: Any) -> None:
        """The model on the first rows; on all where these do not fit, as nodes and edges of a graph belong together."""
        try:
            self(mapped(lambda a: a[:1], x), training=False)
        except ShapeError:
            if len(flat(x)) < 2:
                raise
            self(x, training=False)

    def _build_from(self, structure: Any) -> None:
        """Build the weights from the first rows, so that callbacks and the optimizer find them."""
        if not self.built or any(not layer.built for layer in self.tree()):
            added = {id(layer): layer._added for layer in self.tree()}
            try:
                with no_grad():
                    self._call_on_some(structure[0])
            except (
                Exception
            ):  # a step of one's own may call the model with something else: it builds the weights
                if self._steps_are_ours("train_step"):
                    raise
            for layer in self.tree():
                layer._added = added.get(id(layer), [])
        self.optimizer.build(self.trainable_weights)


def _shape_of_structure(structure: Any) -> Any:
    """The structure without its arrays, to be compared."""
    if structure is None:
        return None
    if isinstance(structure, Mapping):
        return ("dict", *((k, _shape_of_structure(v)) for k, v in structure.items()))
    if isinstance(structure, (list, tuple)):
        return ("list", *(_shape_of_structure(v) for v in structure))
    return "array"


def _eager_step(body: Any, data: Any) -> Any:
    result = body(mapped(np.asarray, data))
    return mapped(lambda t: t.array() if isinstance(t, Tensor) else np.asarray(t), result)
