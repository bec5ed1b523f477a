"""Linear algebra over the last two axes: products, systems, determinants, factorisations and norms.

Cholesky's and Gauss's factors are compiled (`blocks.py`), up to a size; the others run on the host (LAPACK through
NumPy), between the native parts of a compiled program. Gradient rules are closed formulas in ops: those of cholesky,
solve, inv, det, slogdet, pinv, eigh, qr and svd differentiate again.
"""

from thalweg.ops.contract import matmul, matrix_transpose, outer, tensordot, vecdot
from thalweg.ops.linalg.factors import EighResult as EighResult
from thalweg.ops.linalg.factors import QRResult as QRResult
from thalweg.ops.linalg.factors import SVDResult as SVDResult
from thalweg.ops.linalg.factors import cholesky, eigh, eigvalsh, qr, svd, svdvals
from thalweg.ops.linalg.norms import matrix_norm, norm, vector_norm
from thalweg.ops.linalg.products import cross, diagonal, matrix_power, matrix_rank
from thalweg.ops.linalg.systems import SlogdetResult as SlogdetResult
from thalweg.ops.linalg.systems import det, inv, lstsq, pinv, slogdet, solve
from thalweg.ops.triangles import trace

__all__ = [
    "cholesky", "cross", "det", "diagonal", "eigh", "eigvalsh", "inv", "lstsq", "matmul", "matrix_norm", "matrix_power",
    "matrix_rank", "matrix_transpose", "norm", "outer", "pinv", "qr", "slogdet", "solve", "svd", "svdvals", "tensordot",
    "trace", "vecdot", "vector_norm",
]  # fmt: skip
