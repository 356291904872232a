"""Requests made from the OpenAPI document by schemathesis: no 500, and no status that the document does not name.

About 300 in the daily run; ZHIWEN_SCHEMATHESIS_CASES=2000 asks for more. What is generated is the same in every run.
"""

import os
import sys

import pytest
import requests
from guard_app import fill, guarded_app
from hypothesis import HealthCheck, Phase, given, settings

schemathesis = pytest.importorskip("schemathesis", reason="schemathesis needs Python 3.11")
GenerationMode = schemathesis.GenerationMode

CASES = int(os.environ.get("ZHIWEN_SCHEMATHESIS_CASES", "300"))


@pytest.fixture(scope="module")
def client(tmp_path_factory):
    with guarded_app(tmp_path_factory.mktemp("schemathesis")) as client:
        fill(client, "samples")
        yield client


@pytest.mark.skipif(sys.version_info < (3, 11), reason="schemathesis needs Python 3.11")
@pytest.mark.timeout(3600)
def test_generated_requests_get_documented_answers(client):
    schema = schemathesis.openapi.from_dict(client.app.openapi())
    operations = [found.ok() for found in schema.get_all_operations()]
    each = max(1, round(CASES / len(operations) / 2))
    modes = (GenerationMode.POSITIVE, GenerationMode.NEGATIVE)
    wrong = [fault for operation in operations for mode in modes for fault in _ask(client, operation, mode, each)]
    assert wrong == []


def _ask(client, operation, mode, each):
    """What went wrong with the last of so many generated requests to one route."""
    documented = {str(status) for status in operation.definition.raw["responses"]}
    wrong = {}

    @given(case=operation.as_strategy(generation_mode=mode))
    @settings(
        max_examples=each,
        deadline=None,
        database=None,
        derandomize=True,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    def ask(case):
        try:
            sent = requests.Request(**case.as_transport_kwargs(base_url=str(client.base_url))).prepare()
            answer = client.request(sent.method, sent.url, headers=dict(sent.headers), content=sent.body)
        except UnicodeEncodeError:
            return  # no client can send half of a surrogate pair
        if answer.status_code == 500 or str(answer.status_code) not in documented:
            wrong[operation.label] = (
                f"{operation.label} {answer.status_code}: {case.as_curl_command()[:400]} -> {answer.text[:300]}"
            )

    ask()
    return list(wrong.values())
