import hashlib
import io

import pytest
from PIL import Image, ImageChops, ImageCms

from limner.codecs.pillow import PillowCodec
from limner.domain.errors import BadImage
from tests.codecs.pictures import (
    CANARY,
    after_header,
    chunk,
    encoded,
    enormous_png,
    opened,
    paint,
    with_foreign_metadata,
)

KINDS = ["png", "jpeg", "webp"]
LABELS = {"Software": "Limner 1", "limner:job": 'a "job" & <more>', "limner:seed": "17"}


@pytest.fixture
def codec():
    return PillowCodec()


def same_pixels(one, other):
    return ImageChops.difference(one.convert("RGBA"), other.convert("RGBA")).getbbox(alpha_only=False) is None


@pytest.mark.parametrize("kind", KINDS)
def test_in_its_own_format_a_picture_keeps_its_pixels(codec, kind):
    data = encoded(kind)
    picture = codec.finish(data, format=kind, labels=LABELS)
    assert same_pixels(opened(picture.data), opened(data))


@pytest.mark.parametrize("wanted", KINDS)
@pytest.mark.parametrize("given", KINDS)
def test_a_finished_picture_has_the_format_asked_for_and_true_facts(codec, given, wanted):
    picture = codec.finish(encoded(given), format=wanted, labels=LABELS)
    image = opened(picture.data)
    assert (image.format.lower(), picture.format) == (wanted, wanted)
    assert image.size == (picture.width, picture.height) == (96, 64)
    assert picture.sha256 == hashlib.sha256(picture.data).hexdigest()


def words_of(data):
    info = opened(data).info
    return str({name: str(value) for name, value in info.items()}) + info.get("xmp", b"").decode()


@pytest.mark.parametrize("kind", KINDS)
def test_labels_stand_in_the_file(codec, kind):
    words = words_of(codec.finish(encoded(kind), format=kind, labels=LABELS).data)
    assert "Limner 1" in words
    assert "17" in words


@pytest.mark.parametrize("kind", KINDS)
def test_words_of_any_language_survive_and_lone_surrogates_do_no_harm(codec, kind):
    picture = codec.finish(encoded(kind), format=kind, labels={"limner:prompt": "Füchse 🦊 im Schnee \ud800"})
    assert "Füchse 🦊 im Schnee" in words_of(picture.data)


def test_a_label_too_long_for_a_jpeg_segment_is_cut(codec):
    picture = codec.finish(encoded("jpeg"), format="jpeg", labels={"limner:prompt": "&" * 40_000})
    assert opened(picture.data).size == (96, 64)


@pytest.mark.parametrize("kind", KINDS)
def test_foreign_words_are_gone(codec, kind):
    data = with_foreign_metadata(kind)
    assert CANARY.encode() in data
    for wanted in KINDS:
        assert CANARY.encode() not in codec.finish(data, format=wanted, labels=LABELS).data


@pytest.mark.parametrize("wanted", KINDS)
@pytest.mark.parametrize("kind", KINDS)
def test_conversions_and_thumbnails_carry_no_words(codec, kind, wanted):
    data = with_foreign_metadata(kind)
    assert CANARY.encode() not in codec.convert(data, format=wanted)
    assert CANARY.encode() not in codec.thumbnail(data, size=64)


@pytest.mark.parametrize("wanted", KINDS)
def test_a_colour_profile_stays_with_the_pixels_it_was_made_for(codec, wanted):
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    finished = codec.finish(encoded("png", icc_profile=profile), format=wanted, labels=LABELS).data
    assert opened(finished).info.get("icc_profile") == (profile if wanted == "png" else None)


@pytest.mark.parametrize("kind", KINDS)
def test_what_follows_the_picture_is_dropped(codec, kind):
    picture = codec.finish(encoded(kind) + b"<script>alert(1)</script>", format=kind, labels=LABELS)
    assert b"alert" not in picture.data


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("share", [0.02, 0.3, 0.6, 0.95])
def test_a_picture_that_is_cut_short_is_bad(codec, kind, share):
    data = encoded(kind)
    for deed in (
        lambda cut: codec.finish(cut, format=kind, labels=LABELS),
        lambda cut: codec.convert(cut, format="png"),
        lambda cut: codec.thumbnail(cut, size=32),
    ):
        with pytest.raises(BadImage):
            deed(data[: int(len(data) * share)])


NOT_PICTURES = {
    "nothing": b"",
    "text": b"hello",
    "svg": b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>',
    "html": b"<!doctype html><script>alert(1)</script>",
    "html that begins like a png": b"\x89PNG\r\n\x1a\n<script>alert(1)</script>",
    "riff that is no webp": b"RIFF\x24\0\0\0WAVEfmt " + bytes(40),
    "eps": b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n",
    "pdf": b"%PDF-1.7\n",
    "gif": encoded("gif", paint(mode="P")),
    "bmp": encoded("bmp"),
    "tiff": encoded("tiff"),
}


@pytest.mark.parametrize("name", NOT_PICTURES)
def test_what_is_no_png_jpeg_or_webp_is_bad(codec, name):
    with pytest.raises(BadImage):
        codec.finish(NOT_PICTURES[name], format="png", labels=LABELS)


@pytest.mark.parametrize("size", [(50_000, 50_000), (12_000, 12_000), (8_000, 4_001)])
def test_a_picture_with_too_many_pixels_is_refused_before_it_is_decoded(codec, size, monkeypatch):
    monkeypatch.setattr(Image.Image, "load", lambda self: pytest.fail("it was decoded"))
    with pytest.raises(BadImage):
        codec.finish(enormous_png(*size), format="png", labels=LABELS)


def test_the_pixel_cap_is_inclusive():
    codec = PillowCodec(max_pixels=96 * 64)
    assert codec.finish(encoded("png"), format="png", labels={}).width == 96
    with pytest.raises(BadImage, match="97 × 64 pixels; 6,144 are allowed"):
        codec.finish(encoded("png", paint((97, 64))), format="png", labels={})


@pytest.mark.parametrize("kind", ["png", "webp"])
def test_an_animation_is_bad(codec, kind):
    data = encoded(kind, paint(), save_all=True, append_images=[paint().rotate(90)])
    with pytest.raises(BadImage, match="animation"):
        codec.finish(data, format=kind, labels=LABELS)


def test_a_text_that_unpacks_to_gigabytes_is_never_unpacked(codec):
    import zlib

    bomb = chunk(b"iTXt", b"bomb\0\1\0\0\0" + zlib.compress(bytes(100_000_000)))
    picture = codec.finish(after_header(encoded("png"), bomb), format="png", labels=LABELS)
    assert b"bomb" not in picture.data


def test_a_wrong_checksum_is_bad(codec):
    data = bytearray(encoded("png"))
    data[-20] ^= 1
    with pytest.raises(BadImage, match="checksum"):
        codec.finish(bytes(data), format="png", labels=LABELS)


def test_what_png_does_not_know_and_cannot_skip_is_bad(codec):
    with pytest.raises(BadImage):
        codec.finish(after_header(encoded("png"), chunk(b"EVIL", b"")), format="png", labels=LABELS)


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGBA", "I;16"])
@pytest.mark.parametrize("wanted", KINDS)
def test_every_kind_of_png_can_be_converted(codec, mode, wanted):
    image = (
        paint().convert("L").convert("I").point(lambda value: value * 256).convert("I;16")
        if mode == "I;16"
        else paint(mode=mode)
    )
    picture = codec.finish(encoded("png", image), format=wanted, labels=LABELS)
    assert opened(picture.data).size == opened(codec.thumbnail(picture.data, size=256)).size == (96, 64)


def test_grey_of_sixteen_bits_keeps_its_brightness(codec):
    grey = Image.new("I;16", (8, 8), 128 * 256)
    assert opened(codec.convert(encoded("png", grey), format="png")).getpixel((0, 0)) == (128, 128, 128)


def test_jpeg_is_flattened_on_white(codec):
    clear = Image.new("RGBA", (16, 16), (0, 0, 0, 0))
    assert opened(codec.convert(encoded("png", clear), format="jpeg")).getpixel((8, 8)) == (255, 255, 255)


@pytest.mark.parametrize("options", [{"lossless": True}, {"quality": 80}])
def test_what_shines_through_a_webp_still_does(codec, options):
    image = paint(mode="RGBA")
    image.putalpha(Image.linear_gradient("L").resize(image.size))
    data = encoded("webp", image, **options)
    assert same_pixels(opened(codec.finish(data, format="webp", labels=LABELS).data), opened(data))


@pytest.mark.parametrize("options", [{}, {"progressive": True}, {"restart_marker_rows": 1}])
def test_every_kind_of_jpeg_keeps_its_pixels(codec, options):
    data = encoded("jpeg", **options)
    assert same_pixels(opened(codec.finish(data, format="jpeg", labels=LABELS).data), opened(data))


@pytest.mark.parametrize("fill", [b"\xff", b"\xff\xff"])
def test_fill_bytes_between_jpeg_segments_are_legal(codec, fill):
    data = encoded("jpeg")
    assert codec.finish(data[:20] + fill + data[20:], format="jpeg", labels=LABELS).width == 96


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(("size", "expected"), [((400, 200), (128, 64)), ((200, 400), (64, 128)), ((40, 20), (40, 20))])
def test_a_thumbnail_fits_and_is_never_enlarged(codec, kind, size, expected):
    small = opened(codec.thumbnail(encoded(kind, paint(size)), size=128))
    assert (small.format, small.size) == ("WEBP", expected)


@pytest.mark.parametrize("color", ["#ff0000", "#12a4c8", "#ffffff"])
def test_the_colour_of_a_plain_picture_is_its_colour(codec, color):
    assert codec.finish(encoded("png", Image.new("RGB", (64, 64), color)), format="png", labels={}).color == color


def test_the_dominant_colour_is_the_commonest_not_the_average(codec):
    image = Image.new("RGB", (100, 100), "#0000ff")
    image.paste("#ff0000", (0, 0, 100, 40))
    assert codec.finish(encoded("png", image), format="png", labels={}).color == "#0000ff"


def test_bytes_changed_at_random_are_a_picture_or_bad_and_never_anything_else(codec):
    import random

    dice = random.Random(11)
    seeds = [encoded("png", paint(mode="P")), encoded("jpeg", progressive=True), encoded("webp", paint(mode="RGBA"))]
    for _ in range(600):
        data = bytearray(dice.choice(seeds))
        for _ in range(dice.randint(1, 5)):
            data[dice.randrange(len(data))] = dice.choice([0, 255, dice.randrange(256)])
        try:
            finished = codec.finish(bytes(data), format=dice.choice(KINDS), labels=LABELS).data
        except BadImage:
            continue
        Image.open(io.BytesIO(finished)).load()
