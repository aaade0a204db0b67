import base64
import time

import pytest

from limner.contracts.engine import Delivery
from limner.domain.errors import Transient
from limner.engines.fal import Fal
from limner.engines.hosted import signatures
from limner.engines.hosted.signatures import WINDOW, Signed, SigningKeys, made_with_ed25519, moment_of
from limner.engines.hosted.standard_webhooks import secret_in, signed_as_standard

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
HEADERS = {
    "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
    "webhook-timestamp": "1614265330",
    "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
}
BODY = b'{"test": 2432232314}'
"""An example of the standard's own libraries."""

ED25519_KEY = bytes.fromhex("3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c")
ED25519_SIGNATURE = bytes.fromhex(
    "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
    "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00"
)
"""The second example of RFC 8032, section 7.1: it signs the byte 0x72."""


def fits(headers=HEADERS, body=BODY, secret=SECRET):
    return signed_as_standard(Delivery(headers=headers, body=body)).fits(secret_in(secret))


def test_the_standards_own_example_is_signed():
    assert fits()
    assert fits(HEADERS | {"webhook-signature": f"v1,AAAA v2,x {HEADERS['webhook-signature']}"})


@pytest.mark.parametrize(
    "change",
    [
        {"body": BODY + b" "},
        {"secret": "whsec_" + base64.b64encode(b"another, and as long").decode()},
        {"headers": HEADERS | {"webhook-id": "msg_2"}},
        {"headers": HEADERS | {"webhook-timestamp": "1614265331"}},
        {"headers": HEADERS | {"webhook-signature": ""}},
        {"headers": HEADERS | {"webhook-signature": HEADERS["webhook-signature"].replace("v1,", "v1a,")}},
        {"headers": HEADERS | {"webhook-signature": "v1,\xe9"}},
    ],
)
def test_whatever_is_changed_is_not(change):
    assert not fits(**change)


@pytest.mark.parametrize("stamp", ["", "now", "-1", "1e9", "1614265330.5", "9" * 400, "¹"])
def test_what_is_no_time_is_no_signature(stamp):
    assert moment_of(stamp) is None
    assert signed_as_standard(Delivery(headers=HEADERS | {"webhook-timestamp": stamp}, body=BODY)) is None
    fal = Fal(models=["a/b"])
    headers = {"x-fal-webhook-timestamp": stamp, "x-fal-webhook-signature": "00"}
    assert fal.signed(Delivery(headers=headers, body=b"")) is None


def test_a_signature_is_recent_for_five_minutes_in_both_directions():
    def recent(seconds):
        return Signed(sent_at=time.time() + seconds, fits=bool).recent

    assert recent(WINDOW - 60)
    assert recent(60 - WINDOW)
    assert not recent(WINDOW + 60)
    assert not recent(-WINDOW - 60)


def test_ed25519_is_that_of_the_rfc():
    assert made_with_ed25519(ED25519_KEY, ED25519_SIGNATURE, b"\x72")
    assert not made_with_ed25519(ED25519_KEY, ED25519_SIGNATURE, b"\x73")
    assert not made_with_ed25519(ED25519_KEY, b"", b"\x72")
    assert not made_with_ed25519(b"short", ED25519_SIGNATURE, b"\x72")


@pytest.mark.parametrize(
    "secret", ["whsec_ä", "whsec_!!", "whsec_a", "", "whsec_", "whsec_" + base64.b64encode(b"15 bytes, short").decode()]
)
def test_a_secret_that_is_none_is_refused(secret):
    with pytest.raises(ValueError):
        secret_in(secret)


class Fetch:
    """Brings the one key as long as it can be `had`."""

    def __init__(self):
        self.had = True

    async def __call__(self):
        if not self.had:
            raise Transient
        return (b"the key",)


def signed_with(key):
    return Signed(sent_at=time.time(), fits=lambda one: one == key)


async def test_a_strangers_signature_takes_no_key_from_us(monkeypatch):
    monkeypatch.setattr(signatures, "ASK_AGAIN", 0.0)
    fetch = Fetch()
    keys = SigningKeys(fetch)
    assert await keys.fit(signed_with(b"the key"))
    fetch.had = False
    assert not await keys.fit(signed_with(b"another"))
    assert await keys.fit(signed_with(b"the key"))


async def test_keys_that_are_too_old_to_be_believed_fit_nothing(monkeypatch):
    monkeypatch.setattr(signatures, "ASK_AGAIN", 0.0)
    fetch = Fetch()
    keys = SigningKeys(fetch)
    assert await keys.fit(signed_with(b"the key"))
    fetch.had = False
    monkeypatch.setattr(signatures, "KEYS_BELIEVED", 0.0)
    assert not await keys.fit(signed_with(b"the key"))
