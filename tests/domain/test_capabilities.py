import pytest

from limner.domain.capabilities import Capabilities

WIDE = Capabilities(min_width=64, max_width=1000, min_height=64, max_height=2000, size_multiple=16)


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
