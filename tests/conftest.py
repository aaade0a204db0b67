import secrets
import signal

import pytest

from tests.fleet.brokers import RABBIT, Redis, rabbit_answers
from tests.repositories.postgres_server import Postgres, prepared
from tests.storages.buckets import CONTAINER, CREDENTIALS, Buckets, GoogleBuckets, azure_url

# A shell that runs the tests in its background ignores Ctrl-C for them, and so for every process that they start.
signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="session")
def s3(tmp_path_factory):
    """One S3 server for all tests that leave it alive."""
    server = Buckets(tmp_path_factory.mktemp("s3"))
    yield server
    server.kill()


@pytest.fixture(scope="session")
def postgres():
    """One Postgres server for all tests that leave it alive."""
    server = Postgres(data=prepared())
    yield server
    server.close()


@pytest.fixture
def postgres_url(postgres):
    """A database there, with our tables."""
    url = postgres.new_database()
    yield url
    postgres.drop(url)


@pytest.fixture
def mortal_postgres():
    """A server of the test's own, to be killed and started again."""
    server = Postgres(data=prepared())
    yield server
    server.close()


@pytest.fixture(scope="session")
def redis_server():
    """One Redis server for all tests that leave it alive."""
    server = Redis()
    yield server
    server.close()


@pytest.fixture
def mortal_redis():
    """A server of the test's own, to be killed and started again."""
    server = Redis()
    yield server
    server.close()


@pytest.fixture
def bucket_url(s3, monkeypatch):
    """An empty place there, with the credentials in the environment."""
    for name, value in CREDENTIALS.items():
        monkeypatch.setenv(name, value)
    return s3.url(secrets.token_hex(4))


@pytest.fixture(scope="session")
def google(tmp_path_factory):
    """One server for all that goes by Google's client."""
    server = GoogleBuckets(tmp_path_factory.mktemp("google"))
    yield server
    server.kill()


@pytest.fixture
def google_url(google, monkeypatch):
    """An empty place there, with the credentials in the environment."""
    monkeypatch.setenv("GOOGLE_SERVICE_ACCOUNT", str(google.account))
    return google.url(secrets.token_hex(4))


@pytest.fixture
def container_url():
    """An empty place at Azure, where the environment names one."""
    return azure_url(secrets.token_hex(4))


@pytest.fixture(params=["bucket_url", "google_url", *CONTAINER])
def store_url(request):
    """An empty place in each kind of store, for tests that hold for every one."""
    return request.getfixturevalue(request.param)


@pytest.fixture
def mortal_s3(tmp_path, monkeypatch):
    """A server of the test's own, to be killed and started again."""
    for name, value in CREDENTIALS.items():
        monkeypatch.setenv(name, value)
    server = Buckets(tmp_path / "s3")
    yield server
    server.kill()


@pytest.fixture(params=["redis", "rabbitmq"])
def broker(request):
    """Celery's URL of a real one."""
    if request.param == "redis":
        return f"celery+{request.getfixturevalue('redis_server').url}"
    if not rabbit_answers():
        pytest.skip("no RabbitMQ answers at 127.0.0.1:5672")
    return f"celery+{RABBIT}"
