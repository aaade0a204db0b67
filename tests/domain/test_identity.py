import uuid

import pytest

from limner.domain.identity import Principal, Scope, is_id, new_id


def test_an_id_is_a_version_7_uuid():
    made = uuid.UUID(new_id())
    assert (made.version, made.variant) == (7, uuid.RFC_4122)


def test_ids_sort_by_the_millisecond_they_were_made_in():
    made = [new_id() for _ in range(1000)]
    assert sorted(one[:13] for one in made) == [one[:13] for one in made]
    assert len(set(made)) == 1000


@pytest.mark.parametrize("text", ["", "x", "1", new_id().upper(), new_id() + "\n", str(uuid.uuid4()), "../" + new_id()])
def test_anything_else_is_not_an_id(text):
    assert not is_id(text)


def test_a_new_id_is_an_id():
    assert is_id(new_id())


def test_a_principal_may_do_what_its_scopes_say():
    reader = Principal(user_id="1", scopes=frozenset({Scope.JOBS_READ}))
    assert reader.may(Scope.JOBS_READ)
    assert not reader.may(Scope.JOBS_WRITE)
