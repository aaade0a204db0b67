from types import SimpleNamespace
from uuid import UUID

import pytest

from limner.authenticators.host_app import HostAppAuthenticator
from limner.domain.errors import SettingsError, Unauthenticated
from limner.domain.identity import USER_SCOPES, Principal, Scope

UUID_TEXT = "0199c2a4-7d1e-7c3a-9f0e-2b8c5a6d1e40"


@pytest.mark.parametrize(
    ("user", "owner"),
    [
        (SimpleNamespace(id=42), "42"),
        (SimpleNamespace(id=UUID(UUID_TEXT)), UUID_TEXT),
        ({"id": "ann"}, "ann"),
        ("ann", "ann"),
        (42, "42"),
        (0, "0"),
    ],
)
def test_a_users_id_becomes_the_owner(user, owner):
    assert HostAppAuthenticator().principal_of(user) == Principal(user_id=owner, scopes=USER_SCOPES)


def test_the_host_may_say_which_text_names_a_user():
    authenticator = HostAppAuthenticator(user_id=lambda user: user.email)
    assert authenticator.principal_of(SimpleNamespace(email="a@example.org")).user_id == "a@example.org"


@pytest.mark.parametrize("user", [None, False, SimpleNamespace(id=None), SimpleNamespace(id=False), {"id": ""}, ""])
def test_nobody_is_not_authenticated(user):
    with pytest.raises(Unauthenticated, match="Sign in first"):
        HostAppAuthenticator().principal_of(user)


@pytest.mark.parametrize(
    ("user", "words"),
    [
        (SimpleNamespace(name="ann"), "without an id"),
        ({"name": "ann"}, "without an id"),
        ("x" * 129, "has 129 characters; the limit is 128"),
        ("a\nb", "control character"),
        (True, "is of type bool"),
        (SimpleNamespace(id=True), "is of type bool"),
        (SimpleNamespace(id=4.2), "is of type float"),
        (SimpleNamespace(id=object()), "is of type object"),
    ],
)
def test_ids_that_cannot_be_kept_are_the_hosts_to_mend(user, words):
    with pytest.raises(SettingsError, match=words) as fault:
        HostAppAuthenticator().principal_of(user)
    assert "user_id=lambda user" in fault.value.detail


def test_the_host_may_say_what_a_user_may_do():
    authenticator = HostAppAuthenticator(scopes=lambda user: ["jobs:read", Scope.IMAGES_READ])
    assert authenticator.principal_of("ann").scopes == {Scope.JOBS_READ, Scope.IMAGES_READ}


def test_a_scope_that_is_none_is_told_the_nearest():
    with pytest.raises(SettingsError, match=r"no scope job:read.*Did you mean jobs:read"):
        HostAppAuthenticator(scopes=lambda user: ["job:read"]).principal_of("ann")


async def test_the_hosts_users_hold():
    authenticator = HostAppAuthenticator()
    assert await authenticator.holds(authenticator.principal_of("ann"))
