import pytest

from tests.engines.mini.toy import toy_weights


@pytest.fixture(scope="session")
def weights(tmp_path_factory):
    return toy_weights(tmp_path_factory.mktemp("weights"))
