"""``tf.contrib.framework``: variables by scope, name and pattern, and their values from checkpoints and arrays."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from thalweg.compat.tf1 import checkpoints, logging, math, train
from thalweg.compat.tf1 import graph as g
from thalweg.compat.tf1.contrib import utils
from thalweg.compat.tf1.graph import GraphKeys, Node, default_graph
from thalweg.compat.tf1.sparse import SparseTensor
from thalweg.compat.tf1.variables import (
    Variable,
    VariableScope,
    assign,
    model_variables,
)


def _scope(scope: Any) -> str | None:
    """A scope as the beginning of names."""
    return scope.name if isinstance(scope, VariableScope) else scope


def get_variables(
    scope: Any = None, suffix: str | None = None, collection: Any = GraphKeys.GLOBAL_VARIABLES
) -> list[Any]:
    """The variables of a collection whose names begin with the scope and end with the suffix."""
    found = default_graph().get_collection(collection, _scope(scope))
    return [v for v in found if suffix is None or v.op.name.endswith(suffix)]


def get_trainable_variables(scope: Any = None, suffix: str | None = None) -> list[Any]:
    """:func:`get_variables` of those that are trained."""
    return get_variables(scope, suffix, GraphKeys.TRAINABLE_VARIABLES)


def get_model_variables(scope: Any = None, suffix: str | None = None) -> list[Any]:
    """:func:`get_variables` of those that a program put among the model's."""
    return get_variables(scope, suffix, GraphKeys.MODEL_VARIABLES)


def get_local_variables(scope: Any = None, suffix: str | None = None) -> list[Any]:
    """:func:`get_variables` of those of metrics."""
    return get_variables(scope, suffix, GraphKeys.LOCAL_VARIABLES)


def get_variables_by_suffix(suffix: str, scope: Any = None) -> list[Any]:
    """The variables whose names end with the suffix."""
    return get_variables(scope, suffix)


def get_variables_by_name(given_name: str, scope: Any = None) -> list[Any]:
    """The variables of that name, in whatever scope below the given one."""
    return get_variables(scope, f"/{given_name}" if scope else given_name)


def get_unique_variable(var_op_name: str) -> Any:
    """The variable of that full name."""
    found = [v for v in get_variables() if v.op.name == var_op_name]
    if len(found) != 1:
        raise ValueError(
            f"Variable {var_op_name} does not uniquely identify a variable: {len(found)} have this name"
        )
    return found[0]


def get_variable_full_name(var: Any) -> str:
    """The name under which a checkpoint has the variable."""
    return var.op.name


def get_variables_to_restore(
    include: Sequence[str] | None = None, exclude: Sequence[str] | None = None
) -> list[Any]:
    """All variables, or those in the scopes ``include``, but for those in the scopes ``exclude``."""
    for name, given in (("include", include), ("exclude", exclude)):
        if isinstance(given, str):
            raise TypeError(f"{name} is a list of scopes, received the string {given!r}")
    wanted = get_variables() if include is None else [v for scope in include for v in get_variables(scope)]
    unwanted = {v for scope in exclude or () for v in get_variables(scope)}
    return [v for v in dict.fromkeys(wanted) if v not in unwanted]


def filter_variables(
    var_list: Sequence[Any],
    include_patterns: Sequence[str] | None = None,
    exclude_patterns: Sequence[str] | None = None,
    reg_search: bool = True,
) -> list[Any]:
    """The variables whose names have one of the first patterns, if any are given, and none of the second ones."""
    fits = re.search if reg_search else re.match

    def any_of(patterns: Sequence[str], v: Any) -> bool:
        return any(fits(p, v.op.name) for p in patterns)

    return [
        v
        for v in var_list
        if (not include_patterns or any_of(include_patterns, v)) and not any_of(exclude_patterns or (), v)
    ]


def add_model_variable(var: Any) -> None:
    """Put a variable among the model's."""
    if var not in model_variables():
        default_graph().add_to_collection(GraphKeys.MODEL_VARIABLES, var)


def local_variable(
    initial_value: Any, validate_shape: bool = True, name: str | None = None, use_resource: Any = None
) -> Any:
    """A variable that is neither trained nor saved."""
    return Variable(initial_value, False, [GraphKeys.LOCAL_VARIABLES], validate_shape, name=name)


def global_variable(
    initial_value: Any, validate_shape: bool = True, name: str | None = None, use_resource: Any = None
) -> Any:
    """A variable that is saved but not trained."""
    return Variable(initial_value, False, [GraphKeys.GLOBAL_VARIABLES], validate_shape, name=name)


variable = utils.variable


# --- values ---------------------------------------------------------------------------------------------------------


def assign_from_values(var_names_to_values: Mapping[str, Any]) -> tuple[Any, dict[Any, Any]]:
    """(operation, feed_dict): running the one with the other gives the named variables these values."""
    steps, feed = [], {}
    for name, array in var_names_to_values.items():
        target = get_unique_variable(name)
        given = math.placeholder(target.dtype, np.shape(array), f"{name}/value")
        feed[given] = np.asarray(array)
        steps.append(assign(target, given).op)
    return _together(steps), feed


def assign_from_values_fn(var_names_to_values: Mapping[str, Any]) -> Callable[[Any], None]:
    """A function of a session that gives the named variables these values."""
    operation, feed = assign_from_values(var_names_to_values)
    return lambda session: session.run(operation, feed)


def _together(steps: Sequence[Any]) -> g.Operation:
    return g.Operation(None, "NoOp", g.Effect(deps=[step.effect for step in steps]))


def _found(model_path: str, var_list: Any, ignore_missing_vars: bool) -> dict[str, Any]:
    """The variables by their names in a checkpoint; those that it has, where others do not matter."""
    reader = checkpoints.NewCheckpointReader(model_path)
    wanted = checkpoints._named(var_list)
    if ignore_missing_vars:
        for name in [n for n in wanted if not reader.has_tensor(n)]:
            logging.warning("Variable %s missing in checkpoint %s", name, model_path)
            del wanted[name]
    return wanted


def assign_from_checkpoint(
    model_path: str, var_list: Any, ignore_missing_vars: bool = False
) -> tuple[Any, dict[Any, Any]]:
    """(operation, feed_dict): running the one with the other gives the variables a checkpoint's values.

    ``var_list``: variables, or a dict of them by their names in the checkpoint.
    """
    reader, steps, feed = checkpoints.NewCheckpointReader(model_path), [], {}
    for name, target in _found(model_path, var_list, ignore_missing_vars).items():
        if not reader.has_tensor(name):
            raise ValueError(f"Checkpoint {model_path} is missing variable [{name}]")
        array = reader.get_tensor(name)
        if not target.get_shape().is_compatible_with(array.shape):
            raise ValueError(
                f"Total size of new array must be unchanged for {name} lh_shape: [{array.shape}], "
                f"rh_shape: [{target.get_shape()}]"
            )
        given = math.placeholder(target.dtype, array.shape, f"{target.op.name}/value")
        feed[given] = array
        steps.append(assign(target, given).op)
    return _together(steps), feed


def assign_from_checkpoint_fn(
    model_path: str, var_list: Any, ignore_missing_vars: bool = False, reshape_variables: bool = False
) -> Callable[[Any], None] | None:
    """A function of a session that gives the variables a checkpoint's values; None where there is nothing to give."""
    wanted = _found(model_path, var_list, ignore_missing_vars)
    if not wanted:
        logging.warning("No Variables to restore")
        return None
    saver = checkpoints.Saver(wanted, reshape=reshape_variables)
    return lambda session: saver.restore(session, model_path)


init_from_checkpoint = checkpoints.init_from_checkpoint
load_variable = checkpoints.load_variable
list_variables = checkpoints.list_variables
load_checkpoint = checkpoints.load_checkpoint


# --- what else is there ---------------------------------------------------------------------------------------------


def is_tensor(x: Any) -> bool:
    """Whether it is a node, or made of nodes."""
    return isinstance(x, (Node, SparseTensor))


def assert_global_step(global_step_tensor: Any) -> None:
    """An error unless it is a scalar of whole numbers."""
    if not (global_step_tensor.dtype.is_integer and global_step_tensor.get_shape().ndims in (0, None)):
        raise TypeError(f"Existing 'global_step' is not an integer scalar: {global_step_tensor}")


def zero_initializer(ref: Any, use_locking: bool = True, name: str = "zero_initializer") -> Any:
    """An operation that sets a variable to zeros."""
    return assign(ref, math.zeros(ref.get_shape(), ref.dtype), name=name)


get_global_step = train.get_global_step
create_global_step = train.create_global_step
get_or_create_global_step = train.get_or_create_global_step


def deprecated(date: Any, instructions: str, warn_once: bool = True) -> Callable[[Any], Any]:
    """Accepted: the function as it is."""
    return lambda fn: fn
