"""What users may ask for, and what becomes of an ask: defaults, model and seed resolved, or every fault at once."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from limner.actions.check_options import OptionsCheck
from limner.contracts.engine import Engine
from limner.domain.budget import Budgets
from limner.domain.capabilities import Capabilities
from limner.domain.checking import ask_faults, fit_faults
from limner.domain.checking_inputs import references_of
from limner.domain.errors import FieldError, InvalidRequest, SettingsError
from limner.domain.intersection import intersection
from limner.domain.request import SEED_LIMIT, Ask, ImageRequest
from limner.domain.route import OnRefusal, Route, engine_of
from limner.domain.wording import kind_of, listed, meant, shown


@dataclass(frozen=True, slots=True, kw_only=True)
class _Offer:
    """One model: which engines' models paint it, in order, and what it can."""

    route: tuple[str, ...]
    capabilities: Capabilities
    checks: tuple[OptionsCheck, ...]
    on_refusal: OnRefusal = "fail"

    def option_faults(self, options: Any) -> list[FieldError]:
        """What any of the engines would not take."""
        return [fault for check in self.checks for fault in check.faults(options)]


class Models:
    """What can be asked for, by the names that users write: the engines' models, `engine` or `engine/model`, and those
    that settings make of several of them.
    """

    def __init__(
        self, engines: Mapping[str, Engine], *, default: str, routes: Mapping[str, Route] | None = None
    ) -> None:
        self._engines = engines
        self._offers = dict(_offers(engines))
        self._offers |= {name: self._routed(name, route) for name, route in (routes or {}).items()}
        if default not in self._offers:
            raise SettingsError(f"The default model is {shown(default)}; {self._choice(default)}")
        self.default = default

    def names(self) -> tuple[str, ...]:
        return tuple(self._offers)

    def capabilities(self, model: str) -> Capabilities:
        """Raises InvalidRequest for a model that nobody paints."""
        return self._offer(model).capabilities

    def route_of(self, model: str) -> tuple[str, ...]:
        """The engines' models that may paint it, in order."""
        return self._offer(model).route

    def on_refusal(self, model: str) -> OnRefusal:
        """Whether the next of its route is asked what one refused; a model that is gone has no route."""
        offer = self._offers.get(model)
        return offer.on_refusal if offer else "fail"

    def costs(self, request: ImageRequest) -> tuple[float, ...]:
        """What each of its route expects to take for it; () where nothing costs."""
        offer = self._offer(request.model)
        return tuple(self._cost(model, request) for model in offer.route) if offer.capabilities.charges else ()

    def check_budgets(self, budgets: Budgets) -> None:
        """Raises SettingsError where a budget could not be kept."""
        for engine in budgets.engines - self._engines.keys():
            raise SettingsError(f"[budgets] names {engine}, which is no engine.{meant(engine, self._engines)}")
        for model, offer in self._offers.items():
            engine = engine_of(model)
            if offer.route == (model,) and offer.capabilities.charges and budgets.binds(engine):
                self._check_price(engine, model, offer)

    def _check_price(self, engine: str, model: str, offer: _Offer) -> None:
        request = _resolved(Ask(prompt="a fox", seed=0), model, offer.capabilities)
        if self._engines[engine].estimate(request, model.partition("/")[2]) is None:
            remedy = f"say its price in [engines.{engine}], or take it out of [budgets]"
            raise SettingsError(f"[budgets] cannot be kept: nobody has said what a picture of {model} costs; {remedy}.")

    def resolve(self, ask: Ask) -> ImageRequest:
        """What will be painted. Raises InvalidRequest with every fault."""
        model = self.default if ask.model is None else ask.model
        offer = self._offers.get(model) if isinstance(model, str) else None
        faults = [*ask_faults(ask)]
        if offer is None:
            raise InvalidRequest([*faults, self._unknown(model)])
        faults += fit_faults(ask, model, offer.capabilities)
        faults += offer.option_faults(ask.options)
        if faults:
            raise InvalidRequest(faults)
        return _resolved(ask, model, offer.capabilities)

    def _offer(self, model: str) -> _Offer:
        if offer := self._offers.get(model):
            return offer
        raise InvalidRequest([self._unknown(model)])

    def _cost(self, model: str, request: ImageRequest) -> float:
        engine, _, part = model.partition("/")
        return self._engines[engine].estimate(request, part) or 0.0

    def _routed(self, name: str, route: Route) -> _Offer:
        if name in {engine_of(model) for model in self._offers}:
            raise SettingsError(f"[models.{name}] has the name of an engine; choose another one.")
        if not route.models:
            raise SettingsError(f"[models.{name}] route is empty; name the models that paint it, in order.")
        for model in route.models:
            if model not in self._offers:
                raise SettingsError(f"[models.{name}] route: there is no model {shown(model)}; {self._choice(model)}")
        if len({*route.models}) < len(route.models):
            raise SettingsError(f"[models.{name}] route names a model twice.")
        return _shared(name, route, [self._offers[model] for model in route.models])

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
        for part in capabilities.models or ("",):
            model = f"{name}/{part}" if part else name
            can = capabilities.of(part)
            yield model, _Offer(route=(model,), capabilities=can, checks=(OptionsCheck(model, can.options),))


def _shared(name: str, route: Route, offers: Sequence[_Offer]) -> _Offer:
    """What all of a route can."""
    try:
        capabilities = intersection([offer.capabilities for offer in offers])
    except ValueError as error:
        raise SettingsError(f"[models.{name}] route: no request fits all of {listed(route.models)}: {error}.") from None
    return _Offer(
        route=route.models,
        capabilities=replace(capabilities, description=f"The first of {listed(route.models)} that can paint now."),
        checks=tuple(check for offer in offers for check in offer.checks),
        on_refusal=route.on_refusal,
    )


def _resolved(ask: Ask, model: str, capabilities: Capabilities) -> ImageRequest:
    width, height = capabilities.size(ask.width, ask.height)
    return ImageRequest(
        prompt=ask.prompt,
        model=model,
        negative_prompt=ask.negative_prompt or None,
        width=width,
        height=height,
        count=1 if ask.count is None else ask.count,
        seed=random.randrange(SEED_LIMIT) if ask.seed is None else ask.seed,  # noqa: S311 - no secret
        seeded=capabilities.seeds,
        steps=ask.steps,
        guidance=ask.guidance,
        inputs=references_of(ask.inputs),
        strength=ask.strength,
        format=ask.format or capabilities.formats[0],
        options=ask.options,
    )
