import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import limner
from limner.contracts.repository import QueueFacts
from limner.observers.metrics import COUNTERS, DURATIONS, Metrics

NOW = datetime(2026, 9, 1, 9, tzinfo=UTC)


def test_counts_and_durations_are_rendered_with_their_labels():
    metrics = Metrics()
    metrics.count("limner_retries_total", 2, **{"class": "again"})
    metrics.time("limner_paint_seconds", 0.7, engine="painter")
    text = metrics.render().decode()
    assert 'limner_retries_total{class="again"} 2.0' in text
    assert 'limner_paint_seconds_count{engine="painter"} 1.0' in text


def test_a_name_that_is_not_in_the_table_is_ignored():
    metrics = Metrics()
    metrics.count("nonsense")
    metrics.time("nonsense", 1.0)
    assert "nonsense" not in metrics.render().decode()


def test_a_label_too_many_or_too_few_does_not_raise():
    metrics = Metrics()
    metrics.count("limner_lease_losses_total", colour="red")
    metrics.time("limner_paint_seconds", 1.0)
    assert "limner_lease_losses_total 1.0" in metrics.render().decode()


def test_the_queue_is_shown_as_it_is_now():
    metrics = Metrics()
    oldest = NOW - timedelta(seconds=9)
    metrics.show_queue(QueueFacts(queued={"a": 3}, running={"a": 1}, oldest_claimable_at=oldest, drain_rate=2.5), NOW)
    text = metrics.render().decode()
    assert 'limner_queue_depth{engine="a"} 3.0' in text
    assert "limner_oldest_claimable_seconds 9.0" in text


def test_an_engine_that_left_the_queue_leaves_the_gauges():
    metrics = Metrics()
    metrics.show_queue(QueueFacts(queued={"a": 3}, running={}, oldest_claimable_at=NOW, drain_rate=0), NOW)
    metrics.show_queue(QueueFacts(queued={}, running={}, oldest_claimable_at=None, drain_rate=0), NOW)
    text = metrics.render().decode()
    assert 'engine="a"' not in text
    assert "limner_oldest_claimable_seconds 0.0" in text


def test_two_installations_in_one_process_count_apart():
    first, second = Metrics(), Metrics()
    first.count("limner_lease_losses_total")
    assert "limner_lease_losses_total 0.0" in second.render().decode()


def test_every_metric_that_the_source_names_is_in_the_table():
    source = "".join(path.read_text() for path in Path(limner.__file__).parent.rglob("*.py"))
    used = set(re.findall(r'\.(?:count|time)\(\s*"(limner_\w+)"', source))
    assert used <= {*COUNTERS, *DURATIONS}
