"""The awkward behaviours of the real Trafft, known or feared, each a switch; the defaults are what was verified."""

from dataclasses import dataclass, field, fields
from typing import Any, Literal, Self

from simulator.dice import Dice


def _switch(*options: Any, lossy: tuple[Any, ...] = ()) -> Any:
    """The first option is the default. `lossy` ones can hide records from a reader who makes no mistake."""
    return field(default=options[0], metadata={"options": tuple(o for o in options if o not in lossy), "lossy": lossy})


@dataclass(frozen=True)
class Modes:
    """How one shop's account answers. Nothing here changes what happened in the shop, only how it is told."""

    # How values are written.
    times: Literal["naive", "iso_offset", "iso_utc", "epoch", "epoch_ms"] = _switch(
        "naive", "iso_offset", "iso_utc", "epoch", "epoch_ms"
    )
    durations: Literal["seconds", "minutes"] = _switch("seconds", "minutes")
    prices: Literal["number", "string", "symbol", "comma", "null"] = _switch(
        "number", "string", "symbol", "comma", "null"
    )
    ids: Literal["number", "string"] = _switch("number", "string")
    statuses: Literal["words", "display", "codes"] = _switch("words", "display", "codes")
    no_show: Literal["no-show", "no_show", "both"] = _switch("no-show", "no_show", "both")
    phone_country_code: Literal["iso", "dial"] = _switch("iso", "dial")
    # What a record contains.
    no_location: Literal["object", "null", "absent"] = _switch("object", "null", "absent")
    no_customer: Literal["no_bookings", "null_customer"] = _switch("no_bookings", "null_customer")
    employees: Literal["listed", "empty"] = _switch("listed", "empty")
    departed_employees: Literal["listed", "hidden"] = _switch("listed", "hidden")
    single_record: Literal["bare", "data"] = _switch("bare", "data")
    extended_fields: Literal["absent", "present"] = _switch("absent", "present")
    # Features of the account's plan.
    plan: Literal["with_api", "without_api"] = _switch("with_api", "without_api", lossy=("without_api",))
    locations: Literal["on", "empty", "403", "404", "405"] = _switch("on", "empty", "403", "404", "405")
    availability: Literal["rolling", "honoured"] = _switch("rolling", "honoured")
    # Paging, filtering and sorting.
    filters: Literal["status_only", "honoured", "ignored"] = _switch("status_only", "honoured", "ignored")
    sorting: Literal["ignored", "honoured"] = _switch("ignored", "honoured")
    ties: Literal["stable", "unstable"] = _switch("stable", "unstable", lossy=("unstable",))
    page: Literal["honoured", "ignored"] = _switch("honoured", "ignored", lossy=("ignored",))
    past_the_end: Literal["empty", "last_page"] = _switch("empty", "last_page")
    default_limit: int = _switch(20, 10, 50)
    max_limit: int = _switch(100, 25, 50)
    over_limit: Literal["clamped", "422"] = _switch("clamped", "422")
    pagination: Literal["block", "laravel", "missing"] = _switch("block", "laravel", "missing")
    total: Literal["right", "stale", "wrong"] = _switch("right", "stale", "wrong", lossy=("stale", "wrong"))
    seconds_per_page: int = _switch(0, 600, lossy=(600,))  # the clock moves on after each list page: rows shift
    # Access and throttling.
    token_seconds: int = _switch(3600, 90)
    token_key: Literal["access_token", "token", "accessToken"] = _switch("access_token", "token", "accessToken")
    requests_per_minute: int | None = _switch(None)
    retry_after: Literal["seconds", "http_date", "absent"] = _switch("seconds", "http_date", "absent")
    request_ids: Literal["absent", "present"] = _switch("absent", "present")

    @classmethod
    def awkward(cls, seed: int, *, lossy: bool = False) -> Self:
        """A random mixture for property tests. Without `lossy`, a careful reader can still read every record."""
        dice = Dice("modes", seed)
        chosen: dict[str, Any] = {}
        for entry in fields(cls):
            options = entry.metadata["options"] + (entry.metadata["lossy"] if lossy else ())
            chosen[entry.name] = options[dice.pick(entry.name, len(options))]
        return cls(**chosen)
