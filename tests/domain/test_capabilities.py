import pytest

from limner.domain.capabilities import Capabilities

WIDE = Capabilities(min_width=64, max_width=1000, min_height=64, max_height=2000, size_multiple=16)
PAIRS = Capabilities(sizes=((1024, 1024), (1536, 1024), (1024, 1536)))


@pytest.mark.parametrize(
    ("size", "painted"),
    [
        ((512, 256), (512, 256)),
        ((500, 250), (496, 240)),
        ((4000, 2000), (992, 496)),
        ((4000, 40), (992, 64)),
        ((30, 30), (64, 64)),
        ((100, 50), (128, 64)),
        ((1, 16_000), (64, 2000)),
    ],
)
def test_a_size_like_a_pictures_is_one_that_may_be_asked_for(size, painted):
    assert WIDE.size_like(*size) == painted


def test_a_model_takes_what_its_engine_takes_but_for_what_differs():
    can = Capabilities(models=("large", "small"), max_count=4, variants={"small": {"max_count": 1}})
    assert (can.of("large").max_count, can.of("small").max_count, can.of("").max_count) == (4, 1, 4)
    assert can.of("small").models == can.models


def test_open_sides_are_filled_so_that_the_size_is_one_that_is_painted():
    assert PAIRS.size(None, None) == (1024, 1024)
    assert PAIRS.size(1536, None) == (1536, 1024)
    assert PAIRS.size(None, 1536) == (1024, 1536)
    assert PAIRS.size(7, None) == (7, 1024)


def test_which_sizes_are_painted():
    can = Capabilities(max_width=3840, size_multiple=16, max_ratio=2.0, max_pixels=2_000_000)
    assert can.paints(1024, 512)
    assert not any(can.paints(*size) for size in ((1040, 512), (1030, 1024), (3840, 2048), (2048, 1024), (32, 32)))
    assert PAIRS.paints(1536, 1024)
    assert not PAIRS.paints(1536, 1536)


def test_a_size_like_a_pictures_keeps_to_the_sizes_the_pixels_and_the_ratio_that_there_are():
    assert PAIRS.size_like(3000, 2000) == (1536, 1024)
    assert PAIRS.size_like(500, 510) == (1024, 1024)
    limited = Capabilities(max_width=4096, max_height=4096, max_pixels=1_000_000, max_ratio=2.0)
    assert limited.size_like(2000, 2000) == (1000, 1000)
    assert limited.size_like(3000, 100) == (1024, 1024)
