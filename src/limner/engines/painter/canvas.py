"""The picture in the making, in pixels: SVG layers, masks, mirrored water, light on edges."""

from __future__ import annotations

import io

import numpy as np
import resvg_py
from PIL import Image, ImageChops, ImageFilter

from limner.engines.painter.noise import Field
from limner.engines.painter.svg import Pen


class Canvas:
    """An RGB picture of `width` × `height` pixels showing a scene of `units` (width, height)."""

    def __init__(self, width: int, height: int, units: tuple[float, float]) -> None:
        self.width = width
        self.height = height
        self.units = units
        self.picture = Image.new("RGB", (width, height))

    @property
    def pixel(self) -> float:
        """Pixels in one scene unit."""
        return self.width / self.units[0]

    def layer(self, pen: Pen) -> Image.Image:
        """What the pen drew, as RGBA."""
        document = pen.document(*self.units)
        image = resvg_py.svg_to_bytes(svg_string=document, width=self.width, height=self.height, skip_system_fonts=True)
        return Image.open(io.BytesIO(image)).convert("RGBA")

    def lay(self, pen: Pen) -> None:
        if not pen.empty:
            layer = self.layer(pen)
            self.picture.paste(layer, (0, 0), layer)

    def lay_lit(self, pen: Pen, *, side: int, rim: str, strength: float) -> None:
        """Lay it with light along the edges that face the light, and shade along the others."""
        if pen.empty:
            return
        layer = self.layer(pen)
        alpha = layer.getchannel("A")
        box = alpha.getbbox()
        if box is None:
            return
        part = layer.crop(box)
        self.picture.paste(part, box[:2], part)
        edge = max(1, round(3.4 * self.pixel))
        solid = alpha.crop(box).point([0] * 128 + [min(255, (at - 127) * 2) for at in range(128, 256)])
        self._edge(solid, box, (-side * edge, edge), edge, (rim, strength))
        self._edge(solid, box, (side * edge * 2, -edge), edge * 3, ("#0b1030", strength * 0.3))

    def _edge(
        self,
        solid: Image.Image,
        box: tuple[int, int, int, int],
        shift: tuple[int, int],
        soft: int,
        ink: tuple[str, float],
    ) -> None:
        padded = Image.new("L", solid.size)
        padded.paste(solid, shift)
        soft_inside = padded.filter(ImageFilter.BoxBlur(soft / 2))
        mask = ImageChops.multiply(ImageChops.subtract(solid, soft_inside), solid)
        mask = mask.point([round(value * ink[1]) for value in range(256)])
        self.picture.paste(ink[0], box, mask)

    def lay_mask(self, colour: str, mask: Field, top: int = 0) -> None:
        """Lay one colour where `mask` (0…1) says; a smaller mask is enlarged to the full width."""
        eight = Image.fromarray((np.clip(mask, 0, 1) * 255).astype(np.uint8))
        self.picture.paste(colour, (0, top, self.width, top + eight.height), eight)

    def lay_array(self, colours: Field, mask: Field) -> None:
        """Lay an RGB array (0…255) through a mask; both may be smaller than the picture."""
        size = (self.width, self.height)
        layer = Image.fromarray(np.clip(colours, 0, 255).astype(np.uint8)).resize(size, Image.Resampling.BICUBIC)
        through = Image.fromarray((np.clip(mask, 0, 1) * 255).astype(np.uint8)).resize(size, Image.Resampling.BICUBIC)
        self.picture.paste(layer, (0, 0), through)

    def preview(self) -> bytes:
        """A small WebP of the picture so far."""
        small = self.picture.copy()
        small.thumbnail((224, 224), Image.Resampling.BOX, reducing_gap=2.0)
        for quality in (72, 40, 10):
            held = io.BytesIO()
            small.save(held, "WEBP", quality=quality, method=1)
            if held.tell() <= 24 * 1024:
                break
        return held.getvalue()

    def png(self) -> bytes:
        held = io.BytesIO()
        self.picture.save(held, "PNG", compress_level=1)
        return held.getvalue()


_WORK = 320


def work_size(canvas: Canvas) -> tuple[int, int]:
    """Rows and columns for soft things, which are computed small and then enlarged."""
    shrink = min(1.0, _WORK / max(canvas.width, canvas.height))
    return max(2, round(canvas.height * shrink)), max(2, round(canvas.width * shrink))
