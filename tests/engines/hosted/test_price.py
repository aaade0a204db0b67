import pytest

from limner.engines.hosted.price import Price
from limner.testing import paint_task

TABLE = {"default": 0.04, "gpt-image-1-mini": 0.01, "quality=high": 0.17, "quality=low": 0.005}


def price(cost, *, model="gpt-image-1", pictures=1, **options):
    return Price(cost).of(paint_task(options=options).request, model, pictures)


def test_one_price_holds_for_every_picture():
    assert price(0.04, pictures=3) == 0.12


def test_no_price_is_no_estimate():
    assert price(None) is None
    assert price({"other": 1.0}) is None


@pytest.mark.parametrize(
    ("model", "options", "expected"),
    [
        ("gpt-image-1", {}, 0.04),
        ("gpt-image-1-mini", {}, 0.01),
        ("gpt-image-1", {"quality": "low"}, 0.005),
        ("gpt-image-1-mini", {"quality": "high"}, 0.17),
    ],
)
def test_of_the_prices_that_fit_the_dearest_counts(model, options, expected):
    assert price(TABLE, model=model, **options) == expected


@pytest.mark.parametrize("cost", [-1, True, "0.04", float("nan"), float("inf"), {"default": None}])
def test_what_is_no_price_is_refused(cost):
    with pytest.raises(ValueError, match="it must be a number from 0 up"):
        Price(cost)


def test_free_is_what_the_operator_says_costs_nothing():
    assert [Price(cost).free for cost in (0, 0.0, {"default": 0}, None, 0.01, {"a": 0, "b": 1})] == [True] * 3 + [
        False
    ] * 3
