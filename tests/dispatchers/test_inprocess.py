import pytest

from limner.dispatchers.inprocess import InProcessDispatcher
from tests.dispatchers.suite import DispatcherSuite


class TestInProcess(DispatcherSuite):
    @pytest.fixture
    def dispatcher(self):
        return InProcessDispatcher()
