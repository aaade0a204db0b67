"""Pictures going in and coming out: what a paint starts from, previews, the finished picture in the size asked for."""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import Self

import numpy as np
from PIL import Image, ImageOps

from limner.engines.mini.grid import CHANNELS, Floats, Grid, picture_of
from limner.engines.mini.model import Model
from limner.engines.mini.sketch import Start

PREVIEW_SIDE = 256
PREVIEW_QUALITY = 80


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """The picture that a paint starts from, and its mask (white: paint here), both in the size asked for."""

    image: Image.Image
    mask: Image.Image | None = None

    @classmethod
    def read(cls, image: bytes, mask: bytes | None, size: tuple[int, int]) -> Self:
        fitted = ImageOps.fit(_on_white(_opened(image)), size, Image.Resampling.LANCZOS)
        if mask is None:
            return cls(image=fitted)
        return cls(image=fitted, mask=ImageOps.fit(_opened(mask).convert("L"), size, Image.Resampling.BILINEAR))

    def start(self, grid: Grid, strength: float) -> Start:
        fresh = None
        if self.mask is not None:
            small = self.mask.resize(grid.size, Image.Resampling.BILINEAR)
            fresh = grid.cut(np.repeat(np.asarray(small, np.float32)[:, :, None] / 255, CHANNELS, axis=2))
        return Start(patches=grid.patches(self.image), strength=strength, fresh=fresh)

    def kept(self, painted: Image.Image) -> Image.Image:
        """The picture with what the mask keeps as it was."""
        return painted if self.mask is None else Image.composite(painted, self.image, self.mask)


def _opened(picture: bytes) -> Image.Image:
    return Image.open(io.BytesIO(picture))


def _on_white(picture: Image.Image) -> Image.Image:
    """What is seen of it on paper; colours that lie hidden under transparency are nobody's wish."""
    if not picture.has_transparency_data:
        return picture.convert("RGB")
    paper = Image.new("RGBA", picture.size, "white")
    return Image.alpha_composite(paper, picture.convert("RGBA")).convert("RGB")


def preview(grid: Grid, clean: Floats, size: tuple[int, int]) -> bytes:
    """A small WebP of the picture as the model sees it now."""
    shrunk = min(1.0, PREVIEW_SIDE / max(size))
    small = (max(1, round(size[0] * shrunk)), max(1, round(size[1] * shrunk)))
    return _encoded(grid.picture(clean).resize(small, Image.Resampling.BICUBIC), "WEBP", quality=PREVIEW_QUALITY)


def finished(model: Model, grid: Grid, clean: Floats, size: tuple[int, int], given: Given | None) -> bytes:
    """The picture as PNG, enlarged by the upscaler where it is to be larger than the model paints."""
    pixels = grid.pixels(clean)
    if size[0] > grid.size[0] or size[1] > grid.size[1]:
        pixels = model.enlarge(pixels)
    painted = picture_of(pixels).resize(size, Image.Resampling.LANCZOS)
    return png(painted if given is None else given.kept(painted))


def png(picture: Image.Image) -> bytes:
    return _encoded(picture, "PNG", compress_level=4)


def _encoded(picture: Image.Image, kind: str, **how: int) -> bytes:
    stream = io.BytesIO()
    picture.save(stream, kind, **how)
    return stream.getvalue()
