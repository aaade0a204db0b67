import datetime as dt
import json
import math

import pytest

from limner.domain.plain_json import MAX_BYTES, object_faults


def fault_of(value):
    (fault,) = object_faults("metadata", value)
    return fault


def nested(levels):
    value = {}
    for _ in range(levels - 1):
        value = {"a": value}
    return value


def circle():
    value = {}
    value["self"] = [value] * 50
    return value


@pytest.mark.parametrize(
    "value",
    [{}, {"a": [1, 2.5, None, True, "x", {"b": "狐\n"}]}, {"n": 2**64 - 1, "m": -(2**63)}, nested(8)],
)
def test_json_objects_are_kept(value):
    assert list(object_faults("metadata", value)) == []


@pytest.mark.parametrize(
    ("value", "code"),
    [
        ({"a": "\ud800"}, "bad_text"),
        ({"\x00": 1}, "bad_text"),
        ({"a": 2**64}, "out_of_range"),
        ({"a": 10**5000}, "out_of_range"),
        ({"a": math.nan}, "out_of_range"),
        ({"a": -math.inf}, "out_of_range"),
        ({1: "a"}, "wrong_type"),
        ({"a": {1, 2}}, "wrong_type"),
        ({"a": dt.date(2026, 9, 1)}, "wrong_type"),
        ({"a": b"x"}, "wrong_type"),
        (nested(9), "too_deep"),
        (nested(5000), "too_deep"),
        (circle(), "too_deep"),
        ({"a": "x" * MAX_BYTES}, "too_long"),
    ],
)
def test_what_is_not_plain_json_is_refused_with_a_reason(value, code):
    fault = fault_of(value)
    assert (fault.pointer, fault.code) == ("/metadata", code)
    assert fault.detail.isprintable()
    assert len(fault.detail) < 200


def test_the_limit_is_16_kib_of_json_in_utf_8():
    fits = {"a": "é" * ((MAX_BYTES - len('{"a":""}')) // 2)}
    assert len(json.dumps(fits, ensure_ascii=False, separators=(",", ":")).encode()) == MAX_BYTES
    assert list(object_faults("metadata", fits)) == []
    assert fault_of(fits | {"b": 1}).limits == {"maximum": MAX_BYTES}
