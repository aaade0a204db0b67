"""The contract's sentences on the built-in painter, as it runs: in a child."""

import pytest

from limner.engines.painter import Painter
from limner.plugins import engine_from_settings
from limner.testing import EngineSuite


class TestPainter(EngineSuite):
    @pytest.fixture
    def engine(self):
        return Painter()


class TestIsolatedPainter(EngineSuite):
    @pytest.fixture
    def engine(self):
        return engine_from_settings("painter", "painter", {})
