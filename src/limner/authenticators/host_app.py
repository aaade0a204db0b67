"""Who the host application says is asking."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any
from uuid import UUID

from limner.domain.checking import owner_fault
from limner.domain.errors import SettingsError, Unauthenticated
from limner.domain.identity import USER_SCOPES, Principal, Scope
from limner.domain.wording import listed, meant, shown

NO_ID = "Tell Limner which text names a user: limner.router(current_user=…, user_id=lambda user: str(user.id))."


def id_of(user: Any) -> Any:
    """The user itself where it is an id already, else its `id`."""
    if isinstance(user, str | int | UUID):
        return user
    try:
        return user["id"] if isinstance(user, Mapping) else user.id
    except (AttributeError, KeyError) as error:
        raise SettingsError(f"current_user gave a {type(user).__name__} without an id. {NO_ID}") from error


class HostAppAuthenticator:
    """Turns what the host's own `current_user` gave into a principal; the host has done the authentication."""

    def __init__(
        self, *, user_id: Callable[[Any], Any] = id_of, scopes: Callable[[Any], Iterable[str]] | None = None
    ) -> None:
        self._user_id = user_id
        self._scopes = scopes

    def principal_of(self, user: Any) -> Principal:
        """Raises Unauthenticated for nobody, SettingsError for ids and scopes that cannot be used."""
        name = None if user is None else self._user_id(user)
        if name is None or name is False or name == "":
            raise Unauthenticated("Sign in first.")
        if name is True or not isinstance(name, str | int | UUID):
            raise SettingsError(f"The id of a user is of type {type(name).__name__}. {NO_ID}")
        owner = str(name)
        if fault := owner_fault(owner):
            raise SettingsError(f"The id of a user {fault}. {NO_ID}")
        return Principal(user_id=owner, scopes=USER_SCOPES if self._scopes is None else _known(self._scopes(user)))

    async def holds(self, principal: Principal) -> bool:  # noqa: ARG002 - the contract's
        """Always: the host says nothing about users who left, and links expire by themselves."""
        return True


def _known(scopes: Iterable[str]) -> frozenset[Scope]:
    names = [scope.value for scope in Scope]
    given = [str(scope) for scope in scopes]
    for scope in given:
        if scope not in names:
            near = meant(scope, names)
            raise SettingsError(f"There is no scope {shown(scope)}; there are {listed(names)}.{near}")
    return frozenset(Scope(scope) for scope in given)
