"""The document of the page: everything that stands still, and templates for everything that comes and goes."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING

from limner.web.page.asset_files import asset_files

if TYPE_CHECKING:
    from jinja2 import Environment


@functools.lru_cache(maxsize=16)
def shell(base: str, *, sign_in: bool, known: bool, documented: bool) -> bytes:
    """The page mounted under `base`. `sign_in`: people can sign in here. `known`: whoever asks has. `documented`: the
    API's own documentation is beside it.
    """
    template = _environment().get_template("page.html")
    assets = f"{base}/assets/{asset_files().version}"
    return template.render(base=base, assets=assets, sign_in=sign_in, known=known, documented=documented).encode()


@functools.cache
def _environment() -> Environment:
    from jinja2 import Environment, PackageLoader, StrictUndefined  # noqa: PLC0415 - most starts show no page

    return Environment(
        loader=PackageLoader("limner.web.page"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
