"""The suite on every storage that ships."""

import pytest

from limner.plugins import storage_from_url
from limner.testing import StorageSuite
from tests.storages.buckets import CONTAINER


class TestFolder(StorageSuite):
    @pytest.fixture
    def storage(self, tmp_path):
        return storage_from_url((tmp_path / "pictures").as_uri())


class TestMemory(StorageSuite):
    @pytest.fixture
    def storage(self):
        return storage_from_url("memory://")


class TestObjects(StorageSuite):
    @pytest.fixture
    def storage(self, bucket_url):
        return storage_from_url(bucket_url)


class TestGoogle(StorageSuite):
    @pytest.fixture
    def storage(self, google_url):
        return storage_from_url(google_url)


if CONTAINER:

    class TestAzure(StorageSuite):
        @pytest.fixture
        def storage(self, container_url):
            return storage_from_url(container_url)
