"""The names directly below ``tf``: functions, dtypes, classes, and their older spellings."""

from __future__ import annotations

from typing import Any

from thalweg.compat.names import own
from thalweg.compat.tf1 import (
    accumulators,
    complexes,
    control,
    default_graph,
    errors,
    graph,
    graph_defs,
    image,
    initializers,
    late,
    math,
    meta,
    node_defs,
    options,
    parsing,
    queues,
    random,
    readers,
    session,
    signal,
    slices,
    sparse,
    sparse_math,
    sparse_shapes,
    strings,
    summary,
    tensor_array,
    texts,
    types,
    variables,
)

__all__ = ["FLAT"]

_ROOMS = (
    math, random, control, variables, strings, parsing, sparse, sparse_shapes, sparse_math, readers, default_graph,
    options,
)  # fmt: skip
_TRANSFORMS = "fft ifft fft2d ifft2d fft3d ifft3d".split()
_OF_MATRICES = (  # once had names of their own for batches of matrices
    "matrix_diag matrix_diag_part matrix_band_part matrix_set_diag matrix_transpose matrix_solve "
    "matrix_triangular_solve matrix_solve_ls cholesky_solve self_adjoint_eig self_adjoint_eigvals svd"
).split()
_INITIALIZERS = (
    "constant zeros ones random_normal truncated_normal random_uniform variance_scaling glorot_uniform glorot_normal "
    "uniform_unit_scaling orthogonal"
).split()


def _functions() -> dict[str, Any]:
    """Those of the rooms; what takes texts, complex numbers and values that come late as well."""
    found: dict[str, Any] = {}
    for room in _ROOMS:
        found.update(own(room))
    found.update({n: late.deferring(v) for n, v in own(math).items() if late.can_wait(v)})
    found.update({n: late.deferring(found[n]) for n in ("map_fn", "scan", "foldl", "foldr")})
    found.update(texts.taught(found))
    found.update({n: getattr(graph, n) for n in ("constant", "convert_to_tensor")})
    found["register_tensor_conversion_function"] = graph.register_tensor_conversion_function
    found.update(complexes.taught(found))
    found.update({n: getattr(complexes, n) for n in ("real", "imag", "conj", "angle")})
    found.update(complex=complexes.complex_, complex_abs=found["abs"])
    found.update({n: getattr(signal, n) for n in _TRANSFORMS})
    found.update({f"batch_{n}": found[n] for n in [*_TRANSFORMS, *_OF_MATRICES]})
    found.update(tuple=found.pop("tuple_"), print=found.pop("print_"))
    return found


FLAT = _functions()
FLAT.update({f"{n}_initializer": getattr(initializers, f"{n}_initializer") for n in _INITIALIZERS})
FLAT.update(types.BY_NAME, double=types.BY_NAME["float64"], half=types.BY_NAME["float16"])
FLAT.update(types.COMPLEX)
FLAT.update(
    {n: getattr(graph, n) for n in ("Graph", "GraphKeys", "Operation", "Tensor", "reset_default_graph")}
)
FLAT.update({n: getattr(session, n) for n in ("Session", "InteractiveSession", "get_default_session")})
FLAT.update({n: getattr(types, n) for n in ("DType", "TensorShape", "TensorSpec", "as_dtype")})
FLAT.update(
    {
        n: getattr(queues, n)
        for n in ("FIFOQueue", "PaddingFIFOQueue", "PriorityQueue", "RandomShuffleQueue", "QueueBase")
    }
)
FLAT["ConditionalAccumulator"] = accumulators.ConditionalAccumulator
FLAT.update({n: getattr(summary, n) for n in ("Summary", "HistogramProto", "Event", "SessionLog")})
FLAT.update(
    {
        n: getattr(summary, n)
        for n in ("scalar_summary", "histogram_summary", "image_summary", "audio_summary")
    }
)
FLAT.update(
    get_default_graph=graph.default_graph,
    get_static_value=graph.static_value,
    Dimension=types.Dimension,
    IndexedSlices=slices.IndexedSlices,
    IndexedSlicesValue=slices.IndexedSlicesValue,
    TensorArray=tensor_array.TensorArray,
    GraphDef=graph_defs.GraphDef,
    NodeDef=node_defs.NodeDef,
    AttrValue=node_defs.AttrValue,
    import_graph_def=graph_defs.import_graph_def,
    MetaGraphDef=meta.MetaGraphDef,
    OpError=errors.OpError,
    all_variables=variables.global_variables,
    initialize_all_variables=variables.global_variables_initializer,
    initialize_variables=variables.variables_initializer,
    initialize_local_variables=variables.local_variables_initializer,
    initialize_all_tables=variables.tables_initializer,
    extract_image_patches=image.extract_image_patches,
    matching_files=queues.matching_files,
    merge_summary=summary.merge,
    merge_all_summaries=summary.merge_all,
    newaxis=None,
)
