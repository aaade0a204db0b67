import pytest

from limner.domain.capabilities import Capabilities
from limner.domain.checking import ask_faults, fit_faults
from limner.domain.checking_inputs import MAX_INPUTS, size_faults
from limner.domain.input import HeldInput, InputLimits, InputReference, input_names
from limner.domain.request import Ask

TAKES = Capabilities(
    inputs={
        "image": InputLimits(max_count=2, min_side=16, max_side=512, max_bytes=1000),
        "mask": InputLimits(max_count=1),
    },
    strength=(0.0, 1.0),
)
IMAGE = {"role": "image", "input": "a"}
MASK = {"role": "mask", "input": "b"}


def faults(inputs, can=TAKES, **ask):
    asked = Ask(prompt="a fox", inputs=inputs, **ask)
    return [(fault.pointer, fault.code) for fault in (*ask_faults(asked), *fit_faults(asked, "oil", can))]


def details(inputs, can=TAKES, **ask):
    asked = Ask(prompt="a fox", inputs=inputs, **ask)
    return [fault.detail for fault in (*ask_faults(asked), *fit_faults(asked, "oil", can))]


def held(width=64, height=64, role="image", **facts):
    reference = InputReference(role=role, input="a")
    return HeldInput(
        reference=reference,
        width=width,
        height=height,
        format="png",
        **{"bytes": 10, "sha256": "ab", "key": "k"} | facts,
    )


@pytest.mark.parametrize(
    ("inputs", "found"),
    [
        ({}, [("/inputs", "wrong_type")]),
        ("image", [("/inputs", "wrong_type")]),
        (["image"], [("/inputs/0", "wrong_type")]),
        ([IMAGE] * (MAX_INPUTS + 1), [("/inputs", "out_of_range")]),
        ([IMAGE, {"input": "a"}], [("/inputs/1/role", "required")]),
        ([{"role": 7, "input": "a"}], [("/inputs/0/role", "wrong_type")]),
        ([{"role": "image", "input": 7}], [("/inputs/0/input", "wrong_type")]),
        ([{"role": "image"}], [("/inputs/0", "required")]),
        ([{"role": "image", "input": "a", "image": "b"}], [("/inputs/0", "required")]),
        ([{"role": "image", "input": "a", "image": None}], []),
        ([IMAGE | {"url": "http://x"}], [("/inputs/0", "unknown_field")]),
    ],
)
def test_how_inputs_are_named_wrongly(inputs, found):
    assert faults(inputs) == found


@pytest.mark.parametrize(
    ("inputs", "found"),
    [
        ([IMAGE, IMAGE, MASK], []),
        ([IMAGE] * 3, [("/inputs", "out_of_range")]),
        ([MASK], [("/inputs", "required")]),
        ([IMAGE, IMAGE | {"role": "style"}], [("/inputs/1/role", "not_supported")]),
    ],
)
def test_what_a_model_does_not_take(inputs, found):
    assert faults(inputs) == found


def test_a_refusal_says_what_would_be_allowed():
    assert details([IMAGE | {"role": "images"}]) == [
        "oil takes no images in inputs; there are image, mask. Did you mean image?"
    ]
    assert details([IMAGE] * 3) == ["inputs has 3 images; oil takes up to 2."]
    assert details([IMAGE, IMAGE], Capabilities()) == ["oil takes no inputs; leave them out."]


def test_a_model_may_need_an_image():
    needy = Capabilities(inputs={"image": InputLimits(min_count=1)})
    assert faults([], needy) == [("/inputs", "required")]
    assert faults([IMAGE], needy) == []


@pytest.mark.parametrize(
    ("strength", "inputs", "found"),
    [
        (0.6, [IMAGE], []),
        (1, [IMAGE], []),
        (1.1, [IMAGE], [("/strength", "out_of_range")]),
        ("much", [IMAGE], [("/strength", "wrong_type")]),
        (0.6, [], [("/strength", "not_supported")]),
    ],
)
def test_strength_is_of_an_image_and_within_its_range(strength, inputs, found):
    assert faults(inputs, strength=strength) == found


def test_who_takes_no_strength_says_so():
    assert details([], Capabilities(), strength=0.5) == ["oil takes no strength; leave it out."]


@pytest.mark.parametrize(
    ("pictures", "found"),
    [
        ([held(16, 512)], []),
        ([held(15, 64)], ["The picture is 15 × 64; oil takes sides of 16 to 512."]),
        ([held(64, 513)], ["The picture is 64 × 513; oil takes sides of 16 to 512."]),
        ([held(bytes=1001)], ["The picture has 1001 bytes; oil takes up to 1000."]),
        ([held(), held(role="mask")], []),
        ([held(), held(64, 32, role="mask")], ["The mask is 64 × 32; it must have the image's size, 64 × 64."]),
    ],
)
def test_pictures_must_fit(pictures, found):
    assert [fault.detail for fault in size_faults(pictures, "oil", TAKES)] == found


def test_engines_call_inputs_by_their_role_and_number():
    assert input_names(["image", "mask", "image"]) == ["image", "mask", "image-2"]
