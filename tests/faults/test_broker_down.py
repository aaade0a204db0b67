import random

import pytest

from tests.faults import broker_outages
from tests.faults.grounds import a_ground
from tests.fleet.brokers import Rabbit, rabbit_answers

pytestmark = pytest.mark.faults


@pytest.mark.parametrize("kind", ["redis", "rabbitmq"])
def test_nothing_is_lost_and_nobody_waits_while_the_broker_fails(tmp_path, kind):
    if kind == "rabbitmq" and not (Rabbit.is_installed() or rabbit_answers()):
        pytest.skip("RabbitMQ is not installed, and none answers at 127.0.0.1:5672")
    seed = random.SystemRandom().randrange(2**32)
    with a_ground("postgres", bucket=True) as ground, getattr(broker_outages, kind)() as broker:
        struck = broker_outages.run(tmp_path, ground, broker, outages=3, swallowed=broker_outages.SWALLOWED, seed=seed)
    assert len(struck.struck) == 3
    assert struck.nudges_lost > 0, "there was nothing to throw away"
    assert struck.painted_meanwhile > 0
    assert struck.slowest_answer < broker_outages.LONGEST_ANSWER
    assert struck.jobs >= broker_outages.LEAST_JOBS
