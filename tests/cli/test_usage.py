import asyncio
from datetime import UTC, datetime

import pytest

from limner.domain.errors import OutOfMoney
from limner.library import Limner

SHOP = """
model = "instant"
[engines.instant]
[engines.paid]
kind = "ledger"
ledger = "{folder}/paid"
[models.picture]
route = ["paid", "instant"]
"""


@pytest.fixture
def shop(folder):
    """A paid engine beside the instant one, and a model that both may paint."""
    (folder / "limner.toml").write_text(SHOP.format(folder=folder))
    return folder


def test_usage_is_a_table_with_its_total(limner, shop):
    limner("paint", "a fox")
    limner("paint", "a fox", "--model", "paid", "--count", "2")
    today = datetime.now(UTC).date().isoformat()
    code, out, _ = limner("usage")
    head, *rows = [line.split() for line in out.splitlines()]
    assert (code, head) == (0, ["DAY", "ENGINE", "PICTURES", "CALLS", "UNKNOWN", "UNUSABLE", "COST"])
    assert rows == [
        [today, "instant", "1", "0", "0", "0", "0.00"],
        [today, "paid", "2", "2", "0", "0", "0.08"],
        ["in", "all", "3", "2", "0", "0", "0.08"],
    ]


def test_a_span_without_any_says_so(limner, shop):
    assert limner("usage", "--from", "2026-01-01", "--to", "2026-01-31")[1] == (
        "Nothing from 2026-01-01 to 2026-01-31.\n"
    )


def test_somebody_elses_usage_is_his(ask, shop):
    ask("paint", "a fox")
    assert ask("usage", "--user", "ben")["items"] == []
    assert ask("usage")["total"]["pictures"] == 1


def test_a_wrong_day_is_a_usage_error(limner, shop):
    assert limner("usage", "--from", "yesterday")[0] == 2


def test_models_say_who_paints_them(limner, shop):
    assert "  Painted by paid, else instant\n" in limner("models")[1]


def test_an_account_at_fault_is_told_by_models_and_by_the_doctor(limner, shop):
    async def find_out():
        async with Limner(work=False) as inside:
            note = inside._assembly.repository.note_trouble
            await note("paid", OutOfMoney("It is empty."), probe=False, policy=inside._assembly.policy)

    asyncio.run(find_out())
    assert "It cannot paint now: It is empty. It is asked again at 20" in limner("models")[1]
    code, out, _ = limner("doctor")
    assert code == 1
    assert "✗ engine paid It is empty. It is asked again at " in out
    assert "See to the account at the service; jobs wait for it." in out
