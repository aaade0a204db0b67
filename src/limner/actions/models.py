"""What users may ask for, and what becomes of an ask: defaults, model and seed resolved, or every fault at once."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from limner.actions.check_options import OptionsCheck
from limner.contracts.engine import Engine
from limner.domain.capabilities import Capabilities
from limner.domain.checking import ask_faults, fit_faults
from limner.domain.errors import FieldError, InvalidRequest, SettingsError
from limner.domain.request import SEED_LIMIT, Ask, ImageRequest
from limner.domain.wording import kind_of, listed, meant, shown


@dataclass(frozen=True, slots=True)
class _Offer:
    """One model: who paints it and what it can."""

    engine: str
    part: str
    capabilities: Capabilities
    options: OptionsCheck


class Models:
    """The configured engines' models by the names that users write: `engine` or `engine/model`."""

    def __init__(self, engines: Mapping[str, Engine], *, default: str) -> None:
        self._offers = dict(_offers(engines))
        if default not in self._offers:
            raise SettingsError(f"The default model is {shown(default)}; {self._choice(default)}")
        self.default = default

    def names(self) -> tuple[str, ...]:
        return tuple(self._offers)

    def capabilities(self, model: str) -> Capabilities:
        """Raises InvalidRequest for a model that nobody paints."""
        return self._offer(model).capabilities

    def engine_of(self, model: str) -> tuple[str, str]:
        """The engine's name and the part after it ("" where there is none)."""
        offer = self._offer(model)
        return offer.engine, offer.part

    def resolve(self, ask: Ask) -> ImageRequest:
        """What will be painted. Raises InvalidRequest with every fault."""
        model = self.default if ask.model is None else ask.model
        offer = self._offers.get(model) if isinstance(model, str) else None
        faults = [*ask_faults(ask)]
        if offer is None:
            raise InvalidRequest([*faults, self._unknown(model)])
        faults += fit_faults(ask, model, offer.capabilities)
        faults += offer.options.faults(ask.options)
        if faults:
            raise InvalidRequest(faults)
        return _resolved(ask, model, offer.capabilities)

    def _offer(self, model: str) -> _Offer:
        if offer := self._offers.get(model):
            return offer
        raise InvalidRequest([self._unknown(model)])

    def _unknown(self, model: Any) -> FieldError:
        if not isinstance(model, str):
            return FieldError("/model", "wrong_type", f"model is {kind_of(model)}; it must be text.")
        detail = f"There is no model {shown(model) or '“”'}; {self._choice(model)}"
        return FieldError("/model", "unknown_model", detail, {"allowed": self.names()})

    def _choice(self, model: str) -> str:
        return f"choose from {listed(self.names())}.{meant(model, self._offers)}"


def _offers(engines: Mapping[str, Engine]) -> Iterator[tuple[str, _Offer]]:
    for name, engine in engines.items():
        capabilities = engine.capabilities
        options = OptionsCheck(name, capabilities.options)
        for part in capabilities.models or ("",):
            model = f"{name}/{part}" if part else name
            yield model, _Offer(name, part, capabilities, options)


def _resolved(ask: Ask, model: str, capabilities: Capabilities) -> ImageRequest:
    return ImageRequest(
        prompt=ask.prompt,
        model=model,
        negative_prompt=ask.negative_prompt or None,
        width=capabilities.default_width if ask.width is None else ask.width,
        height=capabilities.default_height if ask.height is None else ask.height,
        count=1 if ask.count is None else ask.count,
        seed=random.randrange(SEED_LIMIT) if ask.seed is None else ask.seed,  # noqa: S311 - no secret
        steps=ask.steps,
        guidance=ask.guidance,
        format=ask.format or capabilities.formats[0],
        options=ask.options,
    )
