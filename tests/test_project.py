"""The project as a whole: importing is cheap and silent, arrows of import go down, the README is true."""

from __future__ import annotations

import ast
import io
import re
import subprocess
import sys
import tomllib
from contextlib import redirect_stdout
from pathlib import Path

import pytest

import thalweg as tw

# From the bottom up; a room may import the rooms of its own line and of the lines before it.
LEVELS = [
    {"errors", "dtypes", "version", "philox", "nested", "crc32c"},
    {"files", "extras", "events", "ahead", "frames", "blas"},
    {"graph"},
    {"ops", "random", "linalg"},
    {"rewrite"},
    {"gradient"},
    {"compile"},
    {"run"},
    {"nn"},
    {"registry"},
    {"optimizers", "initializers", "regularizers", "constraints", "losses"},
    {"metrics"},
    {"layers"},
    {"callbacks"},
    {"models"},
    {"sklearn", "trees"},
    {"data"},
    {"train"},
    {"doctor"},
    {"compat"},
    {"cli"},
    {"__main__"},
]
LEVEL = {room: number for number, rooms in enumerate(LEVELS) for room in rooms}
# `import thalweg` itself: the front door, for the rooms that are written as its users are.
FRONT_DOOR_FROM = LEVEL["train"]
NAMES_THE_PACKAGE = {"graph/tensor"}  # the array API asks a tensor for its namespace, which is the package


def run_python(code: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)


def test_importing_prints_nothing_and_loads_no_extra() -> None:
    heavy = ("llvmlite", "sklearn", "scipy", "matplotlib", "tqdm", "safetensors", "pooch", "PIL", "h5py")
    result = run_python(f"import sys, thalweg\nprint([name for name in {heavy!r} if name in sys.modules])")
    assert (result.stdout, result.stderr) == ("[]\n", "")


def test_every_name_that_the_package_lists_is_there() -> None:
    missing = [name for name in dir(tw) if not hasattr(tw, name)]
    assert missing == []


def import_seconds(module: str) -> float:
    code = f"import time; start = time.perf_counter(); import {module}; print(time.perf_counter() - start)"
    return float(run_python(code).stdout)


def test_importing_takes_at_most_1_4_times_numpy() -> None:
    import_seconds("thalweg")  # writes the bytecode, which an installer does beforehand
    # In turns, so that whatever else the machine does meets both alike; the best of ten has met the least.
    pairs = [(import_seconds("thalweg"), import_seconds("numpy")) for _ in range(10)]
    ours, numpy = map(min, zip(*pairs, strict=True))
    assert ours <= 1.4 * numpy


def modules(package: Path) -> list[Path]:
    return sorted(path for path in package.rglob("*.py") if path != package / "__init__.py")


def imported_rooms(tree: ast.AST) -> set[str]:
    """The rooms of thalweg that a module imports anywhere; '' stands for the front door."""
    names: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "imports are absolute"
            names.update(_from_names(node))
    inside = [name.split(".") for name in names if name == "thalweg" or name.startswith("thalweg.")]
    return {parts[1] if len(parts) > 1 else "" for parts in inside}


def _from_names(node: ast.ImportFrom) -> list[str]:
    if node.module == "thalweg":  # `from thalweg import errors` names a room, or something of the front door
        return [f"thalweg.{alias.name}" if alias.name in LEVEL else "thalweg" for alias in node.names]
    return [node.module or ""]


def test_imports_go_down_only(repository: Path) -> None:
    package = repository / "src" / "thalweg"
    wrong = []
    for path in modules(package):
        parts = path.relative_to(package).with_suffix("").parts
        assert parts[0] in LEVEL, f"say in LEVELS where the room {parts[0]!r} stands"
        level = LEVEL[parts[0]]
        for room in imported_rooms(ast.parse(path.read_text(encoding="utf-8"))):
            if room == "":
                allowed = level >= FRONT_DOOR_FROM or "/".join(parts) in NAMES_THE_PACKAGE
            else:
                allowed = LEVEL[room] <= level
            if not allowed:
                wrong.append(f"{'/'.join(parts)} imports {room or 'thalweg'}")
    assert wrong == []


def test_every_module_opens_with_a_sentence(repository: Path) -> None:
    paths = modules(repository / "src" / "thalweg")
    bare = [str(path) for path in paths if not ast.get_docstring(ast.parse(path.read_text(encoding="utf-8")))]
    assert bare == []


# The README.


def blocks(repository: Path, language: str) -> list[str]:
    text = (repository / "README.md").read_text(encoding="utf-8")
    return re.findall(rf"^```{language}\n(.*?)^```$", text, flags=re.MULTILINE | re.DOTALL)


def compares_tensors(node: ast.ClassDef) -> bool:
    """Whether a data class compares its fields by ``==`` and has a tensor among them."""
    made = [ast.unparse(d) for d in node.decorator_list if "dataclass" in ast.unparse(d)]
    own = any(isinstance(part, ast.FunctionDef) and part.name == "__eq__" for part in node.body)
    kinds = [ast.unparse(part.annotation) for part in node.body if isinstance(part, ast.AnnAssign)]
    tensors = {"Tensor", "Variable", "Placeholder", "Node"}
    return bool(made) and not own and "eq=False" not in made[0] and any(k in tensors for k in kinds)


def test_no_data_class_compares_tensors_by_the_operator(repository: Path) -> None:
    # Python 3.13 compares field by field, and == of two tensors is a third one.
    wrong = [
        f"{path.name}: {node.name}"
        for path in modules(repository / "src" / "thalweg")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.ClassDef) and compares_tensors(node)
    ]
    assert wrong == []


def test_the_readme_has_exactly_two_commands(repository: Path) -> None:
    assert blocks(repository, "sh") == [
        'pip install ".[train]" && thalweg train\n',
        'pip install -e ".[test]" && python -m pytest\n',
    ]


def test_the_readme_example_prints_what_it_says(repository: Path) -> None:
    (example,), (expected,) = blocks(repository, "python"), blocks(repository, "text")
    output = io.StringIO()
    with redirect_stdout(output):
        exec(compile(example, "README.md", "exec"), {"__name__": "readme"})
    assert output.getvalue() == expected


def test_the_links_of_the_documents_lead_somewhere(repository: Path) -> None:
    for page in [repository / "README.md", *sorted((repository / "docs").glob("*.md"))]:
        for link in re.findall(r"\]\(([^)#:]+)\)", page.read_text(encoding="utf-8")):
            assert (page.parent / link).exists(), f"{page.name}: {link}"


def test_the_map_names_every_room(repository: Path) -> None:
    text = (repository / "docs" / "map.md").read_text(encoding="utf-8")
    package = repository / "src" / "thalweg"
    rooms = [path for path in package.iterdir() if path.suffix == ".py" or (path / "__init__.py").exists()]
    names = [path.name if path.suffix else f"{path.name}/" for path in rooms if path.name != "__init__.py"]
    assert [name for name in names if f"`{name}`" not in text] == []


# The packaging.


def project(repository: Path) -> dict[str, object]:
    return tomllib.loads((repository / "pyproject.toml").read_text(encoding="utf-8"))["project"]


def test_the_base_needs_numpy_and_llvmlite_alone(repository: Path) -> None:
    needed = project(repository)["dependencies"]
    assert isinstance(needed, list)
    assert [re.split(r"[<>=]", name)[0] for name in needed] == ["numpy", "llvmlite"]


def test_every_extra_of_the_table_can_be_installed(repository: Path) -> None:
    from thalweg.extras import EXTRAS

    offered = project(repository)["optional-dependencies"]
    assert isinstance(offered, dict)
    for extra in EXTRAS:
        assert any(need.startswith(extra.distribution) for need in offered[extra.name]), extra.name


def test_settings_in_the_documents_are_those_of_the_table(repository: Path) -> None:
    from thalweg.train.settings import MODELS, Settings, settings_for

    def text(settings: Settings) -> str:
        names = {"sgd": "SGD", "rmsprop": "RMSProp", "adam": "Adam"}
        rule = f"{names[settings.optimizer]} {settings.learning_rate}"
        return f"{rule}, batch {settings.batch}, {settings.epochs} epochs"

    page = (repository / "docs" / "training.md").read_text(encoding="utf-8")
    for model in MODELS:
        row = f"| `{model}` | {text(settings_for(model, 'mnist'))} | {text(settings_for(model, 'digits'))} |"
        assert row in page, row


@pytest.mark.parametrize("name", ["LICENSE", "src/thalweg/py.typed", ".ci/run"])
def test_the_files_that_a_user_expects_are_there(repository: Path, name: str) -> None:
    assert (repository / name).is_file()
