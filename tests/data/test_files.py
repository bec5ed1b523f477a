"""Folders of images and texts, and tables: what is read, and which file, column and row an error names."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import thalweg as tw
from thalweg.data import image_dataset_from_directory, load_csv, load_image, text_dataset_from_directory
from thalweg.errors import ArgumentError, DataError

COLORS = {"blue": (0, 0, 200), "red": (200, 0, 0)}


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    """Six pictures of one colour, three of each class, 4 x 6 pixels, as PNG files."""
    image = pytest.importorskip("PIL.Image")
    for name, color in COLORS.items():
        (tmp_path / name).mkdir()
        for k in range(3):
            image.new("RGB", (6, 4), color).save(tmp_path / name / f"{k}.png")
    (tmp_path / "red" / "notes.md").write_text("not a picture")
    (tmp_path / ".hidden").mkdir()
    return tmp_path


def test_images_by_folder(pictures: Path) -> None:
    dataset = image_dataset_from_directory(pictures, image_size=(4, 6), batch_size=4, shuffle=False)
    assert dataset.class_names == ["blue", "red"] and len(dataset) == 2 and len(dataset.file_paths) == 6
    (first, second) = dataset
    assert first[0].shape == (4, 4, 6, 3) and first[0].dtype == np.float32
    assert first[1].tolist() == [0, 0, 0, 1] and second[1].tolist() == [1, 1]
    assert first[0][0, 0, 0].tolist() == [0, 0, 200] and second[0][1, 3, 5].tolist() == [200, 0, 0]


def test_forms_of_images_and_labels(pictures: Path) -> None:
    read = image_dataset_from_directory
    ((x, y),) = read(
        pictures, label_mode="categorical", image_size=(8, 8), color_mode="grayscale", shuffle=False
    )
    assert x.shape == (6, 8, 8, 1) and y.tolist() == [[1, 0]] * 3 + [[0, 1]] * 3
    ((x, y),) = read(pictures, label_mode="binary", color_mode="rgba", shuffle=False)
    assert x.shape == (6, 256, 256, 4) and y.tolist() == [0, 0, 0, 1, 1, 1] and y.dtype == np.float32
    (x,) = read(pictures, label_mode=None, image_size=(2, 2))
    assert x.shape == (6, 2, 2, 3)
    (x,) = read(pictures, labels=None, image_size=(2, 2))
    assert x.shape == (6, 2, 2, 3)
    ((x, y),) = read(pictures, labels=[5, 4, 3, 2, 1, 0], image_size=(2, 2), shuffle=False)
    assert y.tolist() == [5, 4, 3, 2, 1, 0]
    ((x, y),) = read(pictures, class_names=["red", "blue"], image_size=(2, 2), shuffle=False)
    assert x[0, 0, 0].tolist() == [200, 0, 0] and y.tolist() == [0, 0, 0, 1, 1, 1]
    examples = list(read(pictures, batch_size=None, image_size=(2, 2)))
    assert len(examples) == 6 and examples[0][0].shape == (2, 2, 3)


def test_subsets_share_nothing_and_lose_nothing(pictures: Path) -> None:
    parts = [
        image_dataset_from_directory(pictures, validation_split=0.34, subset=subset, seed=1)
        for subset in ("training", "validation")
    ]
    paths = [part.file_paths for part in parts]
    assert [len(p) for p in paths] == [4, 2] and len(set(paths[0] + paths[1])) == 6


def test_a_network_learns_from_a_folder(pictures: Path) -> None:
    tw.random.set_seed(0)
    dataset = image_dataset_from_directory(pictures, image_size=(4, 4), batch_size=2)
    net = tw.models.Sequential(
        [tw.layers.Rescaling(1 / 255), tw.layers.Flatten(), tw.layers.Dense(2, activation="softmax")]
    )
    net.compile(tw.optimizers.Adam(0.05), "sparse_categorical_crossentropy", metrics=["accuracy"])
    net.fit(dataset, epochs=10, verbose=0)
    assert net.evaluate(dataset, verbose=0)[1] == 1.0


def test_images_that_cannot_be_read_are_named(pictures: Path) -> None:
    good = (pictures / "red" / "0.png").read_bytes()
    for content, message in (
        (b"no image", "is not an image"),
        (good[:45], "cannot read the image file|not an image"),
    ):
        (pictures / "red" / "1.png").write_bytes(content)
        with pytest.raises(DataError, match=message) as caught:
            list(image_dataset_from_directory(pictures))
        assert str(pictures / "red" / "1.png") in str(caught.value)
    with pytest.raises(DataError, match=r"cannot read the image file .*absent\.png"):
        load_image(pictures / "absent.png")


BAD_FOLDERS: list[tuple[dict[str, Any], Any, str]] = [
    (
        {"label_mode": "one_hot"},
        ArgumentError,
        r"label_mode.*'int', 'categorical', 'binary', None.*'one_hot'",
    ),
    ({"color_mode": "cmyk"}, ArgumentError, r"color_mode.*'grayscale', 'rgb', 'rgba'"),
    ({"interpolation": "cubic"}, ArgumentError, r"interpolation.*'bicubic'"),
    ({"image_size": 32}, ArgumentError, r"image_size.*\(height, width\).*32"),
    ({"class_names": ["red", "green"]}, DataError, r"class_names.*blue, red.*red, green"),
    ({"labels": [1, 2]}, DataError, r"labels.*one for each of 6 files"),
    ({"validation_split": 0.5}, ArgumentError, r"subset.*'training', 'validation'"),
    ({"subset": "training"}, ArgumentError, r"validation_split"),
    ({"validation_split": 0.5, "subset": "training"}, ArgumentError, r"without a seed"),
]


@pytest.mark.parametrize("case", BAD_FOLDERS)
def test_bad_arguments_of_folders(case: Any, pictures: Path) -> None:
    arguments, error, message = case
    with pytest.raises(error, match=message):
        image_dataset_from_directory(pictures, **arguments)


def test_folders_without_examples(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="there is no folder"):
        image_dataset_from_directory(tmp_path / "absent")
    with pytest.raises(DataError, match="no sub-folders"):
        text_dataset_from_directory(tmp_path)
    (tmp_path / "spam").mkdir()
    with pytest.raises(DataError, match=r"no files in .*spam.*\.txt"):
        text_dataset_from_directory(tmp_path)
    (tmp_path / "spam" / "1.txt").write_text("x")
    with pytest.raises(DataError, match=r"binary labels.*two classes.*1 classes"):
        text_dataset_from_directory(tmp_path, label_mode="binary")


def test_texts_by_folder(tmp_path: Path) -> None:
    for name, texts in {"ham": ["see you", "lunch?"], "spam": ["buy ünow"]}.items():
        (tmp_path / name / "deep").mkdir(parents=True)
        for k, text in enumerate(texts):
            (tmp_path / name / "deep" / f"{k}.txt").write_text(text, encoding="utf-8")
    ((x, y),) = text_dataset_from_directory(tmp_path, shuffle=False)
    assert x.tolist() == ["see you", "lunch?", "buy ünow"] and y.tolist() == [0, 0, 1]
    ((x, _),) = text_dataset_from_directory(tmp_path, max_length=3, shuffle=False)
    assert x.tolist() == ["see", "lun", "buy"]
    (tmp_path / "spam" / "deep" / "0.txt").write_bytes(b"\xff\xfe")
    with pytest.raises(DataError, match=r"spam.deep.0\.txt' is not utf-8"):
        list(text_dataset_from_directory(tmp_path))


# Tables.


@pytest.fixture
def table(tmp_path: Path) -> Callable[[str], Path]:
    def write(text: str) -> Path:
        path = tmp_path / "table.csv"
        path.write_text(text, encoding="utf-8")
        return path

    return write


FLOWERS = "sepal, petal,kind,id\n5.5,1.5,setosa,1\n6.5,4.5,versicolor,2\n7.5,6.5,virginica,3\n\n"


def test_a_table_with_a_target_of_texts(table: Any) -> None:
    found = load_csv(table(FLOWERS), target="kind", columns=["petal", "sepal"])
    assert found.columns == ("petal", "sepal") and found.target == ("kind",)
    assert found.x.tolist() == [[1.5, 5.5], [4.5, 6.5], [6.5, 7.5]] and found.x.dtype == np.float32
    assert found.y.tolist() == [0, 1, 2] and found.classes == ("setosa", "versicolor", "virginica")
    hot = load_csv(table(FLOWERS), target=2, columns=[0, -1], label_mode="categorical")
    assert hot.columns == ("sepal", "id") and hot.y.tolist() == np.eye(3).tolist()


def test_targets_that_are_numbers(table: Any) -> None:
    path = table("a,b,c\n1,0,5.5\n2,1,6.5\n3,1,7.5\n")
    figure = load_csv(path, target="c")
    assert figure.y.tolist() == [5.5, 6.5, 7.5] and figure.classes is None and figure.x.shape == (3, 2)
    whole = load_csv(path, target="b", label_mode="int")
    assert whole.y.tolist() == [0, 1, 1] and whole.y.dtype == np.int64 and whole.classes == (0, 1)
    binary = load_csv(path, target="b", label_mode="binary")
    assert binary.y.tolist() == [0.0, 1.0, 1.0] and binary.y.dtype == np.float32
    several = load_csv(path, target=["b", "c"])
    assert several.y.tolist() == [[0, 5.5], [1, 6.5], [1, 7.5]] and several.x.tolist() == [[1], [2], [3]]
    assert load_csv(path).y is None and load_csv(path).x.shape == (3, 3)


def test_dtypes_by_column(table: Any) -> None:
    found = load_csv(table(FLOWERS), dtype={"kind": "str", "id": "int64"})
    assert {n: v.dtype.kind for n, v in found.x.items()} == {
        "sepal": "f",
        "petal": "f",
        "kind": "U",
        "id": "i",
    }
    big = load_csv(table("id\n9007199254740993\n"), dtype="int64")
    assert big.x.tolist() == [[9007199254740993]]


def test_other_forms_of_tables(table: Any) -> None:
    bare = load_csv(table('1;"2"\n3;4\n'), header=False, delimiter=";", target="column_1")
    assert bare.x.tolist() == [[1], [3]] and bare.y.tolist() == [2, 4]
    filled = load_csv(table("a,b\n1,\nNA,4\n"), missing=-1)
    assert filled.x.tolist() == [[1, -1], [-1, 4]]
    assert np.isnan(load_csv(table("a\nnan\n"), missing=float("nan")).x).all()


BAD_TABLES: list[tuple[str, dict[str, Any], str]] = [
    ("a,b\n1,2\n3,x\n", {}, r"column 'b', row 1: 'x' is no float32.*'str'"),
    ("a,b\n1,2\n3,\n", {}, r"column 'b', row 1: no value.*missing="),
    ("a,b\n1,2\nnan,4\n", {}, r"column 'a', row 1: no value; received 'nan'"),
    ("a,b\n1,2\n3,inf\n", {}, r"column 'b', row 1: inf is no number"),
    ("a,b\n1,2\n3,4.5\n", {"dtype": "int32"}, r"column 'b', row 1: '4\.5' is no int32"),
    ("a,b\n1,2\n3,400\n", {"dtype": {"b": "uint8"}}, r"column 'b', row 1: '400' is no uint8"),
    ("a,b\n1,2\n3,4\n", {"dtype": {"c": "int32"}}, r"no column 'c' \(dtype\); expected a, b"),
    ("age,b\n1,2\n", {"target": "age_"}, r"no column 'age_' \(target\).*did you mean 'age'"),
    ("a,b\n1,2\n", {"columns": ["a", 5]}, r"no column 5 \(columns\)"),
    ("a,b\n1,2\n", {"target": ["a", "b"]}, r"no column left for x"),
    ("a,b\n1,2\n3\n", {}, r"row 1 has 1 cells, expected 2"),
    ("a,a\n1,2\n", {}, r"the column 'a' more than once"),
    ("a,b\n", {}, r"has no rows"),
    ("", {}, r"has no rows"),
    ('a,b\n1,"2\n', {}, r"corrupt data file"),
    ("a,b\n1,yes\n2,\n", {"target": "b"}, r"column 'b', row 1: no value; expected a label"),
    ("a,b\n1,2\n", {"target": "b", "label_mode": "hot"}, r"label_mode"),
    ("a,b,c\n1,2,3\n", {"target": ["b", "c"], "label_mode": "int"}, r"a single target"),
    ("a,b\n1,x\n2,y\n3,z\n", {"target": "b", "label_mode": "binary"}, r"two classes.*3 classes"),
]


@pytest.mark.parametrize("case", BAD_TABLES, ids=lambda c: c[2])
def test_bad_tables_are_named(case: Any, table: Any) -> None:
    text, arguments, message = case
    with pytest.raises((DataError, ArgumentError), match=message):
        load_csv(table(text), **arguments)


def test_files_that_are_no_tables(table: Any, tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"cannot read the data file .*absent\.csv"):
        load_csv(tmp_path / "absent.csv")
    (tmp_path / "binary.csv").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(DataError, match=r"corrupt data file .*binary\.csv"):
        load_csv(tmp_path / "binary.csv")
