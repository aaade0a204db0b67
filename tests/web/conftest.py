import pytest

from tests.web.house import House


@pytest.fixture
async def house(tmp_path):
    async with House(tmp_path / "home").open() as house:
        yield house


@pytest.fixture
async def served(tmp_path):
    async with House(tmp_path / "home").serve() as house:
        yield house


@pytest.fixture
async def ann(house):
    async with await house.client("ann") as client:
        yield client
