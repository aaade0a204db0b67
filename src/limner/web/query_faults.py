"""What FastAPI finds wrong with a path or a query, in the codes and words that bodies get."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from fastapi.exceptions import RequestValidationError

from limner.domain.errors import FieldError, InvalidRequest
from limner.domain.wording import listed, shown

_QUOTED = re.compile(r"'([^']*)'")

WANTED = {
    "int_parsing": "a whole number",
    "int_parsing_size": "a whole number",
    "date_parsing": "a date, such as 2026-09-01",
}
"""What a text in a query should have been."""


def invalid_request(error: RequestValidationError) -> InvalidRequest:
    return InvalidRequest([_told(fault) for fault in error.errors()])


def _told(fault: Mapping[str, Any]) -> FieldError:
    name, given = str(fault["loc"][-1]), shown(fault.get("input"))
    code, rule, limits = _rule(fault)
    said = f"{name} is missing" if code == "required" else f"{name} is {given}; {rule}"
    return FieldError("/" + "/".join(str(part) for part in fault["loc"][1:]), code, f"{said}.", limits)


def _rule(fault: Mapping[str, Any]) -> tuple[str, str, Mapping[str, Any]]:
    """Code, what is allowed as half a sentence, and the limits. The types are pydantic's."""
    context = fault.get("ctx", {})
    match fault["type"]:
        case "missing":
            return "required", "", {}
        case "less_than_equal":
            return "out_of_range", f"the most is {context['le']}", {"maximum": context["le"]}
        case "greater_than_equal":
            return "out_of_range", f"the least is {context['ge']}", {"minimum": context["ge"]}
        case "enum" | "literal_error":
            allowed = _QUOTED.findall(context["expected"])
            return "not_allowed", f"choose from {listed(allowed)}", {"allowed": allowed}
        case kind if kind in WANTED:
            return "wrong_type", f"it must be {WANTED[kind]}", {}
        case _:  # of a router that includes ours
            message = str(fault["msg"])
            return "wrong_type", f"{message[:1].lower()}{message[1:]}", {}
