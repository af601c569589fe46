"""Steering a simulator from another process: `/_simulator/...`, on sockets only and never part of the false API.

What there is stands in simulator/README.md. A request that cannot be carried out is answered 422 and told why.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any

import orjson

from simulator import truth
from simulator.answers import Answer, not_allowed, not_found, reply
from simulator.clock import Clock
from simulator.people import People
from simulator.server import Request, Simulator
from simulator.shop import Shop

# The edits that may be called by name; what they take is in simulator.shop.
EDITS = (
    "add_appointment", "add_customer", "add_raw_record", "assign", "cancel", "cancel_booking", "change_minutes",
    "change_note", "change_price", "change_service", "delete_appointment", "delete_customer", "mark_no_show",
    "rename_customer", "reschedule", "restore_appointment", "set_status",
)  # fmt: skip
_LINES_AT_ONCE = 1000


def control(simulator: Simulator, request: Request) -> Answer | Iterator[bytes]:
    """An answer, or the portions of a long one."""
    words = request.path.strip("/").split("/")[1:]
    try:
        if words[:1] == ["shops"]:
            return _shops(simulator, request, words[1:])
        if len(words) == 1 and words[0] in _ROUTES:
            methods = _ROUTES[words[0]]
            if request.method not in methods:
                return not_allowed(", ".join(sorted(methods)))
            return reply(methods[request.method](simulator, _body(request)))
    except (LookupError, TypeError, ValueError, InvalidOperation) as error:
        return reply({"message": str(error)}, 422)
    return not_found()


def _body(request: Request) -> dict[str, Any]:
    value = orjson.loads(request.body) if request.body else {}
    if not isinstance(value, dict):
        raise TypeError(f"the body must be a JSON object, not {type(value).__name__}")
    return value


def _show_clock(simulator: Simulator, _: Mapping[str, Any]) -> dict[str, Any]:
    return {"now": simulator.clock.now(), "frozen": simulator.clock.is_frozen}


def _set_clock(simulator: Simulator, wanted: Mapping[str, Any]) -> dict[str, Any]:
    clock: Clock = simulator.clock
    actions: Mapping[str, Callable[[Any], object]] = {
        "advance_seconds": lambda seconds: clock.advance(timedelta(seconds=seconds)),
        "freeze": lambda at: clock.freeze(datetime.fromisoformat(at) if isinstance(at, str) else None),
        "unfreeze": lambda _: clock.unfreeze(),
    }
    if not wanted or not wanted.keys() <= actions.keys():
        raise ValueError(f"say one of {', '.join(actions)}; got {', '.join(wanted) or 'nothing'}")
    for name, value in wanted.items():
        actions[name](value)
    return _show_clock(simulator, {})


def _add_fault(simulator: Simulator, wanted: Mapping[str, Any]) -> dict[str, Any]:
    body = {"body": wanted["body"].encode()} if "body" in wanted else {}
    simulator.fail_next(**{**wanted, **body})
    return {"added": wanted}


def _clear_faults(simulator: Simulator, _: Mapping[str, Any]) -> dict[str, Any]:
    simulator.clear_faults()
    return {"cleared": True}


def _revoke_tokens(simulator: Simulator, _: Mapping[str, Any]) -> dict[str, Any]:
    simulator.revoke_tokens()
    return {"revoked": True}


def _show_requests(simulator: Simulator, _: Mapping[str, Any]) -> dict[str, Any]:
    return {"kept": len(simulator.requests), "last": list(simulator.requests)[-100:]}


_ROUTES: Mapping[str, Mapping[str, Callable[[Simulator, Mapping[str, Any]], dict[str, Any]]]] = {
    "clock": {"GET": _show_clock, "POST": _set_clock},
    "faults": {"POST": _add_fault, "DELETE": _clear_faults},
    "tokens": {"DELETE": _revoke_tokens},
    "requests": {"GET": _show_requests},
}


def _shops(simulator: Simulator, request: Request, words: list[str]) -> Answer | Iterator[bytes]:
    """`shops`, `shops/{number}/counts`, `shops/{number}/truth/{resource}` and `shops/{number}/edits`."""
    if not words:
        return reply([_described(shop) for shop in simulator.shops.values()])
    shop = next((shop for shop in simulator.shops.values() if str(shop.number) == words[0]), None)
    if shop is None:
        raise LookupError(f"no shop {words[0]}: there are {', '.join(str(s.number) for s in simulator.shops.values())}")
    match request.method, words[1:]:
        case "GET", ["counts"]:
            return reply(shop.counts())
        case "GET", ["truth", resource]:
            return _lines(_truth(shop, resource))
        case "POST", ["edits"]:
            return reply({"result": _edit(shop, _body(request))})
    return not_found()


def _described(shop: Shop) -> dict[str, Any]:
    """Enough to recognise it; the credentials are for whoever made the shops."""
    place = {"timezone": shop.timezone, "currency": shop.currency}
    return {"number": shop.number, "name": shop.name, "client_id": shop.client_id, **place}


def _truth(shop: Shop, resource: str) -> Iterable[truth.TruthRecord]:
    state = shop.state()
    resources: Mapping[str, Callable[[], Iterable[truth.TruthRecord]]] = {
        "appointments": lambda: truth.appointments(shop.plan, state),
        "customers": lambda: truth.customers(state, People(state.book, shop.place)),
        "services": lambda: truth.services(state),
        "employees": lambda: truth.employees(state),
        "locations": lambda: truth.locations(shop.plan),
    }
    if resource not in resources:
        raise LookupError(f"no resource {resource!r}: choose one of {', '.join(resources)}")
    return resources[resource]()


def _lines(records: Iterable[truth.TruthRecord]) -> Iterator[bytes]:
    portion: list[bytes] = []
    for record in records:
        portion.append(orjson.dumps(record, default=str, option=orjson.OPT_APPEND_NEWLINE))
        if len(portion) == _LINES_AT_ONCE:
            yield b"".join(portion)
            portion.clear()
    yield b"".join(portion)


def _edit(shop: Shop, wanted: dict[str, Any]) -> Any:
    name = wanted.pop("edit", None)
    if name not in EDITS:
        raise LookupError(f"no edit {name!r}: choose one of {', '.join(EDITS)}")
    if "starts_at" in wanted:
        wanted["starts_at"] = datetime.fromisoformat(wanted["starts_at"])
    if "price" in wanted:
        wanted["price"] = Decimal(str(wanted["price"]))
    return getattr(shop, name)(**wanted)
