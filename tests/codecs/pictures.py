"""Pictures and things that only look like pictures."""

import io
import struct
import zlib

from PIL import Image

CANARY = "canary-4711"


def paint(size=(96, 64), mode="RGB"):
    """Three diagonal colour ramps, so that no two rows are alike."""
    ramps = [Image.linear_gradient("L").resize(size).rotate(turn) for turn in (0, 90, 180)]
    return Image.merge("RGB", ramps).convert(mode)


def encoded(kind, image=None, **options):
    file = io.BytesIO()
    (image or paint()).save(file, kind.upper(), **options)
    return file.getvalue()


def opened(data):
    image = Image.open(io.BytesIO(data))
    image.load()
    return image


def chunk(kind, content):
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


def after_header(png, *chunks):
    """A PNG with chunks put behind its IHDR."""
    return png[:33] + b"".join(chunks) + png[33:]


def enormous_png(width=50_000, height=50_000):
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
    pixels = chunk(b"IDAT", zlib.compress(bytes(1_000_000)))
    return b"\x89PNG\r\n\x1a\n" + header + pixels + chunk(b"IEND", b"")


def with_foreign_metadata(kind):
    """A picture that says CANARY in every place its format has for words."""
    exif = Image.Exif()
    exif[0x010E] = CANARY
    if kind == "png":
        texts = [
            chunk(b"tEXt", b"prompt\0" + CANARY.encode()),
            chunk(b"iTXt", b"XML:com.adobe.xmp\0\0\0\0\0" + CANARY.encode()),
            chunk(b"prVt", CANARY.encode()),
        ]
        return after_header(encoded("png", exif=exif), *texts)
    if kind == "jpeg":
        return encoded("jpeg", exif=exif, comment=CANARY, xmp=CANARY.encode())
    return encoded("webp", exif=exif, xmp=CANARY.encode())
