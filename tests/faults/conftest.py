import pytest


@pytest.fixture(params=["sqlite", "postgres"])
def database(request):
    """A Postgres URL, or nothing for the file in the installation's home."""
    return request.getfixturevalue("postgres_url") if request.param == "postgres" else ""
