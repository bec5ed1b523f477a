"""``tf.saved_model``: a folder with a safetensors file, and nothing of TensorFlow's format.

A Keras model is kept whole: ``load`` gives it back in any process, as ``tf.keras.models.load_model`` does. Of a
``tf.Module`` the file holds the values of the variables; its functions are Python, so ``load`` gives it back only in
the process that saved it.
"""

from __future__ import annotations

import copy
import os
from collections.abc import Callable, Mapping
from typing import Any

from thalweg.compat.keras import models
from thalweg.compat.tf2.checkpoint import Checkpoint
from thalweg.compat.tf2.concrete import ConcreteFunction
from thalweg.compat.tf2.function import Function
from thalweg.compat.tf2.specs import TensorSpec
from thalweg.compat.tf2.values import tensor
from thalweg.errors import DataError, fail
from thalweg.models.training import Training
from thalweg.nested import flat

DEFAULT_SERVING_SIGNATURE_DEF_KEY, SERVING, TRAINING = "serving_default", "serve", "train"
PREDICT_INPUTS, PREDICT_OUTPUTS, PREDICT_METHOD_NAME = "inputs", "outputs", "tensorflow/serving/predict"
CLASSIFY_INPUTS, REGRESS_INPUTS, REGRESS_OUTPUTS = "inputs", "inputs", "outputs"

__all__ = [
    "CLASSIFY_INPUTS", "DEFAULT_SERVING_SIGNATURE_DEF_KEY", "PREDICT_INPUTS", "PREDICT_METHOD_NAME", "PREDICT_OUTPUTS",
    "REGRESS_INPUTS", "REGRESS_OUTPUTS", "SERVING", "TRAINING", "LoadOptions", "SaveOptions",
    "contains_saved_model", "load", "save",
]  # fmt: skip

_VALUES = os.path.join("variables", "variables")
_modules: dict[
    str, tuple[Any, dict[str, Any]]
] = {}  # what this process saved, by folder, with its signatures


class SaveOptions:
    """Accepted: there is one way to save."""

    def __init__(self, *args: Any, **options: Any) -> None:
        vars(self).update(options)


class LoadOptions(SaveOptions):
    """Accepted: there is one way to load."""


def save(obj: Any, export_dir: Any, signatures: Any = None, options: Any = None) -> None:
    """Keep a Keras model, or a module, in a folder."""
    folder = os.path.abspath(os.fspath(export_dir))
    if isinstance(obj, Training):
        models.save_in_folder(obj, folder)
        return
    Checkpoint(root=obj).write(os.path.join(folder, _VALUES))
    signatures = _only_signature(obj) if signatures is None else signatures
    named = signatures if isinstance(signatures, Mapping) else {DEFAULT_SERVING_SIGNATURE_DEF_KEY: signatures}
    _modules[folder] = obj, {name: _concrete(f) for name, f in named.items() if f is not None}


def contains_saved_model(export_dir: Any) -> bool:
    """Whether there is a saved model in a folder."""
    folder = os.path.abspath(os.fspath(export_dir))
    return folder in _modules or os.path.exists(models.file_in_folder(folder))


def load(export_dir: Any, tags: Any = None, options: Any = None) -> Any:
    """What was saved: a model as :class:`LoadedModel`, a module as another one of the same class and values."""
    folder = os.path.abspath(os.fspath(export_dir))
    if os.path.exists(models.file_in_folder(folder)):
        return LoadedModel(models.load_model(folder, compile=False))
    if folder not in _modules:
        raise fail(
            DataError, f"tf.saved_model.load: {folder!r} holds no Keras model that this library saved",
            hint="the functions of a tf.Module are Python and come back only in the process that saved them; "
            "keep its values with tf.train.Checkpoint",
        )  # fmt: skip
    made, functions = copy.deepcopy(_modules[folder])
    Checkpoint(root=made).restore(os.path.join(folder, _VALUES))
    made.signatures = {name: FunctionSignature(f) for name, f in functions.items()}
    return made


def _only_signature(obj: Any) -> Any:
    """The one function of an object that says what it takes; None where there is none, or more than one."""
    found = [
        getattr(obj, name) for name, thing in vars(type(obj)).items()
        if isinstance(thing, Function) and thing.input_signature is not None
    ]  # fmt: skip
    return found[0] if len(found) == 1 else None


def _concrete(function: Any) -> Any:
    return function if isinstance(function, ConcreteFunction) else function.get_concrete_function()


class FunctionSignature:
    """A concrete function that gives a dict of its outputs: their own names, or ``output_0`` and so on."""

    def __init__(self, function: ConcreteFunction) -> None:
        self._function = function

    def __call__(self, *args: Any, **named: Any) -> dict[str, Any]:
        return self._named(self._function(*args, **named))

    @staticmethod
    def _named(given: Any) -> dict[str, Any]:
        return (
            dict(given)
            if isinstance(given, Mapping)
            else {f"output_{k}": t for k, t in enumerate(flat(given))}
        )

    @property
    def structured_outputs(self) -> dict[str, TensorSpec]:
        """The shape and dtype of each output."""
        return {
            n: TensorSpec(s.shape, s.dtype, n)
            for n, s in self._named(self._function.structured_outputs).items()
        }

    @property
    def structured_input_signature(self) -> tuple[Any, dict[str, TensorSpec]]:
        """The shape and dtype of each input."""
        specs = [TensorSpec.from_tensor(t, t.name) for t in self._function.inputs]
        return (), {str(s.name): s for s in specs}


class LoadedModel:
    """A saved Keras model as a function of tensors, with its signature ``serving_default``."""

    def __init__(self, model: Any) -> None:
        self.keras_model = model
        self.signatures: Mapping[str, Callable[..., Any]] = {
            DEFAULT_SERVING_SIGNATURE_DEF_KEY: Signature(model)
        }

    def __call__(self, inputs: Any, training: bool = False) -> Any:
        """The outputs."""
        return self.keras_model(inputs, training=training)

    variables = property(lambda self: self.keras_model.variables, doc="All variables.")
    trainable_variables = property(
        lambda self: self.keras_model.trainable_variables, doc="The variables that training moves."
    )


class Signature:
    """A model as a function of its inputs, by position or name, that gives a dict of its outputs by name."""

    def __init__(self, model: Any) -> None:
        self._model = model

    def __call__(self, *args: Any, **named: Any) -> dict[str, Any]:
        given = [tensor(a) for a in (*args, *named.values())]
        outputs = flat(self._model(given[0] if len(given) == 1 else given))
        return dict(zip(self._model.output_names_for(outputs), outputs, strict=False))

    @property
    def structured_outputs(self) -> dict[str, TensorSpec]:
        """The shape and dtype of each output."""
        names = self._model.output_names
        return {n: TensorSpec(t.shape, t.dtype, n) for n, t in zip(names, self._model.outputs, strict=True)}

    @property
    def structured_input_signature(self) -> tuple[Any, dict[str, TensorSpec]]:
        """The shape and dtype of each input."""
        names = self._model.input_names
        return (), {
            n: TensorSpec(t.shape, t.dtype, n) for n, t in zip(names, self._model.inputs, strict=True)
        }
