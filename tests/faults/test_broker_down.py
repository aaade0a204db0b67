import random

import pytest

from tests.faults import broker_outages
from tests.fleet.brokers import rabbit_answers

pytestmark = pytest.mark.faults


@pytest.mark.parametrize("kind", ["redis", "rabbitmq"])
def test_nothing_is_lost_and_nobody_waits_while_the_broker_fails(tmp_path, postgres_url, kind):
    if kind == "rabbitmq" and not rabbit_answers():
        pytest.skip("no RabbitMQ answers at 127.0.0.1:5672")
    with getattr(broker_outages, kind)() as broker:
        seed = random.SystemRandom().randrange(2**32)
        struck = broker_outages.run(tmp_path, postgres_url, broker, outages=3, swallowed=5.0, seed=seed)
    assert len(struck.struck) == 3
    assert struck.slowest_answer < broker_outages.LONGEST_ANSWER
    assert struck.jobs >= broker_outages.LEAST_JOBS
