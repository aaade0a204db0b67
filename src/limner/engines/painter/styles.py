"""The finish: what turns a drawn scene into a watercolour, a woodcut, pixels …"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageChops, ImageEnhance, ImageFilter

from limner.engines.painter.canvas import Canvas
from limner.engines.painter.dice import Dice
from limner.engines.painter.noise import Field, enlarged, layered, smooth
from limner.engines.painter.scene import Scene

Finish = Callable[[Image.Image, Dice, float], Image.Image]
"""Takes the picture, chance, and pixels per scene unit."""


def paint_finish(canvas: Canvas, scene: Scene) -> None:
    toned = _toned(canvas.picture, scene.tone)
    canvas.picture = FINISHES[scene.style](toned, scene.dice.named("finish"), canvas.pixel)


def illustration(picture: Image.Image, dice: Dice, pixel: float) -> Image.Image:
    """A soft bloom on the lights and the finest grain."""
    return _grainy(_bloom(picture, 150, 0.3, 24 * pixel), dice, 6)


def watercolour(picture: Image.Image, dice: Dice, pixel: float) -> Image.Image:
    """Wet edges, pigment that settles in the paper's grain, and a border where the brush stopped."""
    size = (picture.height, picture.width)
    strong = ImageEnhance.Color(picture).enhance(1.4)
    wet = _wobbled(strong, dice.named("wobble"), 7 * pixel, 46 * pixel).filter(ImageFilter.MedianFilter(5))
    soft = wet.filter(ImageFilter.GaussianBlur(max(0.6, 7 * pixel)))
    washed = Image.blend(wet, soft, 0.35)
    edges = ImageChops.difference(wet.convert("L"), soft.convert("L")).filter(ImageFilter.BoxBlur(1))
    blooms = layered(dice.named("blooms"), size, (210 * pixel, 210 * pixel), 4)
    density = 0.82 + 0.55 * (blooms - 0.5) + np.asarray(edges, dtype=np.float32) / 255 * 2.1
    density += (paper(size) - 0.5) * 0.2
    density *= _brushed_border(dice.named("border"), size, pixel)
    return _on_paper(washed, density, (252, 248, 238))


def _on_paper(picture: Image.Image, density: Field, white: tuple[int, int, int]) -> Image.Image:
    """Transparent pigment: the paper shines through where there is less of it."""
    amount = np.clip(density, 0, 1.35)[..., None]
    sheet = np.array(white, dtype=np.float32)
    colours = np.asarray(picture, dtype=np.float32)
    colours -= sheet
    colours *= amount
    colours += sheet
    return Image.fromarray(np.clip(colours, 0, 255).astype(np.uint8))


def _brushed_border(dice: Dice, size: tuple[int, int], pixel: float) -> Field:
    """1 inside, 0 at the edge of the sheet, with a ragged brushed line between."""
    rows, columns = size
    y = np.minimum(np.arange(rows), np.arange(rows)[::-1]).astype(np.float32)[:, None] / pixel
    x = np.minimum(np.arange(columns), np.arange(columns)[::-1]).astype(np.float32)[None, :] / pixel
    ragged = layered(dice, size, (90 * pixel, 90 * pixel), 4) * 44
    return smooth(np.minimum(x, y) - ragged, -6, 5)


def oil(picture: Image.Image, dice: Dice, pixel: float) -> Image.Image:
    """Dabs of a loaded brush that follow the forms, with light on the ridges of the paint."""
    rich = ImageEnhance.Color(picture).enhance(1.28)
    dabbed = _dabs(rich, dice.named("dabs"), pixel)
    height = np.asarray(dabbed.convert("L"), dtype=np.float32)
    bristle = layered(dice.named("bristle"), height.shape, (max(1.5, 4 * pixel), 60 * pixel), 2)
    relief = height * 0.5 + bristle * 46
    light = np.clip((relief - np.roll(relief, (1, 1), (0, 1))) * 1.1, -34, 40)
    ridged = np.asarray(dabbed, dtype=np.float32) + light[..., None]
    return Image.fromarray(np.clip(ridged, 0, 255).astype(np.uint8))


def _dabs(picture: Image.Image, dice: Dice, pixel: float) -> Image.Image:
    """Every place takes the colour of a nearby dab: a jittered grid, stretched by a slow swirl of directions."""
    rows, columns = picture.height, picture.width
    out = picture
    for at, size in enumerate((11.0, 6.0)):
        step = max(2.0, size * pixel)
        angle = layered(dice.named(f"angle {at}"), (rows, columns), (300 * pixel, 300 * pixel), 2) * 9
        across = layered(dice.named(f"across {at}"), (rows, columns), (step, step), 1) - 0.5
        along = layered(dice.named(f"along {at}"), (rows, columns), (step, step), 1) - 0.5
        x = np.arange(columns)[None, :] + (np.cos(angle) * along * 2.6 - np.sin(angle) * across) * step
        y = np.arange(rows)[:, None] + (np.sin(angle) * along * 2.6 + np.cos(angle) * across) * step
        taken = np.asarray(out)[_within(y, rows), _within(x, columns)]
        out = Image.fromarray(taken).filter(ImageFilter.MedianFilter(5 if at == 0 else 3))
    return out


def _within(places: Field, count: int) -> NDArray[np.intp]:
    return np.clip(places, 0, count - 1).astype(np.intp)


def ink(picture: Image.Image, dice: Dice, pixel: float) -> Image.Image:
    """Brush lines and grey washes on warm paper."""
    size = (picture.height, picture.width)
    grey = picture.convert("L")
    wash = _wobbled(grey, dice.named("wobble"), 14 * pixel, 60 * pixel).filter(ImageFilter.GaussianBlur(6 * pixel))
    tone = np.asarray(wash, dtype=np.float32) / 255
    low, high = np.percentile(tone, (3, 97))
    tone = np.clip((tone - low) / max(0.08, high - low), 0, 1)
    pools = (layered(dice.named("wash"), size, (120 * pixel, 120 * pixel), 4) - 0.5) * 0.5
    washed = 0.3 + 0.72 * smooth(tone + pools, 0.0, 0.62) + (paper(size) - 0.5) * 0.12
    lines = _outlines(picture, 2.6 * pixel, 9.0)
    darkness = np.clip(washed - lines * 0.9, 0.03, 1)[..., None]
    sheet, black = np.array((249, 243, 229), np.float32), np.array((24, 26, 38), np.float32)
    return Image.fromarray((black + (sheet - black) * darkness).astype(np.uint8))


def pencil(picture: Image.Image, dice: Dice, pixel: float) -> Image.Image:
    """Graphite: outlines, and hatching that thickens in the shade."""
    size = (picture.height, picture.width)
    tone = (
        np.asarray(
            ImageChops.blend(picture.convert("L"), picture.convert("L").filter(ImageFilter.BoxBlur(2)), 0.5),
            dtype=np.float32,
        )
        / 255
    )
    low, high = np.percentile(tone, (2, 98))
    tone = np.clip((tone - low) / max(0.08, high - low), 0, 1)
    y, x = np.arange(size[0], dtype=np.float32)[:, None], np.arange(size[1], dtype=np.float32)[None, :]
    drift = layered(dice.named("hand"), size, (160 * pixel, 160 * pixel), 2) * 60 * pixel
    pitch = max(2.6, 7.5 * pixel)
    first = 0.5 + 0.5 * np.sin((x + y + drift) * (6.283 / pitch))
    second = 0.5 + 0.5 * np.sin((x * 0.7 - y + drift) * (6.283 / pitch))
    marks = smooth(first, tone * 1.1, tone * 1.1 + 0.5) * (1 - tone) + smooth(second, tone * 1.9, tone * 1.9 + 0.4) * (
        0.6 - tone
    ).clip(0, 1)
    shade = marks * (0.5 + 0.7 * paper(size)) * 0.72 + (1 - tone) * 0.22 + _outlines(picture, 1.6 * pixel, 7.0) * 0.75
    sheet, lead = np.array((250, 248, 243), np.float32), np.array((52, 54, 62), np.float32)
    amount = np.clip(shade, 0, 1)[..., None]
    return Image.fromarray((sheet + (lead - sheet) * amount).astype(np.uint8))


def _outlines(picture: Image.Image, soft: float, gain: float) -> Field:
    """Where colours change quickly, 0…1."""
    fine = picture.filter(ImageFilter.GaussianBlur(max(0.5, soft * 0.5)))
    wide = picture.filter(ImageFilter.GaussianBlur(max(1.0, soft * 1.5)))
    red, green, blue = ImageChops.difference(fine, wide).split()
    strongest = ImageChops.lighter(ImageChops.lighter(red, green), blue)
    return smooth(np.asarray(strongest, dtype=np.float32) / 255 * gain, 0.35, 1.0)


def pixel_art(picture: Image.Image, _dice: Dice, _pixel: float) -> Image.Image:
    """Few large pixels and few colours."""
    block = max(1, round(max(min(picture.size) / 112, 1)))
    small = picture.resize((max(8, picture.width // block), max(8, picture.height // block)), Image.Resampling.BOX)
    small = ImageEnhance.Contrast(ImageEnhance.Color(small).enhance(1.35)).enhance(1.08)
    few = small.quantize(28, Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE)
    return few.convert("RGB").resize(picture.size, Image.Resampling.NEAREST)


def flat(picture: Image.Image, _dice: Dice, _pixel: float) -> Image.Image:
    """Paper cut-outs: even colours with clear edges."""
    even = picture.filter(ImageFilter.MedianFilter(5))
    vivid = ImageEnhance.Color(even).enhance(1.18)
    few = vivid.quantize(22, Image.Quantize.MEDIANCUT, kmeans=1, dither=Image.Dither.NONE)
    return few.convert("RGB").filter(ImageFilter.MedianFilter(3))


def neon(picture: Image.Image, dice: Dice, pixel: float) -> Image.Image:
    """Glowing tubes along every edge, in the dark."""
    lines = _outlines(picture, 3.0 * pixel, 13.0)
    dark = ImageEnhance.Color(picture).enhance(1.7).point([round(value * 0.3) for value in range(256)] * 3)
    base = np.asarray(dark, dtype=np.float32) * np.array((0.75, 0.45, 1.15), np.float32) + np.array(
        (10, 4, 26), np.float32
    )
    colours = _electric(picture, dice.named("tubes"), pixel)
    tubes = Image.fromarray((colours * lines[..., None]).astype(np.uint8))
    halo = _soft(tubes, 20 * pixel).point([min(255, round(value * 1.9)) for value in range(256)] * 3)
    lit = ImageChops.screen(Image.fromarray(np.clip(base, 0, 255).astype(np.uint8)), halo)
    return ImageChops.screen(lit, tubes.point([min(255, round(value * 1.25)) for value in range(256)] * 3))


def _electric(picture: Image.Image, dice: Dice, pixel: float) -> Field:
    """Pink, violet and cyan by height and chance, leaning to the picture's own hue."""
    size = (picture.height, picture.width)
    stops = np.array(((255, 60, 172), (170, 80, 255), (43, 210, 255), (60, 255, 200)), np.float32)
    drift = (
        layered(dice, size, (380 * pixel, 380 * pixel), 2) * 1.7
        - 0.35
        + np.linspace(-0.2, 0.35, size[0], dtype=np.float32)[:, None]
    )
    along = np.clip(drift, 0, 1) * 3
    channels = [np.interp(along, (0, 1, 2, 3), stops[:, part]) for part in range(3)]
    own = np.asarray(ImageEnhance.Color(picture).enhance(2.4), dtype=np.float32)
    return (np.stack(channels, axis=-1) * 0.72 + own * 0.4).clip(0, 255).astype(np.float32)


def woodcut(picture: Image.Image, dice: Dice, pixel: float) -> Image.Image:
    """Carved lines, thick in the shade and thin in the light, over a few tints."""
    size = (picture.height, picture.width)
    tone = (
        np.asarray(picture.convert("L").filter(ImageFilter.GaussianBlur(max(0.5, 1.5 * pixel))), dtype=np.float32) / 255
    )
    low, high = np.percentile(tone, (2, 98))
    tone = np.clip((tone - low) / max(0.08, high - low), 0, 1)
    y, x = np.arange(size[0], dtype=np.float32)[:, None], np.arange(size[1], dtype=np.float32)[None, :]
    sway = layered(dice.named("grain"), size, (260 * pixel, 420 * pixel), 3) * 190 * pixel + tone * 26 * pixel
    pitch = max(3.2, 10.5 * pixel)
    groove = 0.5 + 0.5 * np.sin((y + x * 0.12 + sway) * (6.283 / pitch))
    carved = smooth(tone * 1.16 - groove, -0.12, 0.12)
    carved = np.minimum(carved, 1 - _outlines(picture, 3 * pixel, 8.0))
    tints = (
        ImageEnhance.Color(picture.filter(ImageFilter.MedianFilter(5)))
        .enhance(0.9)
        .quantize(9, Image.Quantize.MEDIANCUT)
        .convert("RGB")
    )
    sheet = 0.45 * np.asarray(tints, dtype=np.float32) + 0.55 * np.array((246, 234, 208), np.float32)
    black = np.array((28, 24, 26), np.float32)
    return Image.fromarray((black + (sheet - black) * carved[..., None]).astype(np.uint8))


def stained_glass(picture: Image.Image, dice: Dice, pixel: float) -> Image.Image:
    """Pieces of coloured glass in lead, with the light behind them."""
    size = (picture.height, picture.width)
    cell = max(6.0, 46 * pixel)
    nearest, gap = _pieces(dice.named("pieces"), size, cell)
    vivid = ImageEnhance.Color(picture.filter(ImageFilter.BoxBlur(3 * pixel))).enhance(1.65)
    rows, columns = np.divmod(nearest, size[1])
    glass = np.asarray(vivid, dtype=np.float32)
    pane = glass[rows, columns] * 0.62 + glass * 0.38
    pane *= (0.86 + 0.36 * layered(dice.named("glass"), size, (60 * pixel, 60 * pixel), 3))[..., None]
    lead = np.maximum(1 - smooth(gap, 2.2 * pixel, 4.6 * pixel), _outlines(picture, 3.4 * pixel, 9.0))
    pane += (pane.mean(axis=2, keepdims=True) * 0.3 + 18) * smooth(gap, 4 * pixel, 20 * pixel)[..., None] * 0.6
    dark = np.array((20, 18, 24), np.float32)
    return Image.fromarray(np.clip(pane + (dark - pane) * lead[..., None], 0, 255).astype(np.uint8))


def _pieces(dice: Dice, size: tuple[int, int], cell: float) -> tuple[NDArray[np.intp], Field]:
    """For each pixel the index of its piece's middle, and how far it is from the next piece."""
    down, across = int(size[0] / cell) + 3, int(size[1] / cell) + 3
    middle_y = (np.arange(down, dtype=np.float32)[:, None] - 1 + dice.grid(down, across)) * cell
    middle_x = (np.arange(across, dtype=np.float32)[None, :] - 1 + dice.grid(down, across)) * cell
    y, x = np.arange(size[0], dtype=np.float32)[:, None], np.arange(size[1], dtype=np.float32)[None, :]
    row, column = (
        (np.arange(size[0]) // cell).astype(np.intp)[:, None] + 1,
        (np.arange(size[1]) // cell).astype(np.intp)[None, :] + 1,
    )
    first = np.full(size, 1e9, np.float32)
    second, nearest = first.copy(), np.zeros(size, np.intp)
    for step_y in (-1, 0, 1):
        for step_x in (-1, 0, 1):
            my, mx = middle_y[row + step_y, column + step_x], middle_x[row + step_y, column + step_x]
            far = np.hypot(y - my, x - mx)
            closer = far < first
            second = np.where(closer, first, np.minimum(second, far))
            index = np.clip(my, 0, size[0] - 1).astype(np.intp) * size[1] + np.clip(mx, 0, size[1] - 1).astype(np.intp)
            nearest = np.where(closer, index, nearest)
            first = np.where(closer, far, first)
    return nearest, second - first


FINISHES: Mapping[str, Finish] = {
    "illustration": illustration,
    "watercolour": watercolour,
    "oil": oil,
    "ink": ink,
    "pencil": pencil,
    "pixel": pixel_art,
    "flat": flat,
    "neon": neon,
    "woodcut": woodcut,
    "glass": stained_glass,
}

_TONES: Mapping[str, tuple[float, tuple[int, int, int], float]] = {
    "warm": (1.05, (255, 176, 96), 0.16),
    "cool": (1.0, (84, 140, 230), 0.16),
    "pastel": (0.8, (255, 244, 240), 0.34),
    "vivid": (1.45, (128, 128, 128), 0.0),
    "sepia": (0.0, (196, 150, 96), 0.34),
    "mono": (0.0, (128, 128, 128), 0.0),
}
"""For each tone: how much colour is kept, and what is mixed in and how much."""


def _toned(picture: Image.Image, tone: str) -> Image.Image:
    if tone not in _TONES:
        return picture
    kept, tint, share = _TONES[tone]
    coloured = ImageEnhance.Color(picture).enhance(kept)
    return Image.blend(coloured, Image.new("RGB", picture.size, tint), share) if share else coloured


def _bloom(picture: Image.Image, above: int, strength: float, radius: float) -> Image.Image:
    bright = picture.point([max(0, round((value - above) * 255 / (255 - above))) for value in range(256)] * 3)
    return ImageChops.screen(
        picture, _soft(bright, radius).point([round(value * strength) for value in range(256)] * 3)
    )


def _soft(picture: Image.Image, radius: float) -> Image.Image:
    """A wide blur, done small."""
    shrink = max(1, round(radius / 3))
    small = picture.resize((max(1, picture.width // shrink), max(1, picture.height // shrink)), Image.Resampling.BOX)
    return small.filter(ImageFilter.GaussianBlur(3)).resize(picture.size, Image.Resampling.BICUBIC)


def _grainy(picture: Image.Image, dice: Dice, strength: int) -> Image.Image:
    """Fine grain, which also hides the steps in soft gradients."""
    grain = Image.fromarray((dice.grid(picture.height, picture.width) * strength).astype(np.uint8))
    return ImageChops.subtract(picture, Image.merge("RGB", (grain, grain, grain)), 1, strength // 2)


def _wobbled(picture: Image.Image, dice: Dice, reach: float, cell: float) -> Image.Image:
    """Shifted a little here and there, as by a hand and by water."""
    rows, columns = picture.height, picture.width
    x = np.arange(columns)[None, :] + (layered(dice.named("x"), (rows, columns), (cell, cell), 2) - 0.5) * reach * 2
    y = np.arange(rows)[:, None] + (layered(dice.named("y"), (rows, columns), (cell, cell), 2) - 0.5) * reach * 2
    return Image.fromarray(np.asarray(picture)[_within(y, rows), _within(x, columns)])


@lru_cache(4)
def paper(size: tuple[int, int]) -> Field:
    """The grain of rough paper, 0…1; the same sheet for every picture of a size."""
    dice = Dice(20)
    fine = dice.grid(size[0], size[1])
    middle = enlarged(dice.grid(max(2, size[0] // 2), max(2, size[1] // 2)), size[0], size[1])
    grain: Field = np.clip(0.5 + (fine - 0.5) * 0.35 + (middle - 0.5) * 0.75, 0, 1)
    return grain
