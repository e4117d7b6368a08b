"""schemathesis against the OpenAPI description: nothing but described answers, no 5xx, no traceback."""

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from schemathesis import GenerationMode
from schemathesis.specs.openapi.checks import negative_data_rejection, positive_data_acceptance

from assistant import Assistant
from assistant.feedback import FeedbackStore
from tests.serving import application

EXAMPLES = [60, pytest.param(1000, marks=[pytest.mark.slow, pytest.mark.timeout(1800)])]
ROUTES = [
    ("post", "/api/ask"),
    ("get", "/api/documents"),
    ("get", "/api/documents/{document}"),
    ("get", "/api/documents/{document}/passages/{passage}"),
    ("get", "/api/suggestions"),
    ("post", "/api/feedback"),
    ("post", "/api/unanswered"),
    ("post", "/api/embed-token"),
    ("get", "/v1/models"),
    ("get", "/v1/models/{name}"),
    ("post", "/v1/chat/completions"),
    ("get", "/healthz"),
    ("get", "/readyz"),
]


@pytest.fixture(scope="module")
def description(quoth: Assistant, tmp_path_factory: pytest.TempPathFactory) -> schemathesis.BaseSchema:
    hosts = ("testserver", "localhost")
    store = FeedbackStore(tmp_path_factory.mktemp("kept") / "feedback.sqlite")
    app = application(quoth, store, quota="", quota_address="", allow_host=hosts, keep_unanswered=True)
    return schemathesis.openapi.from_asgi("/openapi.json", app)


def test_every_route_is_tried(description: schemathesis.BaseSchema) -> None:
    tried = {(operation.ok().method, operation.ok().path) for operation in description.get_all_operations()}
    assert tried == set(ROUTES)


@pytest.mark.parametrize("examples", EXAMPLES)
@pytest.mark.parametrize("mode", list(GenerationMode), ids=lambda mode: mode.value)
@pytest.mark.parametrize(("method", "path"), ROUTES)
def test_every_answer_is_one_that_is_described(
    description: schemathesis.BaseSchema, method: str, path: str, mode: GenerationMode, examples: int
) -> None:
    operation = description[path][method.upper()]
    takes = bool(operation.body or operation.path_parameters or operation.query)
    if mode.is_negative and not (operation.body or operation.query):
        pytest.skip("no value of what it takes is of a wrong kind")

    @settings(max_examples=examples if takes else 5, deadline=None, suppress_health_check=list(HealthCheck))
    @given(case=operation.as_strategy(generation_mode=mode))
    def check(case: schemathesis.Case) -> None:
        # No schema can say that a question is more than blanks, or that a body is small: such a one is refused.
        response = case.call()
        # To schemathesis 413 is no refusal of what is wrong in other ways, too.
        known = [positive_data_acceptance, *([negative_data_rejection] if response.status_code == 413 else [])]
        case.validate_response(response, excluded_checks=known)
        assert response.status_code < 500
        assert "Traceback" not in response.text

    check()


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_what_one_answer_names_can_be_asked_for_in_the_next(description: schemathesis.BaseSchema) -> None:
    machine = description.as_state_machine()
    machine.validate_response = lambda self, response, case, **rest: case.validate_response(  # type: ignore[method-assign]
        response, excluded_checks=[positive_data_acceptance]
    )
    machine.run(
        settings=settings(
            max_examples=300, stateful_step_count=8, deadline=None, suppress_health_check=list(HealthCheck)
        )
    )
