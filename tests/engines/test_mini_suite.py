"""The contract's sentences on the trained painter with toy weights, in this process and as it runs: in a child."""

import pytest

from limner.engines.mini.engine import Mini
from limner.plugins import engine_from_settings
from limner.testing import EngineSuite
from tests.engines.mini.toy import toy_weights


@pytest.fixture(scope="module")
def weights(tmp_path_factory):
    return str(toy_weights(tmp_path_factory.mktemp("weights")))


class TestMini(EngineSuite):
    @pytest.fixture
    def engine(self, weights):
        return Mini(weights=weights, allow_toy=True)


class TestIsolatedMini(EngineSuite):
    @pytest.fixture
    def engine(self, weights):
        return engine_from_settings("mini", "mini", {"weights": weights, "allow_toy": True})
