import asyncio

import pytest

from limner.domain.errors import DatabaseError, Transient
from limner.repositories.sql.moving import move_rows
from tests.repositories.making import execute, opened, submitted, trouble


async def test_a_row_that_postgres_does_not_take_is_named_and_the_file_stays(tmp_path, postgres):
    """Older editions let engines write what they wanted."""
    path = tmp_path / "limner.db"
    async with opened(path) as repository:
        await submitted(repository)
        await trouble(repository, "painter", Transient("away"))
    execute(f"sqlite:///{path}", "UPDATE limner_engine_state SET detail = 'a' || char(0) || 'b'")
    target = postgres.new_database(empty=True)
    with pytest.raises(DatabaseError, match=r"a row of limner_engine_state holds: .*NUL"):
        await asyncio.to_thread(move_rows, f"sqlite:///{path}", target)
    assert path.exists()
