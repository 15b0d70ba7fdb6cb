import pytest

from agent.sim.door import Admitted, Turned, admit

DEVELOPER = "/ws/google.ai.generativelanguage.{}.GenerativeService.BidiGenerateContent"
VERTEX = "/ws/google.cloud.aiplatform.{}.LlmBidiService/BidiGenerateContent"
KEY = {"x-goog-api-key": "k"}


@pytest.mark.parametrize(
    ("path", "admitted"),
    [
        (DEVELOPER.format("v1"), Admitted("developer", "v1")),
        (DEVELOPER.format("v1beta"), Admitted("developer", "v1beta")),
        (DEVELOPER.format("v1alpha"), Admitted("developer", "v1alpha")),
        (VERTEX.format("v1beta1"), Admitted("vertex", "v1beta1")),
        (VERTEX.format("v1"), Admitted("vertex", "v1")),
    ],
)
def test_every_url_form_is_served(path: str, admitted: Admitted) -> None:
    assert admit(path, {}, KEY) == admitted


@pytest.mark.parametrize(
    "path",
    [
        "/",
        DEVELOPER.format("v2"),
        DEVELOPER.format("v1beta").replace(".BidiGen", "/BidiGen"),
        VERTEX.format("v1beta1").replace("/BidiGen", ".BidiGen"),
        DEVELOPER.format("v1beta") + "/",
    ],
)
def test_other_paths_are_not_found(path: str) -> None:
    assert admit(path, {}, KEY) == Turned(404)


def test_the_developer_api_takes_a_key_from_header_or_query() -> None:
    path = DEVELOPER.format("v1beta")
    assert isinstance(admit(path, {"key": "k"}, {}), Admitted)
    assert admit(path, {}, {}) == Turned(403)
    assert admit(path, {}, {"authorization": "Bearer t"}) == Turned(403)


def test_the_constrained_method_takes_a_token() -> None:
    path = DEVELOPER.format("v1alpha") + "Constrained"
    token = {"authorization": "Token auth_tokens/1"}
    assert admit(path, {}, token) == Admitted("developer", "v1alpha")
    assert isinstance(admit(path, {"access_token": "auth_tokens/1"}, {}), Admitted)
    assert admit(path, {}, KEY) == Turned(403)


def test_vertex_takes_a_bearer_token_or_an_express_key() -> None:
    path = VERTEX.format("v1beta1")
    assert isinstance(admit(path, {}, {"authorization": "Bearer t"}), Admitted)
    assert isinstance(admit(path, {}, KEY), Admitted)
    assert admit(path, {}, {"authorization": "Basic t"}) == Turned(401)


def test_with_known_keys_others_are_forbidden() -> None:
    path = DEVELOPER.format("v1beta")
    assert isinstance(admit(path, {}, KEY, {"k"}), Admitted)
    assert admit(path, {}, KEY, {"other"}) == Turned(403)
