"""Where the downloadable data sets come from: mirrors, original checksums, and the download itself."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from thalweg.errors import DataError
from thalweg.extras import needs
from thalweg.files import writable_folder

__all__ = ["SOURCES", "Source", "fetch"]


@dataclass(frozen=True)
class Source:
    """The files of a data set with their checksums (SHA-256, or another algorithm as ``md5:...``), and mirrors.

    Sets of idx files name them in the order of ``ROLES``.
    """

    ROLES: ClassVar = ("train_images", "train_labels", "test_images", "test_labels")

    name: str
    mirrors: tuple[str, ...]
    checksums: tuple[tuple[str, str], ...]

    @property
    def files(self) -> tuple[str, ...]:
        """The file names."""
        return tuple(file for file, _ in self.checksums)


_KERAS = "https://storage.googleapis.com/tensorflow/tf-keras-datasets/"

SOURCES = {
    "mnist": Source(
        "mnist",
        (
            "https://ossci-datasets.s3.amazonaws.com/mnist/",
            "https://storage.googleapis.com/cvdf-datasets/mnist/",
        ),
        (
            (
                "train-images-idx3-ubyte.gz",
                "440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609",
            ),
            (
                "train-labels-idx1-ubyte.gz",
                "3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c",
            ),
            ("t10k-images-idx3-ubyte.gz", "8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6"),
            ("t10k-labels-idx1-ubyte.gz", "f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6"),
        ),
    ),
    "fashion": Source(
        "fashion",
        (
            "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/",
            "https://raw.githubusercontent.com/zalandoresearch/fashion-mnist/master/data/fashion/",
        ),
        (
            (
                "train-images-idx3-ubyte.gz",
                "08dc20ab1689590a0bcd66e874647b6ee8464e2d501b5a3f1f78831db19a3fdc",
            ),
            (
                "train-labels-idx1-ubyte.gz",
                "b0197879cbda89f3dc7b894f9fd52b858e68ea4182b6947c9d8c2b67e5f18dcc",
            ),
            ("t10k-images-idx3-ubyte.gz", "78dcbbfb5a27efaf1b6c1d616caca68560be8766c5bffcb2791df9273a534229"),
            ("t10k-labels-idx1-ubyte.gz", "42bd18137a62d5998cdeae52bf3a0676ac6b706f5cf8439b47bb5b151ae3dccf"),
        ),
    ),
    "cifar10": Source(
        "cifar10",
        ("https://www.cs.toronto.edu/~kriz/",),
        (("cifar-10-binary.tar.gz", "c4a38c50a1bc5f3a1c5537f2155ab9d68f9f25eb1ed8d9ddda3db29a59bca1dd"),),
    ),
    "cifar100": Source(
        "cifar100",
        ("https://www.cs.toronto.edu/~kriz/",),
        (("cifar-100-binary.tar.gz", "58a81ae192c23a4be8b1804d68e518ed807d710a4eb253b1f2a199162a40d8ec"),),
    ),
    "imdb": Source(
        "imdb",
        (_KERAS,),
        (
            ("imdb.npz", "69664113be75683a8fe16e3ed0ab59fda8886cb3cd7ada244f7d9544e4676b9f"),
            ("imdb_word_index.json", "md5:bfafd718b763782e994055a2d397834f"),
        ),
    ),
    "reuters": Source(
        "reuters",
        (_KERAS,),
        (
            ("reuters.npz", "d6586e694ee56d7a4e65172e12b3e987c03096cb01eab99753921ef915959916"),
            ("reuters_word_index.json", "md5:4d44cc38712099c9e383dc6e5f11a921"),
        ),
    ),
    "boston_housing": Source(
        "boston_housing",
        (_KERAS,),
        (("boston_housing.npz", "f553886a1f8d56431e820c5b82552d9d95cfcb96d1e678153f8839538947dff5"),),
    ),
    "california_housing": Source(
        "california_housing",
        (_KERAS,),
        (("california_housing.npz", "1a2e3a52e0398de6463aebe6f4a8da34fb21fbb6b934cf88c3425e766f2a1a6f"),),
    ),
}


def fetch(source: Source, cache: Path) -> Path:
    """Download the files of ``source`` that ``cache/<name>`` lacks, verify each, and return that folder.

    Each mirror is tried in turn; a file whose checksum is not the original's is never kept. When no mirror
    serves, the DataError names the last failure and the folder in which the files can be placed by hand.
    """
    with needs("pooch", f"downloading the data set {source.name!r}"):
        import pooch
    pooch.utils.get_logger().setLevel("WARNING")
    folder = writable_folder(cache / source.name)
    for file, checksum in source.checksums:
        failures = []
        for mirror in source.mirrors:
            try:
                known = checksum if ":" in checksum else f"sha256:{checksum}"
                pooch.retrieve(mirror + file, known_hash=known, fname=file, path=folder)
                break
            except (OSError, ValueError) as error:  # no network or server; a checksum that differs
                failures.append(f"{mirror}: {_short(error)}")
        else:
            raise DataError(_no_mirror(source, file, folder, failures))
    return folder


def _no_mirror(source: Source, file: str, folder: Path, failures: list[str]) -> str:
    place = os.environ.get("THALWEG_DATA")
    hand = Path(place, source.name) if place else folder
    return (
        f"could not download {file} of the data set {source.name!r} ({'; '.join(failures)}); "
        f"check the network or proxy, or put the files into {str(hand)!r}"
    )


def _short(error: Exception) -> str:
    """The error in a few words; a network library's long tale of retries becomes the name of the error."""
    text = " ".join(str(error).split())
    return text if 0 < len(text) <= 600 and "Max retries" not in text else type(error).__name__
