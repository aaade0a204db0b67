import pytest

from limner.actions.check_options import OptionsCheck
from limner.domain.errors import PluginError
from tests.actions.asking import STYLES

CHECK = OptionsCheck("painter", STYLES)


@pytest.mark.parametrize("options", [{}, {"style": "oil"}, {"strength": 0.5, "tags": ["a", "b"]}])
def test_what_the_schema_allows_has_no_faults(options):
    assert list(CHECK.faults(options)) == []


@pytest.mark.parametrize(
    ("options", "pointer", "detail"),
    [
        (
            {"style": "watercolor"},
            "/options/style",
            "style is watercolor; painter allows watercolour, oil, ink. Did you mean watercolour?",
        ),
        (
            {"stlye": "oil"},
            "/options/stlye",
            "There is no option stlye; painter has style, strength, tags. Did you mean style?",
        ),
        ({"strength": 3}, "/options/strength", "strength is 3; its maximum is 1."),
        ({"strength": "much"}, "/options/strength", "strength is text; it must be a number."),
        ({"tags": ["a", "b", "c"]}, "/options/tags", "tags is too long; painter allows 2."),
        ({"tags": ["abcdef"]}, "/options/tags/0", "tags.0 is too long; painter allows 5."),
        ({"a/b~c\ud800": 1}, r"/options/a~1b~0c\ud800", None),
    ],
)
def test_each_fault_names_the_option_and_what_is_allowed(options, pointer, detail):
    (fault,) = CHECK.faults(options)
    assert (fault.pointer, fault.code) == (pointer, "invalid_option")
    assert fault.detail == (detail or fault.detail)
    assert fault.detail.isprintable()


def test_every_fault_is_told_at_once():
    faults = CHECK.faults({"style": 7, "strength": -1, "x": 1, "y": 2})
    assert {fault.pointer for fault in faults} == {"/options/style", "/options/strength", "/options/x", "/options/y"}


def test_an_engine_without_options_takes_none():
    (fault,) = OptionsCheck("plain", {"type": "object", "properties": {}}).faults({"style": "oil"})
    assert fault.detail == "There is no option style; plain has none."


def test_an_engine_may_leave_its_options_open():
    assert list(OptionsCheck("open", {"type": "object", "additionalProperties": True}).faults({"style": "oil"})) == []


def test_names_that_the_engine_keeps_for_itself_are_refused_where_others_are_open():
    schema = {"type": "object", "additionalProperties": True, "propertyNames": {"not": {"enum": ["prompt"]}}}
    (fault,) = OptionsCheck("open", schema).faults({"prompt": "a hen", "style": "oil"})
    assert (fault.pointer, fault.code) == ("/options/prompt", "invalid_option")
    assert fault.detail == "open takes no option prompt; leave it out."


def test_an_option_that_the_engine_needs_is_asked_for():
    check = OptionsCheck("painter", {"type": "object", "properties": {"style": {}}, "required": ["style"]})
    (fault,) = check.faults({})
    assert fault.detail == "options lacks style, which painter needs."


def test_rules_without_words_of_their_own_are_quoted():
    check = OptionsCheck("painter", {"type": "object", "properties": {"name": {"pattern": "^a"}}})
    (fault,) = check.faults({"name": "b\x00"})
    assert fault.detail == r"name is b\x00; painter does not take it (pattern: ^a)."


def test_a_schema_that_is_none_is_the_plugins_fault():
    with pytest.raises(PluginError, match="painter"):
        OptionsCheck("painter", {"type": "nonsense"})
