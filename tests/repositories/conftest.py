import pytest

from tests.repositories.making import SetClock, opened


@pytest.fixture
def clock():
    return SetClock()


@pytest.fixture
def path(tmp_path):
    return tmp_path / "limner.db"


@pytest.fixture(params=["sqlite"])
async def repository(request, path, clock):
    """Another database joins as another parameter."""
    async with opened(path, clock) as repository:
        yield repository
