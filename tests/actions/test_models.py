import pytest

from limner.actions.models import Models
from limner.domain.errors import InvalidRequest, SettingsError
from limner.domain.request import Ask
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
