"""The machine a program is compiled for: its instruction set, vector width and number of vector registers."""

from __future__ import annotations

import functools
from dataclasses import dataclass

import llvmlite.binding as llvm

_BYTES = {"bool": 1, "float16": 2, "bfloat16": 2, "float32": 4, "float64": 8}
_BYTES |= {f"{kind}{bits}": bits // 8 for kind in ("int", "uint") for bits in (8, 16, 32, 64)}


LINE_BYTES = 64  # of a cache, on all the processors we write code for


def itemsize(dtype: str) -> int:
    """Bytes of one element of `dtype` in memory."""
    return _BYTES[dtype]


@dataclass(frozen=True)
class Target:
    """A processor to generate code for.

    `features` is LLVM's list ("+avx2,-avx512f,..."); `vector_bytes` is 16, 32 or 64; `num_registers` is 16
    or 32.
    """

    name: str
    triple: str
    cpu: str
    features: str
    vector_bytes: int
    num_registers: int

    def lanes(self, dtype: str) -> int:
        """Elements of `dtype` in one vector register; half-precision and bool count as the float32 they
        become.
        """
        return self.vector_bytes // max(itemsize(dtype), 4 if dtype in ("float16", "bfloat16", "bool") else 1)

    @property
    def is_x86(self) -> bool:
        """Whether this is a 64-bit x86 processor."""
        return self.triple.startswith("x86_64")

    def has(self, feature: str) -> bool:
        """Whether LLVM's `feature` ("fma", "f16c", ...) is switched on by name."""
        return "+" + feature in self.features.split(",")

    @property
    def num_addresses(self) -> int:
        """General registers that a loop may keep addresses in, beside its counters."""
        return 10 if self.is_x86 else 24

    @property
    def load_cost(self) -> float:
        """Cycles that a load costs where multiply-adds take longer than all loads: on a core of which half may be busy
        with other work, both wait for the same decoders (measured on Emerald Rapids; nothing on Zen 5).
        """
        return 0.0 if self.cpu.startswith("znver") else 0.2

    @property
    def takes_assembly(self) -> bool:
        """Whether inner loops are written in the processor's own words: where that was measured to help, and where
        LLVM's parser for them is at hand, which it is for the machine we run on.
        """
        ours = self.is_x86 and llvm.get_process_triple().startswith("x86_64")
        return ours and self.vector_bytes == 64 and self.load_cost > 0

    @property
    def has_fma(self) -> bool:
        """Whether a fused multiply-add is one instruction."""
        return self.has("fma") or not self.is_x86


AVX512 = Target(
    "avx512", "x86_64-unknown-linux-gnu", "x86-64-v4", "+avx512f,+avx512vl,+avx2,+fma,+f16c", 64, 32
)
AVX2 = Target("avx2", "x86_64-unknown-linux-gnu", "x86-64-v3", "+avx2,+fma,+f16c", 32, 16)
SSE = Target("sse", "x86_64-unknown-linux-gnu", "x86-64", "", 16, 16)
NEON = Target("neon", "aarch64-unknown-linux-gnu", "generic", "+neon", 16, 32)


@functools.cache
def host_target(max_vector_bytes: int | None = None) -> Target:
    """The machine we run on; `max_vector_bytes` (16 or 32) switches the wider instruction sets off, for
    tests.
    """
    features = dict(llvm.get_host_cpu_features())
    limit = max_vector_bytes or 64
    if limit < 64:
        features.update({f: False for f in features if f.startswith(("avx512", "avx10"))})
    if limit < 32:
        beyond = ("avx", "fma", "f16c", "xop", "vaes", "vpclmulqdq")
        features.update({f: False for f in features if f.startswith(beyond)})
    triple, cpu = llvm.get_process_triple(), llvm.get_host_cpu_name()
    flags = ",".join(("+" if on else "-") + name for name, on in sorted(features.items()))
    if not triple.startswith("x86_64"):
        return Target(f"{cpu}-16", triple, cpu, flags, 16, 32)
    width = 64 if features.get("avx512f") else 32 if features.get("avx2") else 16
    return Target(f"{cpu}-{width}", triple, cpu, flags, width, 32 if width == 64 else 16)
