import pytest

from tests.fleet.brokers import RABBIT, rabbit_answers


@pytest.fixture(params=["redis", "rabbitmq"])
def broker(request):
    """Celery's URL of a real one."""
    if request.param == "redis":
        return f"celery+{request.getfixturevalue('redis_server').url}"
    if not rabbit_answers():
        pytest.skip("no RabbitMQ answers at 127.0.0.1:5672")
    return f"celery+{RABBIT}"
