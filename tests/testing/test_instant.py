import subprocess
import sys

import pytest

from limner.codecs.pillow import PillowCodec
from limner.testing.instant import InstantEngine, checkerboard


@pytest.mark.parametrize("size", [(1, 1), (64, 64), (1000, 17), (2048, 2048)])
def test_a_checkerboard_is_a_png_of_its_size(size):
    picture = PillowCodec().finish(checkerboard(*size, 5), format="png", labels={})

    assert (picture.width, picture.height) == size


def test_checkerboards_differ_with_the_seed():
    seeds = [*range(2000), 2**24, 2**31, 2**32 - 1]

    assert len({checkerboard(8, 8, seed) for seed in seeds}) == len(seeds)


def test_the_size_is_the_default_of_requests():
    assert InstantEngine(size=32).capabilities.default_width == 32


def test_it_needs_neither_pytest_nor_pillow():
    program = (
        "import sys; from limner.testing import InstantEngine; print({'pytest', 'PIL', 'fastapi'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True, text=True)

    assert done.stdout.strip() == "set()"


def test_a_name_that_the_package_lacks_is_an_attribute_error():
    import limner.testing

    with pytest.raises(AttributeError, match="SlowEngine"):
        limner.testing.SlowEngine  # noqa: B018
    assert all(getattr(limner.testing, name) for name in limner.testing.__all__)
