"""Pillow verifies and converts; labels go into the files around it."""

from __future__ import annotations

import contextlib
import hashlib
import io
import struct
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from PIL import ExifTags, Image, ImageChops, ImageFile

from limner.codecs import jpeg, png, webp
from limner.contracts.codec import Picture
from limner.domain.errors import BadImage

MAX_PIXELS = 32_000_000

_SIGNATURES = {"png": png.SIGNATURE, "jpeg": jpeg.SIGNATURE, "webp": webp.SIGNATURE}
_RELABEL: Mapping[str, Callable[[bytes, Mapping[str, str]], bytes]] = {
    "png": png.relabel,
    "jpeg": jpeg.relabel,
    "webp": webp.relabel,
}
_ENCODER_OPTIONS: Mapping[str, Mapping[str, int]] = {
    "png": {"compress_level": 3},
    "jpeg": {"quality": 90},
    "webp": {"quality": 90, "method": 2},
}
_UPRIGHT_OPTIONS: Mapping[str, Mapping[str, Any]] = {
    "png": {"compress_level": 3},
    "jpeg": {"quality": 95, "subsampling": "4:4:4"},
    "webp": {"quality": 95, "method": 2},
}
"""A turned upload is encoded once more: nobody should see that."""
_PROFILED = frozenset({"RGB", "RGBA"})
"""Modes that a colour profile outlasts: others are converted on the way."""
_TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
"""Of EXIF's orientations."""
_THUMBNAIL_OPTIONS = {"quality": 80, "method": 2}

_FAULTS = (
    OSError, SyntaxError, AssertionError, ValueError, EOFError, IndexError, KeyError, TypeError, OverflowError, MemoryError,
    struct.error, Image.DecompressionBombError, Image.DecompressionBombWarning,
)  # fmt: skip
"""All that Pillow and our own parsing raise on hostile bytes."""


@contextlib.contextmanager
def _bad_image_on_faults() -> Iterator[None]:
    try:
        yield
    except _FAULTS as error:
        raise BadImage(f"The picture cannot be read. {error}") from error


class PillowCodec:
    """PNG, JPEG and WebP, told by content; pictures of more than `max_pixels` and animations are refused."""

    def __init__(self, *, max_pixels: int = MAX_PIXELS) -> None:
        self._max_pixels = max_pixels

    @_bad_image_on_faults()
    def finish(self, data: bytes, *, format: str, labels: Mapping[str, str]) -> Picture:  # noqa: A002 - the wire's word
        """The pixels as they came where `format` is theirs; foreign text, EXIF and what follows the picture are dropped."""
        data = _relabelled(data, labels)
        image = self._decoded(data)
        if _format_of(data) != format:
            data = _relabelled(_encoded(image, format), labels)
        return _picture(data, format, image)

    @_bad_image_on_faults()
    def convert(self, data: bytes, *, format: str) -> bytes:  # noqa: A002 - the wire's word
        """Re-encoded without metadata; JPEG is flattened on white."""
        return _encoded(self._decoded(_relabelled(data, {})), format)

    @_bad_image_on_faults()
    def accept(self, data: bytes, *, max_pixels: int) -> Picture:
        """The bytes' own pixels where they stand upright already."""
        bare, kind = _relabelled(data, {}), _format_of(data)
        image = self._decoded(bare, max_pixels)
        if (turn := _turn_of(data)) is not None:
            profile = image.info.get("icc_profile") if image.mode in _PROFILED else None
            image = _plain(image).transpose(turn)
            bare = _saved(image, kind, {**_UPRIGHT_OPTIONS[kind], "icc_profile": profile})
        return _picture(bare, kind, image)

    @_bad_image_on_faults()
    def mask(self, data: bytes, *, format: str, transparent: bool) -> bytes:  # noqa: A002 - the wire's word
        marked = _marked(self._decoded(_relabelled(data, {})))
        if transparent:
            kept = Image.new("L", marked.size, "white")
            kept.putalpha(ImageChops.invert(marked))
            marked = kept.convert("RGBA")
        return _saved(marked, format, _ENCODER_OPTIONS[format])

    @_bad_image_on_faults()
    def thumbnail(self, data: bytes, *, size: int) -> bytes:
        image = self._opened(_relabelled(data, {}))
        image.draft(None, (size * 2, size * 2))
        small = _plain(_in_eight_bits(image))
        small.thumbnail((size, size), Image.Resampling.BICUBIC, reducing_gap=2.0)
        return _saved(small, "webp", _THUMBNAIL_OPTIONS)

    def _decoded(self, data: bytes, max_pixels: int | None = None) -> Image.Image:
        image = self._opened(data, max_pixels)
        image.load()
        return _in_eight_bits(image)

    def _opened(self, data: bytes, max_pixels: int | None = None) -> ImageFile.ImageFile:
        """Only the header is read: nothing is decoded before the cap is checked."""
        kind, most = _format_of(data), max_pixels or self._max_pixels
        try:
            image = Image.open(io.BytesIO(data), formats=[kind.upper()])
        except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
            raise BadImage(
                f"The picture has far more than the {most:,} pixels that are allowed.", maximum=most
            ) from error
        if image.width * image.height > most:
            detail = f"The picture has {image.width} × {image.height} pixels; {most:,} are allowed."
            raise BadImage(detail, maximum=most)
        return image


def _picture(data: bytes, kind: str, image: Image.Image) -> Picture:
    return Picture(
        data=data,
        format=kind,
        width=image.width,
        height=image.height,
        color=_dominant_colour(image),
        sha256=hashlib.sha256(data).hexdigest(),
    )


def _format_of(data: bytes) -> str:
    for kind, signature in _SIGNATURES.items():
        if data.startswith(signature) and (kind != "webp" or data[8:12] == b"WEBP"):
            return kind
    raise BadImage("The picture is not PNG, JPEG or WebP.")


def _relabelled(data: bytes, labels: Mapping[str, str]) -> bytes:
    return _RELABEL[_format_of(data)](data, labels)


def _encoded(image: Image.Image, kind: str) -> bytes:
    plain = _plain(image)
    return _saved(_flattened(plain) if kind == "jpeg" else plain, kind, _ENCODER_OPTIONS[kind])


def _saved(image: Image.Image, kind: str, options: Mapping[str, Any]) -> bytes:
    file = io.BytesIO()
    image.save(file, kind.upper(), **options)
    return file.getvalue()


def _plain(image: Image.Image) -> Image.Image:
    """RGB, or RGBA where something is transparent, without what Pillow would write beside the pixels."""
    plain = image.convert("RGBA" if image.has_transparency_data else "RGB")
    plain.info = {}
    return plain


def _in_eight_bits(image: Image.Image) -> Image.Image:
    """Grey of 16 bits by its high byte; Pillow itself would cut off all that is brighter than 255 of 65,535."""
    return image.point(_high_byte).convert("L") if image.mode.startswith("I") else image


def _high_byte(value: Any) -> Any:
    return value * (1 / 256)


def _flattened(image: Image.Image) -> Image.Image:
    if image.mode == "RGB":
        return image
    white = Image.new("RGB", image.size, "white")
    white.paste(image, mask=image.getchannel("A"))
    return white


def _turn_of(data: bytes) -> Image.Transpose | None:
    """How a picture must be turned to stand as it was taken; a broken note of that is as good as none."""
    try:
        with Image.open(io.BytesIO(data), formats=[_format_of(data).upper()]) as image:
            return _TURNS.get(image.getexif().get(ExifTags.Base.Orientation, 1))
    except (*_FAULTS, UserWarning):
        return None


def _marked(image: Image.Image) -> Image.Image:
    """Grey: white where a mask marks."""
    if image.has_transparency_data:
        alpha = image.convert("RGBA").getchannel("A")
        if alpha.getextrema() != (255, 255):
            return ImageChops.invert(alpha)
    return image.convert("L")


def _dominant_colour(image: Image.Image) -> str:
    """Of 32 × 32 averages, reduced to eight colours, the commonest one."""
    small = _flattened(_plain(image.resize((32, 32), Image.Resampling.BOX, reducing_gap=1.0)))
    reduced = small.quantize(8, method=Image.Quantize.FASTOCTREE)
    counts = reduced.histogram()
    start = 3 * counts.index(max(counts))
    return "#" + bytes((reduced.getpalette() or [])[start : start + 3]).hex()
