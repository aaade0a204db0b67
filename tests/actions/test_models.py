import pytest

from limner.actions.models import Models
from limner.domain.budget import Allowance, Budgets
from limner.domain.errors import InvalidRequest, SettingsError
from limner.domain.request import Ask
from limner.domain.route import Route
from tests.actions.asking import Easel

MODELS = Models(
    {"painter": Easel(), "openai": Easel(models=("gpt-image-1", "dall-e-3"), formats=("webp",))}, default="painter"
)


def faults_of(**ask):
    with pytest.raises(InvalidRequest) as refused:
        MODELS.resolve(Ask(**({"prompt": "a fox"} | ask)))
    return refused.value.errors


def test_what_was_left_open_is_resolved():
    request = MODELS.resolve(Ask(prompt="a fox"))
    assert (request.model, request.width, request.height, request.count, request.format) == (
        "painter", 768, 512, 1, "png",
    )  # fmt: skip
    assert (request.steps, request.guidance, request.negative_prompt) == (None, None, None)


def test_what_was_asked_is_kept():
    ask = Ask(
        prompt="a fox", model="painter", width=64, height=65, count=2, seed=0, format="webp", options={"style": "oil"}
    )
    request = MODELS.resolve(ask)
    assert (request.width, request.height, request.count, request.seed, request.format) == (64, 65, 2, 0, "webp")
    assert request.options == {"style": "oil"}


def test_seeds_are_drawn_at_random():
    seeds = {MODELS.resolve(Ask(prompt="a fox")).seed for _ in range(50)}
    assert len(seeds) > 45
    assert all(0 <= seed < 2**32 for seed in seeds)


def test_an_engines_models_are_named_after_it():
    assert MODELS.names() == ("painter", "openai/gpt-image-1", "openai/dall-e-3")
    assert MODELS.route_of("openai/dall-e-3") == ("openai/dall-e-3",)
    request = MODELS.resolve(Ask(prompt="a fox", model="openai/dall-e-3"))
    assert (request.model, request.format) == ("openai/dall-e-3", "webp")


def test_an_unknown_model_is_told_the_nearest_and_all():
    (fault,) = faults_of(model="paintr")
    assert (fault.pointer, fault.code, fault.limits) == ("/model", "unknown_model", {"allowed": MODELS.names()})
    assert fault.detail == (
        "There is no model paintr; choose from painter, openai/gpt-image-1, openai/dall-e-3. Did you mean painter?"
    )


@pytest.mark.parametrize("model", ["", "openai", "\ud800", "x" * 9999, 7, ["painter"]])
def test_whatever_is_no_model_is_refused_printably(model):
    (fault,) = faults_of(model=model)
    assert fault.pointer == "/model"
    assert fault.detail.isprintable()


def test_faults_of_the_ask_and_of_the_model_come_together():
    assert {fault.pointer for fault in faults_of(model="nobody", prompt="", seed=-1)} == {"/model", "/prompt", "/seed"}


def test_faults_of_options_come_with_the_others():
    assert {fault.pointer for fault in faults_of(width=1, options={"style": "cubist"})} == {"/width", "/options/style"}


def test_a_default_that_nobody_paints_is_refused_with_the_nearest():
    with pytest.raises(SettingsError, match="The default model is paintr; choose from painter"):
        Models({"painter": Easel()}, default="paintr")


SHOP = {
    "openai": Easel(models=("gpt-image-1",), charges=True, max_count=2, formats=("webp", "png")),
    "deepai": Easel(charges=True, seeds=False, options={"type": "object", "properties": {"style": {"enum": ["ink"]}}}),
    "painter": Easel(),
}


def routed(*models, **facts):
    routes = {"picture": Route(models=models or ("openai/gpt-image-1", "deepai", "painter"), **facts)}
    return Models(SHOP, default="picture", routes=routes)


def test_a_model_of_several_engines_can_what_they_all_can():
    models = routed()
    can = models.capabilities("picture")
    assert (can.max_count, can.formats, can.seeds, can.charges) == (2, ("webp", "png"), False, True)
    assert can.description == "The first of openai/gpt-image-1, deepai, painter that can paint now."
    request = models.resolve(Ask(prompt="a fox", options={"style": "ink"}))
    assert (request.model, models.route_of("picture")) == ("picture", ("openai/gpt-image-1", "deepai", "painter"))


def test_a_request_is_held_to_each_engine_of_the_route():
    with pytest.raises(InvalidRequest) as refused:
        routed().resolve(Ask(prompt="a fox", seed=1, count=3, options={"style": "oil"}))
    assert [error.pointer for error in refused.value.errors] == ["/count", "/seed", "/options/style"]


@pytest.mark.parametrize(
    ("name", "models", "why"),
    [
        ("picture", ("openai/gpt-image-2",), "there is no model openai/gpt-image-2.*Did you mean openai/gpt-image-1"),
        ("picture", ("deepai", "deepai"), "names a model twice"),
        ("picture", (), "route is empty"),
        ("picture", ("picture",), "there is no model picture"),
        ("openai", ("deepai",), "has the name of an engine"),
    ],
)
def test_a_route_that_cannot_be_is_refused_by_name(name, models, why):
    with pytest.raises(SettingsError, match=why) as refused:
        Models(SHOP, default="painter", routes={name: Route(models=models)})
    assert str(refused.value).startswith(f"[models.{name}]")


def test_engines_that_no_request_fits_share_no_route():
    engines = SHOP | {"tiny": Easel(max_width=100, default_width=100), "huge": Easel(min_width=1000)}
    with pytest.raises(SettingsError, match="no request fits all of tiny, huge: they have no width in common"):
        Models(engines, default="painter", routes={"picture": Route(models=("tiny", "huge"))})


class Priced(Easel):
    def __init__(self, price, **capabilities):
        super().__init__(charges=True, **capabilities)
        self._price = price

    def estimate(self, request, model):
        return None if self._price is None else self._price * request.count


def test_what_each_engine_of_a_route_takes_is_known_before():
    engines = {"dear": Priced(0.5), "cheap": Priced(0.1), "painter": Easel()}
    models = Models(engines, default="painter", routes={"picture": Route(models=("dear", "cheap", "painter"))})
    request = models.resolve(Ask(prompt="a fox", model="picture", count=2))
    assert models.costs(request) == (1.0, 0.2, 0.0)
    assert models.costs(models.resolve(Ask(prompt="a fox"))) == ()


@pytest.mark.parametrize(
    ("budgets", "why"),
    [
        (Budgets(per_engine={"openia": Allowance(day=1)}), "names openia, which is no engine. Did you mean openai"),
        (Budgets(per_owner=Allowance(day=1)), "nobody has said what a picture of openai costs"),
        (Budgets(per_owner_and_engine={"openai": Allowance(month=1)}), "say its price in .engines.openai."),
    ],
)
def test_a_budget_that_could_not_be_kept_is_refused(budgets, why):
    models = Models({"openai": Priced(None), "deepai": Priced(0.1)}, default="openai")
    with pytest.raises(SettingsError, match=why):
        models.check_budgets(budgets)


def test_a_budget_binds_only_what_costs():
    models = Models({"openai": Priced(None), "deepai": Priced(0.1), "painter": Easel()}, default="openai")
    models.check_budgets(Budgets(per_engine={"deepai": Allowance(day=1), "painter": Allowance(day=0)}))


def test_each_model_of_an_engine_is_checked_for_itself():
    variants = {"small": {"sizes": ((256, 256),), "options": {"type": "object", "properties": {}}}}
    models = Models({"openai": Easel(models=("large", "small"), variants=variants)}, default="openai/large")
    assert models.resolve(Ask(prompt="a fox", options={"style": "oil"})).width == 768
    with pytest.raises(InvalidRequest) as refused:
        models.resolve(Ask(prompt="a fox", model="openai/small", width=512, options={"style": "oil"}))
    assert {fault.pointer for fault in refused.value.errors} == {"/width", "/options/style"}
    request = models.resolve(Ask(prompt="a fox", model="openai/small"))
    assert (request.width, request.height) == (256, 256)
