import inspect

import pytest

from limner.domain import errors

CLASSES = [one for _, one in inspect.getmembers(errors, inspect.isclass) if issubclass(one, errors.LimnerError)]


@pytest.mark.parametrize(
    "kind", [one for one in CLASSES if one is not errors.InvalidRequest], ids=lambda one: one.__name__
)
def test_the_docstring_is_the_message(kind):
    assert str(kind()) == inspect.cleandoc(kind.__doc__)


def test_the_tree_at_the_top_names_every_class():
    missing = [one.__name__ for one in CLASSES if one.__name__ not in errors.__doc__]
    assert missing == []


def test_field_errors_are_counted_and_told():
    mistakes = [
        errors.FieldError("/width", "out_of_range", "width is 3."),
        errors.FieldError("/n", "unknown_field", "No n."),
    ]
    error = errors.InvalidRequest(mistakes)
    assert error.detail == "2 fields need mending."
    assert str(error) == "width is 3. No n."
