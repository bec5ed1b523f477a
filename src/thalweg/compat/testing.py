"""``tf.test.TestCase``: what the tests of both generations of TensorFlow say about arrays and nests of them."""

from __future__ import annotations

import re
import tempfile
import unittest
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import numpy as np

_LOOSE = {"float16": 1e-3, "bfloat16": 1e-2}  # tolerances of ``assertAllCloseAccordingToType``


def _compared(check: Callable[[Any, Any], None], a: Any, b: Any, array_of: Callable[[Any], Any]) -> None:
    """Compare two arrays, or the parts of two nests at the same places."""
    if isinstance(a, Mapping):
        if set(a) != set(b):
            raise AssertionError(f"one has the keys {sorted(a)}, the other {sorted(b)}")
        for key in a:
            _compared(check, a[key], b[key], array_of)
    elif isinstance(a, (list, tuple)) and isinstance(b, (list, tuple)) and _has_arrays(a):
        if len(a) != len(b):
            raise AssertionError(f"one has {len(a)} parts, the other {len(b)}")
        for one, other in zip(a, b, strict=True):
            _compared(check, one, other, array_of)
    else:
        check(array_of(a), array_of(b))


def _has_arrays(parts: Any) -> bool:
    """Whether a list holds arrays or nests of them; a list of numbers is one array."""
    return any(
        isinstance(p, Mapping)
        or (_has_arrays(p) if isinstance(p, (list, tuple)) else not isinstance(p, (int, float, str, bytes)))
        for p in parts
    )


class ArrayTestCase(unittest.TestCase):
    """unittest's, with comparisons of arrays."""

    def array_of(self, x: Any) -> Any:
        """A tensor or nested list as an array."""
        return np.asarray(x)

    def assertAllEqual(self, a: Any, b: Any, msg: Any = None) -> None:
        _compared(lambda x, y: np.testing.assert_array_equal(x, y, msg or ""), a, b, self.array_of)

    def assertAllClose(self, a: Any, b: Any, rtol: float = 1e-6, atol: float = 1e-6, msg: Any = None) -> None:
        _compared(
            lambda x, y: np.testing.assert_allclose(x, y, rtol, atol, err_msg=msg or ""), a, b, self.array_of
        )

    def assertAllCloseAccordingToType(
        self, a: Any, b: Any, rtol: float = 1e-6, atol: float = 1e-6, float_rtol: float = 1e-6,
        float_atol: float = 1e-6, msg: Any = None, **ignored: Any,
    ) -> None:  # fmt: skip
        """Close, as far as the dtypes of both can be."""
        kinds = {str(self.array_of(x).dtype) for x in (a, b)}
        least = max([_LOOSE.get(k, 0.0) for k in kinds])
        single = "float32" in kinds
        relative, absolute = (float_rtol, float_atol) if single else (rtol, atol)
        self.assertAllClose(a, b, max(relative, least), max(absolute, least), msg)

    def assertNotAllEqual(self, a: Any, b: Any, msg: Any = None) -> None:
        self.assertFalse(np.array_equal(self.array_of(a), self.array_of(b)), msg)

    def assertNotAllClose(
        self, a: Any, b: Any, rtol: float = 1e-6, atol: float = 1e-6, msg: Any = None
    ) -> None:
        self.assertFalse(np.allclose(self.array_of(a), self.array_of(b), rtol, atol), msg)

    def assertAllGreater(self, a: Any, comparison_target: Any) -> None:
        self.assertGreater(np.min(self.array_of(a)), comparison_target)

    def assertAllGreaterEqual(self, a: Any, comparison_target: Any) -> None:
        self.assertGreaterEqual(np.min(self.array_of(a)), comparison_target)

    def assertAllLess(self, a: Any, comparison_target: Any) -> None:
        self.assertLess(np.max(self.array_of(a)), comparison_target)

    def assertAllLessEqual(self, a: Any, comparison_target: Any) -> None:
        self.assertLessEqual(np.max(self.array_of(a)), comparison_target)

    def assertAllInRange(self, target: Any, lower_bound: Any, upper_bound: Any, **ignored: Any) -> None:
        self.assertAllGreaterEqual(target, lower_bound)
        self.assertAllLessEqual(target, upper_bound)

    def assertAllInSet(self, target: Any, expected_set: Any) -> None:
        found = set(self.array_of(target).reshape(-1).tolist())
        self.assertLessEqual(found, set(expected_set), "elements outside the set")

    def assertNear(self, f1: Any, f2: Any, err: Any, msg: Any = None) -> None:
        self.assertLessEqual(abs(f1 - f2), err, msg)

    def assertArrayNear(self, farray1: Any, farray2: Any, err: Any, msg: Any = None) -> None:
        np.testing.assert_allclose(farray1, farray2, rtol=0, atol=err)

    def assertNDArrayNear(self, ndarray1: Any, ndarray2: Any, err: Any, msg: Any = None) -> None:
        """That the norm of the difference is less than ``err``."""
        self.assertLess(np.linalg.norm(self.array_of(ndarray1) - self.array_of(ndarray2)), err, msg)

    def assertShapeEqual(self, np_array: Any, tf_tensor: Any, msg: Any = None) -> None:
        self.assertEqual(tuple(np_array.shape), tuple(tf_tensor.get_shape().as_list()), msg)

    def assertDTypeEqual(self, target: Any, expected_dtype: Any) -> None:
        self.assertEqual(
            self.array_of(target).dtype, np.dtype(getattr(expected_dtype, "as_numpy_dtype", expected_dtype))
        )

    def assertLen(self, container: Any, expected_len: int, msg: Any = None) -> None:
        self.assertEqual(len(container), expected_len, msg)

    def assertEmpty(self, container: Any, msg: Any = None) -> None:
        self.assertLen(container, 0, msg)

    def assertNotEmpty(self, container: Any, msg: Any = None) -> None:
        self.assertGreater(len(container), 0, msg)

    def assertBetween(self, value: Any, minv: Any, maxv: Any, msg: Any = None) -> None:
        self.assertLessEqual(minv, value, msg)
        self.assertLessEqual(value, maxv, msg)

    def assertSameElements(self, expected_seq: Any, actual_seq: Any, msg: Any = None) -> None:
        """The same elements, however often each of them comes."""
        self.assertSetEqual(set(expected_seq), set(actual_seq), msg)

    def assertContainsSubset(self, expected_subset: Any, actual_set: Any, msg: Any = None) -> None:
        self.assertLessEqual(set(expected_subset), set(actual_set), msg)

    def assertSequenceAlmostEqual(
        self, expected_seq: Any, actual_seq: Any, places: Any = None, msg: Any = None, delta: Any = None
    ) -> None:
        self.assertLen(actual_seq, len(expected_seq), msg)
        for one, other in zip(expected_seq, actual_seq, strict=True):
            self.assertAlmostEqual(one, other, places, msg, delta)

    def assertStartsWith(self, actual: Any, expected_start: str, msg: Any = None) -> None:
        self.assertTrue(actual.startswith(expected_start), msg or f"{actual!r} begins otherwise")

    def assertEndsWith(self, actual: Any, expected_end: str, msg: Any = None) -> None:
        self.assertTrue(actual.endswith(expected_end), msg or f"{actual!r} ends otherwise")

    assertItemsEqual = unittest.TestCase.assertCountEqual

    def assertRaisesOpError(self, expected: Any) -> Any:
        """That an operation fails, and what its error says."""
        return self.assertRaisesWithPredicateMatch(Exception, expected)

    @contextmanager
    def assertRaisesWithLiteralMatch(
        self, expected_exception: Any, expected_exception_message: str
    ) -> Iterator[None]:
        """An error of a kind, of which this is the whole message."""
        with self.assertRaises(expected_exception) as caught:
            yield
        self.assertEqual(str(caught.exception), expected_exception_message)

    @contextmanager
    def assertRaisesWithPredicateMatch(self, exception_type: Any, expected: Any) -> Iterator[None]:
        """An error of a kind, of which a text is found in the message or a function says that it is the one."""
        with self.assertRaises(exception_type) as caught:
            yield
        error = caught.exception
        found = expected(error) if callable(expected) else re.search(expected, str(error))
        self.assertTrue(found, f"another error was raised: {error!r}")

    def get_temp_dir(self) -> str:
        """A folder of the test's own, the same one each time."""
        self._folder = getattr(self, "_folder", None) or tempfile.mkdtemp()
        return self._folder
