import base64
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from limner.actions.links import Links
from limner.domain.errors import Unauthenticated
from limner.domain.identity import Principal, Scope, new_id

NOW = datetime(2026, 9, 1, 9, tzinfo=UTC)
ANN = Principal(user_id="ann|狐", credential="abcdefghijkl")
LINKS = Links(b"s" * 32)
IMAGE = new_id()
SIGNED = LINKS.sign(ANN, "image", IMAGE, now=NOW)


def refused(signature=SIGNED, kind="image", subject_id=IMAGE, *, links=LINKS, now=NOW):
    with pytest.raises(Unauthenticated) as refusal:
        links.verify(signature, kind, subject_id, now=now)
    return refusal.value.detail == Unauthenticated().detail


def test_a_link_names_its_principal_who_may_read_and_no_more():
    found = LINKS.verify(SIGNED, "image", IMAGE, now=NOW)
    assert (found.user_id, found.credential) == (ANN.user_id, ANN.credential)
    assert found.scopes == {Scope.JOBS_READ, Scope.IMAGES_READ}


def test_a_link_gives_nobody_a_scope_that_the_signer_lacks():
    poor = replace(ANN, scopes=frozenset({Scope.JOBS_WRITE, Scope.JOBS_READ}))
    signed = LINKS.sign(poor, "image", IMAGE, now=NOW)
    assert LINKS.verify(signed, "image", IMAGE, now=NOW).scopes == {Scope.JOBS_READ}


def test_a_link_to_a_job_does_not_renew_itself():
    late = NOW + timedelta(seconds=890)
    first = LINKS.sign(ANN, "job", IMAGE, now=NOW)
    second = LINKS.sign(LINKS.verify(first, "job", IMAGE, now=late), "job", IMAGE, now=late)
    assert second.split(".")[0] == first.split(".")[0]


def test_whoever_watches_by_a_link_is_given_links_to_pictures_that_last():
    late = NOW + timedelta(seconds=890)
    watcher = LINKS.verify(LINKS.sign(ANN, "job", IMAGE, now=NOW), "job", IMAGE, now=late)
    picture = LINKS.sign(watcher, "image", IMAGE, now=late)
    assert LINKS.verify(picture, "image", IMAGE, now=late + timedelta(seconds=890))


def test_a_link_holds_for_one_thing_only():
    assert refused(kind="job")
    assert refused(subject_id=new_id())


def test_a_link_of_another_secret_does_not_hold():
    assert refused(links=Links(b"t" * 32))


@pytest.mark.parametrize("place", range(len(SIGNED)))
def test_every_character_counts(place):
    other = "A" if SIGNED[place] != "A" else "B"
    assert refused(SIGNED[:place] + other + SIGNED[place + 1 :])


def test_another_name_or_expiry_cannot_be_put_in():
    expiry, who, key_id, seal = SIGNED.split(".")
    ben = base64.urlsafe_b64encode(b"1\0ben\0abcdefghijkl").rstrip(b"=").decode()
    later = f"{int(expiry, 16) + 10**6:x}"
    assert refused(f"{expiry}.{ben}.{key_id}.{seal}")
    assert refused(f"{later}.{who}.{key_id}.{seal}")


@pytest.mark.parametrize(
    "signature",
    ["", "…", "a.b.c.d", SIGNED + "=", SIGNED + "\n", SIGNED[:-1], "é" * 70, "\ud800"],
    ids=["nothing", "dots", "parts", "padding", "a line", "cut off", "letters", "a surrogate"],
)
def test_whatever_is_no_signature_is_refused(signature):
    assert refused(signature)


def test_a_link_holds_for_fifteen_minutes_and_at_most_five_more():
    assert LINKS.verify(SIGNED, "image", IMAGE, now=NOW + timedelta(seconds=899))
    assert refused(now=NOW + timedelta(seconds=1201))


def test_links_made_in_the_same_window_are_the_same():
    later = [LINKS.sign(ANN, "image", IMAGE, now=NOW + timedelta(seconds=s)) for s in range(0, 300, 7)]
    assert len(set(later)) <= 2
    assert LINKS.sign(ANN, "image", IMAGE, now=NOW + timedelta(seconds=600)) not in later


def test_a_signature_is_short_and_needs_no_quoting():
    assert len(SIGNED) < 80
    assert all(character.isalnum() or character in "._-" for character in SIGNED)
