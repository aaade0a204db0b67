import pytest

from limner.domain.errors import Unauthenticated
from limner.web.credentials import refuse_key_in_query


@pytest.mark.parametrize("query", ["api_key=x", "limit=5&Access_Token=x", "key=lmn_abc_def", "limit=5&x=lmn_abc_def"])
def test_a_key_in_the_query_is_refused_by_whatever_name_it_has(query):
    with pytest.raises(Unauthenticated, match="no longer secret"):
        refuse_key_in_query({"query_string": query.encode()})


@pytest.mark.parametrize("query", ["", "limit=5", "reference=api_key", "signature=abc.lmn_"])
def test_other_queries_pass(query):
    refuse_key_in_query({"query_string": query.encode()})
