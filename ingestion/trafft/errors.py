"""What can go wrong between us and Trafft, as one tree.

* TrafftError
  x TransientError            the same request may succeed later
    - Timeout
    - ConnectionLost
    - BrokenAnswer            the body broke off
    - RateLimited
    - ServerError
  x PermanentError            it will not, until somebody changes something
    - AuthenticationFailed
    - FeatureNotEnabled
    - NotFound
    - MethodNotAllowed
    - ValidationFailed
    - UnexpectedResponse      an answer, but not one of Trafft's API
    - RedirectRefused
    - ResponseTooLarge
    - InsecureUrl
"""

from typing import ClassVar

from ingestion.http.trouble import TransportError, Trouble

API_CARD = "Trafft's API card (Features & Integrations, API, Set Up)"


class TrafftError(Exception):
    """What was wrong, where (method and path, never a query or a header), and in `advice` what to do about it."""

    default_advice: ClassVar[str] = ""

    def __init__(self, what: str, where: str = "", *, advice: str | None = None) -> None:
        super().__init__(what, where)
        self.what = what
        self.where = where
        self.advice = self.default_advice if advice is None else advice

    def __str__(self) -> str:
        place = f" ({self.where})" if self.where else ""
        return f"{self.what.rstrip('.')}{place}. {self.advice}".strip()


class TransientError(TrafftError):
    """The same request may succeed later. `retry_after` is how many seconds Trafft asked us to wait, if it did."""

    default_advice = "Nothing to do: the next sync tries again."

    def __init__(
        self, what: str, where: str = "", *, advice: str | None = None, retry_after: float | None = None
    ) -> None:
        super().__init__(what, where, advice=advice)
        self.retry_after = retry_after


class Timeout(TransientError):
    """No answer, or not all of it, in the time allowed."""


class ConnectionLost(TransientError):
    """No connection, or it was reset."""

    default_advice = "If this goes on, check that the base URL is right and that this machine reaches it."


class BrokenAnswer(TransientError):
    """The answer broke off, or is no JSON although it should be."""


class RateLimited(TransientError):
    """429: more requests than Trafft allows."""

    default_advice = "If this goes on, lower the requests per minute of this integration."


class ServerError(TransientError):
    """5xx: Trafft itself failed."""


class PermanentError(TrafftError):
    """The same request will fail again until somebody changes something."""


class AuthenticationFailed(PermanentError):
    """Trafft does not accept the credentials, or no longer."""

    default_advice = f"Copy Client ID and Client Secret again from {API_CARD} and connect the shop with them."


class FeatureNotEnabled(PermanentError):
    """403: the account may not use this."""

    default_advice = "Enable the feature in Trafft, or upgrade the plan: the API is part of the higher ones only."


class NotFound(PermanentError):
    """404: no such record or list."""

    default_advice = "If it is a record, it was deleted in Trafft; if a list, this account does not have it."


class MethodNotAllowed(PermanentError):
    """405: Trafft has no such operation; it reads no single appointment, for example."""

    default_advice = "Trafft does not offer this; read the list instead."


class ValidationFailed(PermanentError):
    """400 or 422: Trafft does not take this request as it is."""

    default_advice = "Please report this: the client sent something that Trafft does not take."


class UnexpectedResponse(PermanentError):
    """An answer in a shape that Trafft's API does not give."""

    default_advice = "Please report this: the answer has a shape that the client does not know."

    @classmethod
    def html(cls, where: str) -> "UnexpectedResponse":
        """Trafft's web application answers every address that it does not know, with status 200 and a page."""
        return cls(
            "Trafft sent a web page instead of data: this is not the API URL",
            where,
            advice=f"Copy the API URL from {API_CARD}; it is the whole address up to the host, without a path.",
        )


class RedirectRefused(PermanentError):
    """3xx: credentials are sent to the configured address only, wherever it points."""

    default_advice = f"Copy the API URL from {API_CARD}; it is the address that answers without sending us on."


class ResponseTooLarge(PermanentError):
    """More than any page of records can be."""

    default_advice = "Check that the base URL is that of a Trafft account; if it is, please report this."


class InsecureUrl(PermanentError):
    """An address that credentials must not be sent to."""


def is_retryable(error: BaseException) -> bool:
    """Whether the same request may succeed if it is made again."""
    return isinstance(error, TransientError)


def told_to_wait(error: BaseException) -> float | None:
    """Return the seconds that Trafft asked us to wait before the next try, None if it did not."""
    return error.retry_after if isinstance(error, TransientError) else None


_BY_STATUS: dict[int, type[PermanentError]] = {
    400: ValidationFailed,
    401: AuthenticationFailed,
    403: FeatureNotEnabled,
    404: NotFound,
    405: MethodNotAllowed,
    422: ValidationFailed,
}
_BY_TROUBLE: dict[Trouble, type[TrafftError]] = {
    Trouble.TIMEOUT: Timeout,
    Trouble.CONNECTION: ConnectionLost,
    Trouble.BROKEN_BODY: BrokenAnswer,
    Trouble.TOO_LARGE: ResponseTooLarge,
    Trouble.REDIRECT: RedirectRefused,
    Trouble.INSECURE: InsecureUrl,
}


def error_of_status(status: int, where: str, *, said: str = "", retry_after: float | None = None) -> TrafftError:
    """Return the error that a status other than success stands for; `said` is what Trafft said of it."""
    what = f"Trafft answered {status}: {said}" if said else f"Trafft answered {status}"
    if status == 408:
        return Timeout(what, where, retry_after=retry_after)
    if status == 429:
        return RateLimited(what, where, retry_after=retry_after)
    if status >= 500:
        return ServerError(what, where, retry_after=retry_after)
    return _BY_STATUS.get(status, UnexpectedResponse)(what, where)


def error_of_transport(error: TransportError) -> TrafftError:
    """Return the typed error for a request that got no usable answer."""
    what = str(error)
    return _BY_TROUBLE[error.trouble](what[:1].upper() + what[1:], error.where)
