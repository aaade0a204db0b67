"""One request to a stand-in for a service, and what it answers."""

from __future__ import annotations

import email.policy
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from email.parser import BytesParser
from typing import Any, Self


@dataclass(frozen=True, slots=True)
class Asked:
    """A request. `purpose` is call, status, result, cancel, picture or health; `deed` is what goes wrong with it."""

    purpose: str
    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes
    deed: str = ""

    @property
    def document(self) -> Any:
        return json.loads(self.body)

    @property
    def form(self) -> dict[str, list[bytes]]:
        """The fields of multipart/form-data; a field that comes twice has two values."""
        head = f"Content-Type: {self.headers['content-type']}\r\n\r\n".encode()
        fields: dict[str, list[bytes]] = {}
        for part in BytesParser(policy=email.policy.HTTP).parsebytes(head + self.body).iter_parts():
            name = str(part.get_param("name", header="content-disposition"))
            content = part.get_payload(decode=True)
            fields.setdefault(name, []).append(content if isinstance(content, bytes) else b"")
        return fields


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer."""

    body: bytes = b""
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def json(cls, document: Any, status: int = 200, **headers: str) -> Self:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return cls(json.dumps(document).encode(), status, {"content-type": "application/json", **named})
