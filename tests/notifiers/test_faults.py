"""What a loop says that goes on whatever happens."""

import logging

from limner.domain.errors import DatabaseUnavailable
from limner.notifiers.faults import Faults


def test_a_row_of_faults_is_told_once_and_that_it_is_over(caplog):
    caplog.set_level(logging.INFO, "limner.notifier")
    faults = Faults("changes cannot be read")
    for error in (ValueError("a bug"), ValueError("again"), None):
        faults.over() if error is None else faults.note(error)
    assert [record.getMessage() for record in caplog.records] == [
        "changes cannot be read",
        "over: changes cannot be read",
    ]
    assert caplog.records[0].exc_info


def test_an_outage_is_told_in_its_own_words_without_a_trace(caplog):
    Faults("changes cannot be read").note(DatabaseUnavailable("The database does not answer."))
    (told,) = caplog.records
    assert (told.getMessage(), told.exc_info) == ("changes cannot be read: The database does not answer.", None)
