from datetime import timedelta

from limner.actions.create_page_link import create_page_link
from limner.domain.identity import USER_SCOPES, KeyKind, Scope
from tests.repositories.making import opened


async def test_a_link_is_kept_for_a_quarter_of_an_hour(tmp_path):
    async with opened(tmp_path / "limner.db") as repository:
        made = await create_page_link("ann", repository=repository)
        (kept,) = await repository.list_keys()
    assert (kept.kind, kept.user_id, kept.scopes) == (KeyKind.LINK, "ann", USER_SCOPES)
    assert kept.expires_at - kept.created_at == timedelta(minutes=15)
    assert made.key not in repr(made)


async def test_a_link_may_open_less(tmp_path):
    async with opened(tmp_path / "limner.db") as repository:
        made = await create_page_link(scopes={Scope.JOBS_READ}, repository=repository)
    assert (made.record.user_id, made.record.scopes) == ("local", {Scope.JOBS_READ})
