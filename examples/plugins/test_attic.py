"""The proof that both are right: Limner's own suites."""

import pytest

from limner.plugins import engine_from_settings, storage_from_url
from limner.testing import EngineSuite, StorageSuite


class TestStripes(EngineSuite):
    @pytest.fixture
    def engine(self):
        return engine_from_settings("stripes", "stripes", {})


class TestAttic(StorageSuite):
    @pytest.fixture
    def storage(self, tmp_path):
        return storage_from_url(f"attic://{tmp_path}/attic.db")
