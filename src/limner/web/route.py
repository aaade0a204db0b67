"""The route class that every route of Limner is made of: who may enter, what errors look like, which addresses it gives.

A host application's exception handlers and middleware are not ours to touch, so all of this lives in the route.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Coroutine
from typing import Any, ClassVar

from fastapi import Request
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from fastapi.security.base import SecurityBase
from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from limner.domain.errors import LimnerError, NotStarted
from limner.domain.identity import Principal
from limner.observers.traces import hide_query
from limner.web.access import Access, Caller, access_of
from limner.web.credentials import LINK
from limner.web.door import Door
from limner.web.errors import MethodNotAllowed, problem
from limner.web.plain import PlainParameters
from limner.web.query_faults import invalid_request

CALLER = "limner.caller"
RESPONSE = "limner.response"

NOBODY = Principal(user_id="", scopes=frozenset())


class LimnerRoute(APIRoute):
    """Subclassed by `build_router`, which gives it its door.

    A route's answer is handed over in the scope and sent when FastAPI has left: what the host's dependencies hold (a
    database session, say) is given back before a stream starts or a long poll waits.
    """

    door: ClassVar[Door]

    def __init__(self, path: str, endpoint: Callable[..., Any], **options: Any) -> None:
        self.access = access_of(endpoint)
        self.taken: frozenset[str] = frozenset(options["methods"])
        self.allowed: set[str] = set()
        """All methods of this address; `build_router` fills it in when all routes are known."""
        super().__init__(path, _without_caller(endpoint), **_secured(self.door, self.access, options))
        self._plain = None if self.dependencies else PlainParameters.of(self.endpoint, self.param_convertors)

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["method"] not in self.taken:
            await problem(MethodNotAllowed(), {"Allow": ", ".join(sorted(self.allowed))})(scope, receive, send)
            return
        plainly = self.is_plain(scope) and _nobody_asked_for_dependencies(scope)
        response = await self._respond(scope, receive, None if plainly else send)
        if response is not None:
            await response(scope, receive, send)

    def is_plain(self, scope: Scope) -> bool:
        """Whether FastAPI would find nothing to solve, but for what the routers above ask for."""
        return self._plain is not None and self._plain.fit(scope["path_params"], scope["query_string"])

    async def handle_plainly(self, scope: Scope, receive: Receive, send: Send) -> None:
        """For who knows that there is nothing to solve: the route is plain, and no router above has dependencies."""
        response = await self._respond(scope, receive, None)
        assert response is not None
        await response(scope, receive, send)

    async def _respond(self, scope: Scope, receive: Receive, send: Send | None) -> Response | None:
        """With `send`, FastAPI solves; None where the host has answered by itself."""
        request = Request(scope, receive)
        try:
            principal = await self._admit(request)
        except LimnerError as error:
            return problem(error)
        # A copy, since what stands in it, FastAPI's things too, would live as long as a stream does.
        scope = {**scope, CALLER: Caller(principal, self.door, request, self._base(scope))}
        request = Request(scope, receive)
        if send is None:
            await self._run(request)
        else:
            await super().handle(scope, receive, send)
        response: Response | None = scope.get(RESPONSE)
        return response

    async def _run(self, request: Request) -> None:
        """Without FastAPI, which takes a third of an accept's time to find nothing that it could solve."""
        assert self._plain is not None
        await self.endpoint(request, **self._plain.values(request.path_params))

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        solve_and_run = super().get_route_handler()

        async def run(request: Request) -> Response:
            try:
                return await solve_and_run(request)
            except RequestValidationError as error:
                return _handed_over(request, problem(invalid_request(error)))

        return run

    async def _admit(self, request: Request) -> Principal:
        if self.access.open:
            return NOBODY
        if not self.door.assembly.started:
            raise NotStarted
        principal = await self._identify(request)
        self.access.check(principal)
        return principal

    async def _identify(self, request: Request) -> Principal:
        if request.scope["query_string"]:
            hide_query()
            self.door.callers.refuse_query(request.scope)
            signature = request.query_params.get("signature")
            if self.access.signed is not None and signature is not None:
                subject_id = request.path_params[f"{self.access.signed}_id"]
                return await self.door.open_link(signature, self.access.signed, subject_id)
        return await self.door.callers.identify(request)

    def _base(self, scope: Scope) -> str:
        """The path in front of this route: the prefixes of all routers and mounts, and the server's root path."""
        base: str = scope["path"].rsplit("/", self.path.count("/"))[0]
        root: str = scope.get("root_path", "")
        return base if not root or f"{base}/".startswith(f"{root}/") else root.rstrip("/") + base


class _Handover(Response):
    """What FastAPI is given instead of an answer: it says nothing, and does what dependencies left to be done."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002 - ASGI
        if self.background is not None:
            await self.background()


def _handed_over(request: Request, response: Response) -> Response:
    request.scope[RESPONSE] = response
    return _Handover()


def _secured(door: Door, access: Access, options: dict[str, Any]) -> dict[str, Any]:
    """The options, with what the route requires in OpenAPI's words."""
    if access.open:
        return options
    extra = options.get("openapi_extra") or {}
    security = door.callers.security()
    if access.signed:
        security = [*security, {LINK.scheme_name: []}]
    dependencies = [depends.dependency for depends in options.get("dependencies") or ()]
    told = {scheme.scheme_name for scheme in dependencies if isinstance(scheme, SecurityBase)}
    return {**options, "openapi_extra": {**extra, "security": [one for one in security if not told >= set(one)]}}


def _nobody_asked_for_dependencies(scope: Scope) -> bool:
    """Whether no router above includes ours with dependencies of its own. FastAPI's own record, which is not public:
    where it looks different, FastAPI solves as usual.
    """
    context = scope.get("fastapi", {}).get("effective_route_context")
    return getattr(context, "dependencies", None) == []


def _without_caller(endpoint: Callable[..., Any]) -> Callable[..., Any]:
    """The endpoint as FastAPI shall see it: the caller is known already, and its errors are ours."""
    signature = inspect.signature(endpoint, eval_str=True)
    request = inspect.Parameter("request", inspect.Parameter.POSITIONAL_OR_KEYWORD, annotation=Request)
    others = [parameter for parameter in signature.parameters.values() if parameter.name != "caller"]

    @functools.wraps(endpoint)
    async def run(request: Request, **values: Any) -> Response:
        try:
            response: Response = await endpoint(request.scope[CALLER], **values)
        except HTTPException:
            raise
        except Exception as error:  # noqa: BLE001 - the outermost step of ours
            response = problem(error)
        return _handed_over(request, response)

    del run.__wrapped__  # FastAPI would look through to the endpoint
    run.__signature__ = signature.replace(parameters=[request, *others])  # type: ignore[attr-defined]
    return run
