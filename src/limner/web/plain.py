"""Requests that FastAPI would find nothing to convert or check in: they pass without it, for a third of the time."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any, Literal, Self, get_args, get_origin
from urllib.parse import parse_qsl


@dataclass(frozen=True, slots=True)
class PlainParameters:
    """What an endpoint takes: texts in the path (with the only ones allowed, where it names them), and optional query
    parameters, which are plain as long as nobody gives them.
    """

    path: Mapping[str, frozenset[str] | None]
    query: frozenset[str]

    @classmethod
    def of(cls, endpoint: Callable[..., Any], in_path: Collection[str]) -> Self | None:
        """None where the endpoint takes anything else."""
        taken = [one for name, one in inspect.signature(endpoint).parameters.items() if name != "request"]
        path = {one.name: _allowed(one.annotation) for one in taken if one.name in in_path and _is_text(one.annotation)}
        optional = [one for one in taken if one.name not in in_path and one.default is not inspect.Parameter.empty]
        query = {_name_in_query(one) for one in optional}
        return cls(path, frozenset(query)) if len(path) + len(query) == len(taken) else None

    def fit(self, path_parameters: Mapping[str, str], query_string: bytes) -> bool:
        allowed = (texts is None or path_parameters[name] in texts for name, texts in self.path.items())
        return all(allowed) and not (query_string and self.query & _names(query_string))

    def values(self, path_parameters: Mapping[str, str]) -> dict[str, str]:
        return {name: path_parameters[name] for name in self.path}


def _is_text(annotation: Any) -> bool:
    return annotation is str or get_origin(annotation) is Literal


def _allowed(annotation: Any) -> frozenset[str] | None:
    return None if annotation is str else frozenset(get_args(annotation))


def _name_in_query(parameter: inspect.Parameter) -> str:
    """FastAPI's `Query(alias=…)` stands in the annotation."""
    told = getattr(parameter.annotation, "__metadata__", ())
    return next((one.alias for one in told if getattr(one, "alias", None)), parameter.name)


def _names(query_string: bytes) -> set[str]:
    return {name for name, _ in parse_qsl(query_string.decode("latin-1"), keep_blank_values=True)}
