import pytest

from limner.domain.errors import SettingsError
from limner.storages.object_place import FIRST, ObjectPlace, shared_credentials

FILE = """
[default]
aws_access_key_id = ours
aws_secret_access_key = secret%of/ours

[other]
aws_access_key_id = theirs
aws_secret_access_key = theirs
aws_session_token = token
"""


@pytest.fixture(autouse=True)
def bare(monkeypatch, tmp_path):
    for name in (*FIRST, "AWS_SHARED_CREDENTIALS_FILE", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))


def test_a_url_names_bucket_prefix_and_options():
    place = ObjectPlace.from_url("s3://bucket/deep/er/?region=eu-central-1&endpoint=https://s3.example.org")
    assert (place.bucket, place.prefix, str(place)) == ("bucket", "deep/er", "s3://bucket/deep/er")
    assert place.options == {"region": "eu-central-1", "endpoint": "https://s3.example.org"}


@pytest.mark.parametrize(
    "url", ["s3://", "s3:///x", "gs://bucket/../x", "az://bucket/Ünsinn", "s3://b/a//b", "s3:bucket"]
)
def test_what_names_no_bucket_is_refused_with_the_shape(url):
    with pytest.raises(SettingsError, match=r"write \w+://bucket/prefix"):
        ObjectPlace.from_url(url)


@pytest.mark.parametrize(
    "url", ["s3://key:geheim@bucket/x", "s3://bucket/x#geheim", "s3://bucket?secret_access_key=geheim"]
)
def test_secrets_in_a_url_are_refused_unquoted_and_told_where_they_belong(url):
    with pytest.raises(SettingsError, match="AWS_SECRET_ACCESS_KEY") as refused:
        ObjectPlace.from_url(url)
    assert "geheim" not in str(refused.value)


def test_an_unknown_option_gets_those_that_there_are():
    with pytest.raises(SettingsError, match=r"no option regio\. Did you mean region\? It takes endpoint, region"):
        ObjectPlace.from_url("s3://bucket?regio=eu")


@pytest.mark.parametrize(
    "url",
    [
        "s3://bucket/x?region=eu-central-1&virtual_hosted_style_request=true&server_side_encryption=aws:kms&sse_kms_key_id=k",
        "gs://bucket/x?base_url=https://storage.example.org",
        "az://bucket/x?account_name=ours&endpoint=https://blobs.example.org",
    ],
)
def test_every_option_is_one_that_obstore_knows(url):
    assert ObjectPlace.from_url(url).connect()


def test_an_option_with_a_wrong_value_is_refused_without_quoting_it():
    with pytest.raises(SettingsError, match=r"s3://bucket cannot be used") as refused:
        ObjectPlace.from_url("s3://bucket?virtual_hosted_style_request=geheim").connect()
    assert "geheim" not in str(refused.value)


def test_s3_keys_come_from_the_shared_credentials_file(tmp_path, monkeypatch):
    (tmp_path / ".aws").mkdir()
    (tmp_path / ".aws" / "credentials").write_text(FILE)
    assert shared_credentials() == {"access_key_id": "ours", "secret_access_key": "secret%of/ours"}
    monkeypatch.setenv("AWS_PROFILE", "other")
    assert shared_credentials()["session_token"] == "token"


@pytest.mark.parametrize("name", sorted(FIRST))
def test_what_the_environment_names_comes_first(tmp_path, monkeypatch, name):
    (tmp_path / "file").write_text(FILE)
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "file"))
    monkeypatch.setenv(name, "environment")
    assert shared_credentials() == {}


def test_a_file_that_is_named_must_be_there(monkeypatch, tmp_path):
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "absent"))
    with pytest.raises(SettingsError, match=r"no credentials \[default\] in .*absent; AWS_SHARED_CREDENTIALS_FILE"):
        shared_credentials()


def test_what_is_no_credentials_file_is_refused_unquoted(monkeypatch, tmp_path):
    (tmp_path / "file").write_text("geheim")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "file"))
    with pytest.raises(SettingsError, match="not a credentials file") as refused:
        shared_credentials()
    assert "geheim" not in str(refused.value)


def test_without_a_file_there_are_no_keys():
    assert shared_credentials() == {}
