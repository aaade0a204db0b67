import os
import uuid
from concurrent.futures import ThreadPoolExecutor

import pytest

from limner.domain.identity import Principal, Scope, is_id, new_id


def test_an_id_is_a_version_7_uuid():
    made = uuid.UUID(new_id())
    assert (made.version, made.variant) == (7, uuid.RFC_4122)


def test_ids_sort_by_the_millisecond_they_were_made_in():
    made = [new_id() for _ in range(1000)]
    assert sorted(one[:13] for one in made) == [one[:13] for one in made]
    assert len(set(made)) == 1000


@pytest.mark.parametrize(
    "text",
    ["", "x", "1", new_id().upper(), new_id() + "\n", str(uuid.uuid4()), "../" + new_id()],
    ids=["nothing", "a letter", "a number", "capitals", "a line", "version 4", "a path"],
)
def test_anything_else_is_not_an_id(text):
    assert not is_id(text)


def test_a_new_id_is_an_id():
    assert is_id(new_id())


def test_a_principal_may_do_what_its_scopes_say():
    reader = Principal(user_id="1", scopes=frozenset({Scope.JOBS_READ}))
    assert reader.may(Scope.JOBS_READ)
    assert not reader.may(Scope.JOBS_WRITE)


def test_a_forked_process_makes_other_ids():
    new_id()
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        os.write(writer, new_id().encode())
        os._exit(0)
    os.waitpid(child, 0)
    assert os.read(reader, 36).decode()[19:] != new_id()[19:]


def test_ids_made_by_many_threads_differ():
    with ThreadPoolExecutor(8) as threads:
        made = [*threads.map(lambda _: new_id(), range(5000))]
    assert len(set(made)) == 5000
