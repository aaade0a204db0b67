import pytest
from PIL import Image, ImageCms

from limner.codecs.pillow import PillowCodec
from limner.domain.errors import BadImage
from tests.codecs.pictures import CANARY, encoded, enormous_png, opened, paint, with_foreign_metadata

CODEC = PillowCodec()
MOST = 1_000_000
KINDS = ("png", "jpeg", "webp")


def turned(kind, orientation, **options):
    """A picture of 96 × 64 as a camera keeps it that was held another way."""
    exif = Image.Exif()
    exif[0x0112] = orientation
    return encoded(kind, exif=exif, **options)


def accept(data, most=MOST):
    return CODEC.accept(data, max_pixels=most)


@pytest.mark.parametrize("kind", KINDS)
def test_an_upload_keeps_its_pixels_and_its_format(kind):
    data = encoded(kind)
    picture = accept(data)
    assert (picture.format, picture.width, picture.height) == (kind, 96, 64)
    assert opened(picture.data).tobytes() == opened(data).tobytes()


@pytest.mark.parametrize("kind", KINDS)
def test_nothing_that_it_says_of_itself_is_kept(kind):
    assert CANARY.encode() not in accept(with_foreign_metadata(kind)).data


@pytest.mark.parametrize("kind", KINDS)
def test_where_it_was_taken_is_not_kept(kind):
    exif = Image.Exif()
    exif.get_ifd(0x8825)[1] = "N"
    assert not opened(accept(encoded(kind, exif=exif)).data).getexif()


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(("orientation", "size"), [(1, (96, 64)), (3, (96, 64)), (6, (64, 96)), (8, (64, 96))])
def test_it_stands_upright(kind, orientation, size):
    picture = accept(turned(kind, orientation))
    assert (picture.width, picture.height) == size == opened(picture.data).size
    assert not opened(picture.data).getexif()


@pytest.mark.parametrize("orientation", range(1, 9))
def test_upright_is_what_viewers_make_of_it(orientation):
    from PIL import ImageOps

    data = turned("png", orientation)
    assert opened(accept(data).data).tobytes() == ImageOps.exif_transpose(opened(data)).convert("RGB").tobytes()


def test_a_turned_picture_keeps_its_colours_profile():
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    assert opened(accept(turned("jpeg", 6, icc_profile=profile)).data).info["icc_profile"] == profile


def test_a_broken_note_of_how_it_was_held_is_as_good_as_none():
    data = encoded("jpeg", exif=b"Exif\0\0II*\0\xff\xff\xff\xff")
    assert (accept(data).width, accept(data).height) == (96, 64)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"GIF89a",
        b"<svg xmlns='http://www.w3.org/2000/svg'/>",
        encoded("png")[:-20],
        encoded("jpeg")[:-200],
        encoded("webp")[:-20],
        encoded("png", save_all=True, append_images=[paint().rotate(90)]),
        encoded("webp", save_all=True, append_images=[paint().rotate(90)]),
        enormous_png(),
    ],
    ids=["nothing", "gif", "svg", "cut png", "cut jpeg", "cut webp", "moving png", "moving webp", "bomb"],
)
def test_what_is_no_single_whole_picture_is_refused(data):
    with pytest.raises(BadImage):
        accept(data)


def test_the_cap_is_the_callers():
    data = encoded("png")
    assert accept(data, most=96 * 64).width == 96
    with pytest.raises(BadImage, match="6,143 are allowed") as raised:
        accept(data, most=96 * 64 - 1)
    assert raised.value.facts == {"maximum": 96 * 64 - 1}


HALVES = Image.new("L", (2, 1))
HALVES.putpixel((1, 0), 255)
"""Black, which stays, and white, which is painted anew."""


def with_alpha(kept=255, marked=0):
    mask = Image.new("RGBA", (2, 1), "white")
    mask.putalpha(Image.frombytes("L", (2, 1), bytes([kept, marked])))
    return mask


@pytest.mark.parametrize("mask", [HALVES, HALVES.convert("RGB"), with_alpha()], ids=["grey", "colour", "transparent"])
@pytest.mark.parametrize("kind", ["png", "webp"])
def test_a_mask_marks_as_the_engine_takes_it(mask, kind):
    data = encoded("png", mask)
    white = opened(CODEC.mask(data, format="png", transparent=False)).convert("L")
    assert white.tobytes() == bytes([0, 255])
    transparent = opened(CODEC.mask(data, format=kind, transparent=True))
    assert transparent.getchannel("A").tobytes() == bytes([255, 0])


def test_an_opaque_mask_with_an_alpha_channel_marks_by_white():
    mask = HALVES.convert("RGBA")
    assert opened(CODEC.mask(encoded("png", mask), format="png", transparent=False)).tobytes() == bytes([0, 255])


def test_a_soft_mask_stays_soft():
    mask = opened(CODEC.mask(encoded("png", with_alpha(marked=100)), format="png", transparent=False))
    assert mask.tobytes() == bytes([0, 155])
