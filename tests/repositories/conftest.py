import pytest

from tests.repositories.making import NewPlaces, SetClock, opened


@pytest.fixture
def clock():
    return SetClock()


@pytest.fixture
def path(tmp_path):
    return tmp_path / "limner.db"


@pytest.fixture(params=["sqlite", "postgres"])
def place(request):
    """The URL of a database, where tests that hold for every database find theirs."""
    if request.param == "postgres":
        return request.getfixturevalue("postgres_url")
    return f"sqlite:///{request.getfixturevalue('path')}"


@pytest.fixture(params=["sqlite", "postgres"])
def new_places(request, tmp_path):
    """For tests that need many databases of one kind."""
    return NewPlaces(tmp_path, request.getfixturevalue("postgres") if request.param == "postgres" else None)


@pytest.fixture
async def repository(place, clock):
    async with opened(place, clock) as repository:
        yield repository
