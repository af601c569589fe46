"""`sixfb simulate`: a false Trafft with shops behind it, on a loopback port."""

from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, datetime
from shlex import quote
from typing import TYPE_CHECKING

import click

from cli.console import emit
from cli.errors import CommandError
from cli.ports import LOOPBACK, is_free

if TYPE_CHECKING:
    from simulator.shop import Shop


def moment(_context: click.Context, parameter: click.Parameter, value: str | None) -> datetime | None:
    """Read an option's ISO 8601 moment; without an offset it is UTC."""
    if value is None:
        return None
    try:
        read = datetime.fromisoformat(value)
    except ValueError:
        raise click.BadParameter(
            f"{value!r} is no moment. Write it as 2026-03-02T12:00:00Z.", param=parameter
        ) from None
    return read.replace(tzinfo=UTC) if read.tzinfo is None else read.astimezone(UTC)


@click.command()
@click.option("--port", type=click.IntRange(1, 65_535), default=8600, show_default=True)
@click.option("--shops", type=click.IntRange(1, 200), default=2, show_default=True, help="How many shops.")
@click.option("--seed", type=int, default=7, show_default=True, help="The same seed gives the same shops.")
@click.option("--frozen-at", callback=moment, help="Stand still at this moment (ISO 8601) and do not follow the clock.")
@click.option("--json", "as_json", is_flag=True, help="Print one line of JSON instead of text.")
def simulate(*, port: int, shops: int, seed: int, frozen_at: datetime | None, as_json: bool) -> None:
    """Serve simulated shops that behave like Trafft, until Ctrl-C.

    Prints the base URL and each shop's credentials, which are as false as the shops. The past of a shop depends on the
    seed alone. To connect one, sixfb must be allowed to speak http to this machine: set ALLOW_LOOPBACK=true.
    """
    from simulator.clock import Clock
    from simulator.family import demo_shops
    from simulator.serving import serve

    if not is_free(port):
        raise CommandError(f"Port {port} is taken by another program. Choose another with --port.")
    clock = Clock(frozen_at=frozen_at)
    family = demo_shops(shops, seed=seed, clock=clock)
    base_url = f"http://{LOOPBACK}:{port}"
    if as_json:
        emit({"baseUrl": base_url, "shops": [_facts(shop) for shop in family]}, indent=None)
    else:
        _tell(base_url, family)
    with suppress(KeyboardInterrupt):  # uvicorn has stopped in order by then
        serve(family, port=port, clock=clock)


def _facts(shop: "Shop") -> dict[str, str]:
    return {
        "name": shop.name,
        "clientId": shop.client_id,
        "clientSecret": shop.client_secret,
        "timezone": shop.timezone,
        "currency": shop.currency,
    }


def _tell(base_url: str, family: "Sequence[Shop]") -> None:
    click.echo(f"A false Trafft at {base_url} (Ctrl-C stops it). To connect a shop:\n")
    for shop in family:
        click.echo(
            f"# {shop.name}\n"
            f"export ALLOW_LOOPBACK=true SIXFB_CLIENT_ID={shop.client_id} SIXFB_CLIENT_SECRET={shop.client_secret}\n"
            f"sixfb shop connect --name {quote(shop.name)} --base-url {base_url} "
            f"--timezone {shop.timezone} --currency {shop.currency}\n"
        )
