"""Users, keys of all kinds and every operation: what the tests of access are made of."""

import asyncio
import contextlib
import re
from datetime import timedelta

from limner.actions.revoke_key import revoke_key
from limner.domain.identity import Scope, new_id
from limner.testing.instant import checkerboard
from limner.web.server import create_app
from tests.web.house import House, paint

PUBLIC = {"limner_get_health", "limner_get_ready", "limner_receive_webhook"}
PERSONAL = {"limner_sign_in", "limner_get_session", "limner_sign_out"}
"""No scope is asked for. Signing in goes by what stands in the body, and in these tests that is always wrong."""
SIGNED = {"limner_get_image_content", "limner_get_image_thumbnail", "limner_watch_job"}
WRITES = {
    "limner_create_images",
    "limner_cancel_job",
    "limner_retry_job",
    "limner_delete_job",
    "limner_delete_image",
    "limner_restore_image",
    "limner_create_input",
    "limner_delete_input",
}
OPERATES = {"limner_get_metrics"}
USUAL = {
    "limner_create_images": 202,
    "limner_create_input": 201,
    "limner_delete_input": 204,
    "limner_delete_job": 204,
    "limner_delete_image": 204,
    "limner_cancel_job": 409,
    "limner_retry_job": 409,
    "limner_receive_webhook": 204,
    "limner_sign_in": 401,
    "limner_sign_out": 404,
}
"""What the owner of a finished job gets, with a key; the others are 200."""
CANARY = "canary of ann"
READ_ONLY = frozenset({Scope.JOBS_READ, Scope.IMAGES_READ})
BODIES = {
    "images": {"json": {"prompt": "a fox"}},
    "inputs": {"content": checkerboard(8, 8, 1), "headers": {"Content-Type": "image/png"}},
    "session": {"json": {"link": "lmn_wrong"}},
}
SILENCE = 0.3
"""Seconds after which a stream has told what it tells at once."""
IDS = ("foreign", "absent", "malformed", "odd")


def operations():
    """(operation id, method, path) of everything in the document."""
    document = create_app(House("unused").assembly).openapi()
    return [
        (operation["operationId"], method.upper(), path)
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
    ]


OPERATIONS = operations()
WITH_IDS = [operation for operation in OPERATIONS if re.search(r"{\w+_id}", operation[2])]


class Town:
    """Ann, who has pictures; Ben, who has none; and keys of all kinds."""

    async def settle(self, house):
        self.house = house
        self.keys = {name: await house.key(name) for name in ("ann", "ben")}
        self.keys["reader"] = await house.key("ann", scopes=READ_ONLY)
        self.keys["revoked"] = await house.key("ann")
        self.keys["expired"] = await house.key("ann", expires_in=timedelta(microseconds=1))
        self.keys["operator"] = await house.key("olga", scopes=frozenset({Scope.OPERATE}))
        repository, forget = house.assembly.repository, house.assembly.authenticator.forget
        self.sessions = {name: await house.session(key=self.keys[name]) for name in ("ann", "revoked")}
        self.ended = await house.session("ann")
        self.link = await house.link("ann")
        for key in (self.keys["revoked"], self.ended):
            await revoke_key(key.split("_")[1], repository=repository, forget=forget)
        self.job = await self.fresh_job()
        return self

    async def fresh_job(self):
        async with self.house.bare(Authorization=f"Bearer {self.keys['ann']}") as ann:
            return await paint_canary(ann)

    def path(self, template, kind, job=None):
        job = job or self.job
        foreign = {"job_id": job["id"], "image_id": job["images"][0]["id"], "input_id": job["input"]}
        foreign |= {"size": "256", "token": "guessed"}
        named = ("job_id", "image_id", "input_id")
        values = {
            "foreign": foreign,
            "absent": foreign | dict.fromkeys(named, new_id()),
            "malformed": foreign | dict.fromkeys(named, "x"),
            "odd": foreign | dict.fromkeys(named, "..%5C..%5Cetc%00%27%20OR%201=1"),
        }[kind]
        return template.format_map(values)

    def headers(self, stranger):
        ann = self.keys["ann"]
        known = {
            "nobody": [],
            "wrong": [("Authorization", f"Bearer {ann[:-8]}aaaaaaaa")],
            "truncated": [("Authorization", f"Bearer {ann[:20]}")],
            "revoked": [("Authorization", f"Bearer {self.keys['revoked']}")],
            "expired": [("Authorization", f"Bearer {self.keys['expired']}")],
            "basic": [("Authorization", f"Basic {ann}")],
            "twice": [("Authorization", f"Bearer {ann}"), ("Authorization", f"Bearer {ann}")],
            "in the query": [],
            "link as bearer": bearer(self.link),
            "session as bearer": bearer(self.sessions["ann"]),
            "key as cookie": cookie(ann),
            "link as cookie": cookie(self.link),
            "session that ended": cookie(self.ended),
            "session of a revoked key": cookie(self.sessions["revoked"]),
            "session on a secure connection's name": [("Cookie", f"__Host-limner={self.sessions['ann']}")],
            "session beside a wrong key": [*cookie(self.sessions["ann"]), ("Authorization", "Bearer lmn_wrong")],
        }
        return known[stranger]

    async def ask(self, method, path, headers):
        """Status and body; of a stream, what comes at once."""
        what = path.rpartition("/")[2].partition("?")[0]
        body = dict(BODIES.get(what, {})) if method == "POST" else {}
        headers = [*headers, *body.pop("headers", {}).items()]
        if what == "session":
            headers = [("Origin", self.house.url), *headers]
        async with self.house.bare() as client, client.stream(method, path, headers=headers, **body) as answer:
            if answer.headers.get("content-type", "").startswith("text/event-stream"):
                return answer.status_code, await first_frames(answer)
            await answer.aread()
            return answer.status_code, answer.text


async def paint_canary(client):
    """A finished job that was painted from an upload, whose id it tells as `input`."""
    uploaded = (await client.post("/inputs", **BODIES["inputs"])).json()["id"]
    inputs = [{"role": "image", "input": uploaded}]
    return await paint(client, CANARY, reference=CANARY, inputs=inputs) | {"input": uploaded}


async def first_frames(answer):
    parts = []
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(SILENCE):
            async for part in answer.aiter_text():
                parts.append(part)  # noqa: PERF401 - what came before the silence counts
    return "".join(parts)


@contextlib.asynccontextmanager
async def open_town(home):
    async with House(home).serve() as house:
        yield await Town().settle(house)


def bearer(key):
    return [("Authorization", f"Bearer {key}")]


def cookie(session, site="same-origin"):
    """As a browser sends it; `site` is what it says of the page that made it ask."""
    return [("Cookie", f"limner_session={session}"), ("Sec-Fetch-Site", site)]
