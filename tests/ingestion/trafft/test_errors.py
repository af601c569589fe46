"""The tree of errors: drawn as it is, complete messages, one predicate for what may be tried again."""

import pickle
import re

import pytest

from ingestion.http.trouble import TransportError, Trouble
from ingestion.trafft import errors
from ingestion.trafft.errors import (
    PermanentError,
    RateLimited,
    TrafftError,
    TransientError,
    UnexpectedResponse,
    error_of_status,
    error_of_transport,
    is_retryable,
    told_to_wait,
)

KINDS = [kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, TrafftError)]
LEAVES = [kind for kind in KINDS if kind not in (TrafftError, TransientError, PermanentError)]


def test_the_tree_in_the_docstring_is_the_tree_of_classes() -> None:
    drawn = re.findall(r"^( *)[*x-] (\w+)", errors.__doc__ or "", re.MULTILINE)
    above: dict[int, str] = {}
    parents: dict[str, str] = {}
    for indent, name in drawn:
        above[len(indent)] = name
        parents[name] = above.get(len(indent) - 2, "Exception")
    assert parents == {kind.__name__: kind.__base__.__name__ for kind in KINDS if kind.__base__}


@pytest.mark.parametrize("kind", LEAVES)
def test_every_error_says_what_where_and_what_to_do(kind: type[TrafftError]) -> None:
    error = kind("Trafft answered strangely", "GET /api/v2/services", advice="Do this.")
    assert str(error) == "Trafft answered strangely (GET /api/v2/services). Do this."
    assert kind("It failed").advice == kind.default_advice


@pytest.mark.parametrize("kind", [kind for kind in LEAVES if kind is not errors.InsecureUrl])
def test_every_kind_has_advice_of_its_own_to_give(kind: type[TrafftError]) -> None:
    assert kind.default_advice.endswith(".")


@pytest.mark.parametrize("kind", LEAVES)
def test_errors_survive_the_way_to_another_process(kind: type[TrafftError]) -> None:
    error = kind("It failed", "GET /api/v2/services", advice="Do this.")
    if isinstance(error, TransientError):
        error.retry_after = 7
    copy = pickle.loads(pickle.dumps(error))  # noqa: S301 - our own bytes
    assert (type(copy), str(copy), vars(copy)) == (kind, str(error), vars(error))


def test_what_may_pass_is_retryable_and_nothing_else() -> None:
    assert {kind for kind in LEAVES if is_retryable(kind("It failed"))} == set(TransientError.__subclasses__())
    assert not is_retryable(ValueError())


@pytest.mark.parametrize(
    ("status", "name"),
    [
        (400, "ValidationFailed"),
        (401, "AuthenticationFailed"),
        (402, "UnexpectedResponse"),
        (403, "FeatureNotEnabled"),
        (404, "NotFound"),
        (405, "MethodNotAllowed"),
        (408, "Timeout"),
        (422, "ValidationFailed"),
        (429, "RateLimited"),
        (500, "ServerError"),
        (502, "ServerError"),
        (503, "ServerError"),
        (504, "ServerError"),
    ],
)
def test_each_status_has_its_error(status: int, name: str) -> None:
    error = error_of_status(status, "GET /api/v2/services", said="no", retry_after=3)
    assert type(error).__name__ == name
    assert error.what == f"Trafft answered {status}: no"
    assert told_to_wait(error) == (3 if is_retryable(error) else None)


@pytest.mark.parametrize("trouble", list(Trouble))
def test_each_trouble_of_the_transport_has_its_error(trouble: Trouble) -> None:
    error = error_of_transport(TransportError(trouble, "a detail", where="GET /api/v2/services"))
    assert error.where == "GET /api/v2/services"
    assert error.what.lower() == f"{trouble.value} (a detail)"
    lasting = {Trouble.TOO_LARGE, Trouble.REDIRECT, Trouble.INSECURE}
    assert is_retryable(error) == (trouble not in lasting)


def test_a_web_page_is_explained_with_the_way_out() -> None:
    text = str(UnexpectedResponse.html("GET /api/v2/services"))
    assert "this is not the API URL" in text
    assert "Copy the API URL from Trafft's API card" in text


def test_a_limit_without_a_wait_tells_none() -> None:
    assert told_to_wait(RateLimited("Too many")) is None
