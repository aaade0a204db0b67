"""Where the services that paint for us say that there is news. Whoever calls is believed nothing, and told nothing."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.responses import Response

from limner.contracts.engine import Delivery
from limner.web import operation
from limner.web.access import Anybody
from limner.web.asking import read_body
from limner.web.errors import TooLarge
from limner.web.operation import add, answer


async def receive_webhook(caller: Anybody, token: str) -> Response:
    """A service says that there is news of a call: Limner asks it. The answer is the same to everybody."""
    webhooks, request = caller.assembly.webhooks, caller.request
    if webhooks.expects(token):
        try:
            body = await read_body(request)
        except TooLarge:
            return Response(None, 204)
        await webhooks.hear(token, Delivery(headers=dict(request.headers), body=body))
    return Response(None, 204)


def add_webhook_routes(router: APIRouter) -> None:
    """Where services can reach us."""
    add(
        router,
        "POST",
        "/webhooks/{token}",
        receive_webhook,
        tag="webhooks",
        answers={204: answer("Received, whatever it was.")},
        always=operation.OURS[-1:],
    )
