import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from limner.actions.check_options import OptionsCheck
from limner.domain.capabilities import Capabilities
from limner.domain.checking import fit_faults
from limner.domain.input import InputLimits
from limner.domain.intersection import intersection
from limner.domain.request import Ask

sizes = st.integers(64, 400)
bounds = st.one_of(st.none(), st.tuples(st.integers(1, 20), st.integers(20, 50)))
machines = st.builds(
    Capabilities,
    min_width=st.integers(1, 100),
    max_width=sizes,
    min_height=st.integers(1, 100),
    max_height=sizes,
    size_multiple=st.sampled_from([1, 8, 12, 64]),
    default_width=sizes,
    default_height=sizes,
    sizes=st.sampled_from([(), ((128, 128), (192, 128)), ((64, 64), (192, 128), (128, 192))]),
    max_ratio=st.none() | st.just(1.5),
    max_pixels=st.none() | st.just(30_000),
    max_count=st.integers(1, 4),
    formats=st.sampled_from([("png",), ("png", "webp"), ("webp", "png", "jpeg")]),
    max_prompt=st.integers(5, 20),
    negative_prompt=st.booleans(),
    seeds=st.booleans(),
    steps=bounds,
    guidance=bounds,
    inputs=st.fixed_dictionaries({}, optional={role: st.just(InputLimits(max_count=2)) for role in ("image", "mask")}),
    strength=st.none() | st.just((0.0, 1.0)),
)
asks = st.builds(
    Ask,
    prompt=st.text("abc", min_size=1, max_size=25),
    width=st.none() | sizes,
    height=st.none() | sizes,
    count=st.none() | st.integers(1, 5),
    seed=st.none() | st.just(7),
    negative_prompt=st.none() | st.just("fog"),
    steps=st.none() | st.integers(1, 50),
    guidance=st.none() | st.integers(1, 50),
    inputs=st.lists(st.sampled_from([{"role": role, "input": "a"} for role in ("image", "mask")]), max_size=3),
    strength=st.none() | st.just(0.5),
    format=st.none() | st.sampled_from(["png", "webp", "jpeg"]),
)


@given(st.lists(machines, min_size=1, max_size=3), asks)
def test_what_fits_all_together_fits_each(capabilities, ask):
    try:
        shared = intersection(capabilities)
    except ValueError:
        assume(False)
    width, height = shared.size(ask.width, ask.height)
    resolved = Ask(
        **{
            **{
                name: getattr(ask, name)
                for name in ("prompt", "negative_prompt", "count", "seed", "steps", "guidance", "inputs", "strength")
            },
            "width": width,
            "height": height,
            "format": ask.format or shared.formats[0],
        }
    )
    if not list(fit_faults(resolved, "all", shared)):
        assert [fault for one in capabilities for fault in fit_faults(resolved, "one", one)] == []


@given(machines)
def test_one_alone_can_what_it_can(capabilities):
    fits = capabilities.min_width + -capabilities.min_width % capabilities.size_multiple <= capabilities.max_width
    assume(fits and capabilities.max_height >= 100 + 64)
    shared = intersection([capabilities])
    assert (shared.max_count, shared.formats, shared.steps) == (
        capabilities.max_count,
        capabilities.formats,
        capabilities.steps,
    )


@pytest.mark.parametrize(
    ("one", "other", "lacks"),
    [
        (Capabilities(formats=("png",)), Capabilities(formats=("webp",)), "format"),
        (Capabilities(max_width=512), Capabilities(min_width=1024), "width"),
        (Capabilities(max_height=512), Capabilities(min_height=1024), "height"),
        (Capabilities(sizes=((512, 512),)), Capabilities(sizes=((1024, 1024),)), "size"),
        (Capabilities(sizes=((512, 512),)), Capabilities(min_width=1024), "size"),
    ],
)
def test_what_no_request_could_fit_is_refused(one, other, lacks):
    with pytest.raises(ValueError, match=f"no {lacks} in common"):
        intersection([one, other])


def test_listed_sizes_are_those_that_the_others_paint():
    gpt = Capabilities(sizes=((1024, 1024), (1536, 1024), (1792, 1024)))
    deepai = Capabilities(max_width=1536, size_multiple=32, default_width=512, default_height=512)
    for one, other in ((gpt, deepai), (deepai, gpt)):
        shared = intersection([one, other])
        assert shared.sizes == ((1024, 1024), (1536, 1024))
        assert (shared.default_width, shared.default_height) == (1024, 1024)


def test_inputs_are_those_that_all_take_within_all_their_limits():
    one = Capabilities(
        inputs={"image": InputLimits(max_count=4, min_side=64, max_bytes=900, formats=("png",)), "mask": InputLimits()}
    )
    other = Capabilities(inputs={"image": InputLimits(min_count=1, max_count=2, max_side=512), "style": InputLimits()})
    assert intersection([one, other]).inputs == {
        "image": InputLimits(min_count=1, max_count=2, min_side=64, max_side=512, max_bytes=900, formats=("png",))
    }


@pytest.mark.parametrize(
    ("needs", "other"),
    [
        ({"image": InputLimits(min_count=1)}, {}),
        ({"image": InputLimits(min_count=2, max_count=2)}, {"image": InputLimits(max_count=1)}),
        ({"image": InputLimits(min_count=1, max_side=64)}, {"image": InputLimits(min_side=100)}),
    ],
)
def test_an_input_that_one_needs_must_be_taken_by_all(needs, other):
    with pytest.raises(ValueError, match="not all take the image that one needs"):
        intersection([Capabilities(inputs=other), Capabilities(inputs=needs)])


def test_options_are_those_that_all_know_under_all_their_rules():
    one = {"type": "object", "properties": {"style": {"enum": ["oil", "ink"]}, "only": {}, "same": {"type": "string"}}}
    other = {"type": "object", "properties": {"style": {"enum": ["ink", "neon"]}, "same": {"type": "string"}}}
    shared = intersection([Capabilities(options=one), Capabilities(options=other)]).options
    check = OptionsCheck("both", shared)
    assert (list(shared["properties"]), shared["properties"]["same"]) == (["style", "same"], {"type": "string"})
    assert not check.faults({"style": "ink"})
    assert all(check.faults(options) for options in ({"style": "oil"}, {"style": "neon"}, {"only": 1}))
