"""An engine's own options, checked against the JSON Schema that it declares."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from jsonschema import Draft202012Validator
from jsonschema.exceptions import SchemaError, ValidationError

from limner.domain.errors import FieldError, PluginError
from limner.domain.wording import kind_of, listed, meant, shown


class OptionsCheck:
    """One model's options. Names that the schema does not know are refused unless it says otherwise."""

    def __init__(self, who: str, schema: Mapping[str, Any]) -> None:
        closed = {"additionalProperties": False, **schema}
        try:
            Draft202012Validator.check_schema(closed)
        except SchemaError as error:
            raise PluginError(f"The options of {who} are not a JSON Schema: {error.message}") from error
        self._who = who
        self._validator = Draft202012Validator(closed)
        self._known = tuple(schema.get("properties", {}))
        self._empty_faults = tuple(self._faults({}))

    def faults(self, options: Any) -> Sequence[FieldError]:
        """Every fault; none for what is no object at all, which is refused elsewhere."""
        if not options:
            return self._empty_faults
        return list(self._faults(options)) if isinstance(options, Mapping) else ()

    def _faults(self, options: Mapping[str, Any]) -> Iterator[FieldError]:
        for error in self._validator.iter_errors(options):
            if error.validator == "additionalProperties" and not error.absolute_path:
                yield from self._unknown(options)
            elif error.relative_schema_path[0] == "propertyNames":
                detail = f"{self._who} takes no option {shown(error.instance)}; leave it out."
                yield FieldError(_pointer((error.instance,)), "invalid_option", detail)
            else:
                yield self._told(error)

    def _unknown(self, options: Mapping[str, Any]) -> Iterator[FieldError]:
        there_are = f"{self._who} has {listed(self._known)}." if self._known else f"{self._who} has none."
        for name in options:
            if name not in self._known:
                detail = f"There is no option {shown(name)}; {there_are}{meant(name, self._known)}"
                yield FieldError(_pointer((name,)), "invalid_option", detail, {"allowed": self._known})

    def _told(self, error: ValidationError) -> FieldError:
        path = tuple(error.absolute_path)
        pointer, name = _pointer(path), ".".join(map(str, path)) or "options"
        told, limits = self._sentence(name, error)
        return FieldError(pointer, "invalid_option", told, limits)

    def _sentence(self, name: str, error: ValidationError) -> tuple[str, Mapping[str, Any]]:
        value: Any = error.instance
        limit: Any = error.validator_value
        match error.validator:
            case "enum":
                allowed = tuple(str(item) for item in limit)
                near = meant(value, allowed) if isinstance(value, str) else ""
                return f"{name} is {shown(value)}; {self._who} allows {listed(allowed)}.{near}", {"allowed": limit}
            case "type":
                return f"{name} is {kind_of(value)}; it must be {_wanted(limit)}.", {}
            case "minimum" | "maximum" as bound:
                return f"{name} is {shown(value)}; its {bound} is {limit}.", {bound: limit}
            case "maxLength" | "maxItems" as bound:
                return f"{name} is too long; {self._who} allows {limit}.", {bound: limit}
            case "required":
                missing = listed([wanted for wanted in limit if wanted not in value])
                return f"{name} lacks {missing}, which {self._who} needs.", {"required": limit}
            case _:
                rule = shown(f"{error.validator}: {limit}")
                return f"{name} is {shown(value)}; {self._who} does not take it ({rule}).", {}


def _wanted(kinds: Any) -> str:
    names = {"string": "text", "integer": "a whole number", "number": "a number", "boolean": "true or false"}
    wanted = [kinds] if isinstance(kinds, str) else list(kinds)
    return " or ".join(names.get(kind, f"an {kind}" if kind[0] in "aeio" else kind) for kind in wanted)


def _pointer(path: Sequence[str | int]) -> str:
    """RFC 6901. Names come from the caller, so what cannot be printed is escaped."""
    parts = (shown(str(part)).replace("~", "~0").replace("/", "~1") for part in path)
    return "/".join(("/options", *parts))
