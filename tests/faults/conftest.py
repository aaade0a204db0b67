import pytest

from tests.faults.grounds import NotHere, a_ground


@pytest.fixture
def ground(request):
    """Of the test's own, of the kind that it names."""
    try:
        with a_ground(request.param) as made:
            yield made
    except NotHere as lack:
        pytest.skip(str(lack))
