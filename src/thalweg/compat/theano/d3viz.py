"""``theano.d3viz``: graphs as pages to look at."""

from __future__ import annotations

from typing import Any

from thalweg.compat.theano.printing import pydotprint


def d3viz(fct: Any, outfile: str, copy_deps: bool = True, *args: Any, **kwargs: Any) -> None:
    """Write the graph of a function or variable as an HTML page with a picture."""
    picture = pydotprint(fct, return_image=True)
    with open(outfile, "w", encoding="utf-8") as file:
        file.write(f"<!DOCTYPE html>\n<html><body>\n{picture}</body></html>\n")
