"""The table of frameworks: where each way of using one is written, what it needs, and what it is measured in."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterable
from dataclasses import dataclass, field

from benchmarks.steps import STEPS


@dataclass(frozen=True)
class Framework:
    """One way of using one framework.

    ``name``: the framework, then after a hyphen the way. ``module``: of this package; it has ``build(step, weights,
    variant)``. ``needs``: the packages that must be installed.
    """

    name: str
    module: str
    needs: tuple[str, ...]
    steps: tuple[str, ...]
    environment: dict[str, str] = field(default_factory=dict)

    @property
    def peer(self) -> str:
        """The name without the way: what ``--peers`` and ``--python`` call it."""
        return self.name.partition("-")[0]

    @property
    def variant(self) -> str:
        """The way; empty for the usual one."""
        return self.name.partition("-")[2]


_SINGLE = tuple(name for name, step in STEPS.items() if not step.program)
_SESSIONS = tuple(name for name, step in STEPS.items() if step.program == "session")
OURS = "thalweg"
FRAMEWORKS = {
    framework.name: framework
    for framework in (
        Framework(OURS, "ours", (), tuple(STEPS)),
        Framework("thalweg-function", "ours", (), ("tape",)),
        Framework("torch", "torch_peer", ("torch",), (*_SINGLE, "tape")),
        Framework("torch-compile", "torch_peer", ("torch",), _SINGLE),
        Framework("tensorflow", "tensorflow_peer", ("tensorflow",), (*_SINGLE, *_SESSIONS, "tape")),
        Framework("tensorflow-xla", "tensorflow_peer", ("tensorflow",), _SINGLE),
        Framework("tensorflow-eager", "tensorflow_peer", ("tensorflow",), ("tape",)),
        Framework("jax", "jax_peer", ("jax",), _SINGLE, {"JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS": "0"}),
        *(
            Framework(
                f"keras-{backend}",
                "keras_peer",
                ("keras", backend),
                ("keras", "fit"),
                {"KERAS_BACKEND": backend},
            )
            for backend in ("tensorflow", "jax", "torch")
        ),
        Framework("tinygrad", "tinygrad_peer", ("tinygrad",), _SINGLE, {"DEV": "CPU"}),
        Framework("sklearn", "sklearn_peer", ("sklearn",), ("softmax", "mlp")),
    )
}
PEERS = tuple(dict.fromkeys(f.peer for f in FRAMEWORKS.values() if f.peer != OURS))

_PROBE = """
import importlib.metadata as metadata, json, sys
found = metadata.packages_distributions()
print(json.dumps({name: metadata.version(found[name][0]) for name in sys.argv[1:] if name in found}))
"""


def versions(python: str, packages: Iterable[str]) -> dict[str, str]:
    """Those of the packages that an interpreter has, with their versions; nothing of them is imported."""
    command = [python, "-c", _PROBE, *packages]
    result = subprocess.run(command, capture_output=True, text=True)
    if result.returncode:
        raise SystemExit(f"{python} does not run as a Python interpreter: {result.stderr.strip()[-300:]}")
    return json.loads(result.stdout)
