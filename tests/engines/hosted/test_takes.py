import pytest

from limner.actions.check_options import OptionsCheck


@pytest.mark.parametrize(
    ("name", "option"),
    [
        ("compatible", {"model": "a-dearer-one"}),
        ("compatible", {"n": 10}),
        ("compatible", {"prompt": "a hen"}),
        ("compatible", {"num_inference_steps": 100}),
        ("replicate", {"num_outputs": 4}),
        ("replicate", {"seed": 8}),
        ("fal", {"num_images": 4}),
        ("fal", {"image_size": "square_hd"}),
    ],
)
def test_no_option_changes_what_a_call_was_checked_and_counted_for(request, name, option):
    _, engine = request.getfixturevalue(name)
    (fault,) = OptionsCheck(name, engine.capabilities.options).faults({"go_fast": True, **option})
    assert fault.pointer == f"/options/{next(iter(option))}"
