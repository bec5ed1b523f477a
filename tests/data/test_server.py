"""Downloads from a server on this machine: good files, wrong ones, connections that break, servers that fail."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import thalweg.data.sets as sets
from idx_files import write_set
from thalweg.data import load
from thalweg.data.sources import SOURCES, Source, fetch
from thalweg.errors import DataError

pytest.importorskip("pooch", reason="downloads need pooch")
FILES = SOURCES["mnist"].files


class Server:
    """Serves a folder. ``moods`` says what happens to a path: "cut" breaks the connection half-way, "wrong" changes a
    byte, a number is the status; anything else is served as it is. ``asked`` counts the requests.
    """

    def __init__(self, folder: Path) -> None:
        self.folder, self.moods, self.asked = folder, {}, []  # type: ignore[var-annotated]
        owner = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                owner.answer(self)

            def log_message(self, *args: Any) -> None:
                pass

        self.http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.address = f"http://127.0.0.1:{self.http.server_port}/"
        threading.Thread(target=self.http.serve_forever, daemon=True).start()

    def answer(self, request: BaseHTTPRequestHandler) -> None:
        mirror, name = request.path.strip("/").split("/")
        self.asked.append((mirror, name))
        mood = self.moods.get((mirror, name), self.moods.get(mirror))
        if isinstance(mood, int):
            request.send_error(mood)
            return
        body = (self.folder / name).read_bytes()
        if mood == "wrong":
            body = body[:-1] + bytes([body[-1] ^ 1])
        request.send_response(200)
        request.send_header("Content-Length", str(len(body)))
        request.end_headers()
        request.wfile.write(body[: len(body) // 2] if mood == "cut" else body)
        request.wfile.flush()
        request.close_connection = True


@pytest.fixture
def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    for proxy in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(proxy, raising=False)
    made = Server(write_set(tmp_path / "files"))
    yield made
    made.http.shutdown()
    made.http.server_close()


def source_of(server: Server, *mirrors: str) -> Source:
    sums = tuple((name, hashlib.sha256((server.folder / name).read_bytes()).hexdigest()) for name in FILES)
    return Source("mnist", tuple(f"{server.address}{mirror}/" for mirror in mirrors), sums)


def test_a_set_is_downloaded_once(server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sets.SOURCES, "mnist", source_of(server, "one"))
    monkeypatch.setattr(sets, "cache_folder", lambda: tmp_path / "cache")
    first = load("mnist")
    assert [name for _, name in server.asked] == list(FILES)
    np.testing.assert_array_equal(load("mnist").train_images, first.train_images)
    assert len(server.asked) == 4


@pytest.mark.parametrize("mood", ["cut", "wrong", 404, 503])
def test_the_next_mirror_serves_where_one_fails(mood: Any, server: Server, tmp_path: Path) -> None:
    server.moods["one"] = mood
    folder = fetch(source_of(server, "one", "two"), tmp_path / "cache")
    assert {path.name for path in folder.iterdir()} == set(FILES)
    assert all((folder / n).read_bytes() == (server.folder / n).read_bytes() for n in FILES)


@pytest.mark.parametrize(
    ("mood", "words"), [("cut", "IncompleteRead|broken"), ("wrong", "does not match"), (404, "404")]
)
def test_nothing_is_kept_of_a_file_that_is_not_the_original(
    mood: Any, words: str, server: Server, tmp_path: Path
) -> None:
    server.moods["one"] = mood
    with pytest.raises(DataError, match=rf"(?s)could not download {FILES[0]}.*({words}).*put the files into"):
        fetch(source_of(server, "one"), tmp_path / "cache")
    assert list((tmp_path / "cache" / "mnist").iterdir()) == []


def test_an_interrupted_download_goes_on_with_the_files_that_are_missing(
    server: Server, tmp_path: Path
) -> None:
    server.moods["one", FILES[2]] = "cut"
    with pytest.raises(DataError, match=FILES[2]):
        fetch(source_of(server, "one"), tmp_path / "cache")
    folder = tmp_path / "cache" / "mnist"
    assert {path.name for path in folder.iterdir()} == set(FILES[:2])
    server.moods.clear()
    server.asked.clear()
    fetch(source_of(server, "one"), tmp_path / "cache")
    assert [name for _, name in server.asked] == list(FILES[2:])


def test_a_file_that_was_damaged_in_the_cache_is_fetched_again(server: Server, tmp_path: Path) -> None:
    folder = fetch(source_of(server, "one"), tmp_path / "cache")
    (folder / FILES[1]).write_bytes(b"half of it")
    server.asked.clear()
    fetch(source_of(server, "one"), tmp_path / "cache")
    assert server.asked == [("one", FILES[1])]
    assert (folder / FILES[1]).read_bytes() == (server.folder / FILES[1]).read_bytes()


def test_a_server_that_is_not_there(server: Server, tmp_path: Path) -> None:
    gone = Source("mnist", ("http://127.0.0.1:9/",), source_of(server).checksums)
    with pytest.raises(DataError, match="check the network or proxy, or put the files into"):
        fetch(gone, tmp_path / "cache")


def test_a_cache_that_cannot_be_written_to(server: Server) -> None:
    with pytest.raises(DataError, match="/proc/nowhere"):
        fetch(source_of(server, "one"), Path("/proc/nowhere"))
    assert server.asked == []
