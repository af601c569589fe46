"""The demo's result: one record, written as a JSON document (docs/demo-json.md) or as tables for people."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from rich.console import Console
from rich.table import Table

from cli.checks import CheckCounts
from cli.runs import JobRun
from cli.summary import ShopSummary

_CENT = Decimal("0.01")
_COUNTS = ("seen", "new", "changed", "gone", "quarantined")


@dataclass(frozen=True)
class DemoReport:
    """What the demo did and found."""

    as_of: datetime
    shops: Sequence[ShopSummary]
    checks: CheckCounts
    runs: Sequence[JobRun]
    phases: Mapping[str, float]
    simulator: Mapping[str, Any]

    @property
    def is_ok(self) -> bool:
        """Whether every run succeeded, every check passed and every shop was read whole."""
        return (
            all(run.succeeded for run in self.runs)
            and not self.checks.failed
            and bool(self.shops)
            and all(shop.sync.is_complete for shop in self.shops)
        )

    def document(self, ui: str | None) -> dict[str, Any]:
        """Return the JSON document; its fields are documented in docs/demo-json.md."""
        return {
            "ok": self.is_ok,
            "asOf": self.as_of,
            "shops": [_shop(shop) for shop in self.shops],
            "checks": asdict(self.checks),
            "runs": [
                {"job": run.job, "runId": run.run_id, "status": run.status, "seconds": run.seconds} for run in self.runs
            ],
            "phases": self.phases,
            "simulator": self.simulator,
            "ui": ui,
        }

    def show(self, console: Console) -> None:
        """Write the tables."""
        console.print(self._rows_table(), self._figures_table(), self._seconds_table())
        for shop in self.shops:
            for error in shop.sync.errors:
                console.print(f"{shop.shop.name}: {error}")
        for run in self.runs:
            if not run.succeeded:
                console.print(f"{run.job} ended as {run.status}; what it says is in logs/run.log of the home.")
        self._show_checks(console)

    def _show_checks(self, console: Console) -> None:
        skipped = sum(failure.severity == "not evaluated" for failure in self.checks.failures)
        parts = {
            "passed": self.checks.passed,
            "failed": self.checks.failed - skipped,
            "warned": self.checks.warned,
            "not reached": skipped,
        }
        console.print("Checks: " + ", ".join(f"{count} {what}" for what, count in parts.items() if count))
        for failure in self.checks.failures:
            if failure.severity != "not evaluated":
                console.print(f"  {failure.severity}: {failure.check} of {failure.asset}")

    def _rows_table(self) -> Table:
        table = Table("shop", "list", title="Rows read", title_justify="left")
        for name in _COUNTS:
            table.add_column(name, justify="right")
        for shop in self.shops:
            for resource, counts in shop.sync.resources.items():
                whole = "" if counts["complete"] else "  (not read whole)"
                table.add_row(shop.shop.name, resource + whole, *(f"{counts[name]:,}" for name in _COUNTS))
            table.add_section()
        return table

    def _figures_table(self) -> Table:
        title = f"Figures as of {self.as_of:%Y-%m-%d %H:%M} UTC, over each shop's whole past"
        table = Table("shop", title=title, title_justify="left")
        for name in ("bookings", "revenue", "average ticket", "new clients", "returning"):
            table.add_column(name, justify="right", no_wrap=True)
        for shop in self.shops:
            totals = shop.totals
            table.add_row(
                shop.shop.name,
                f"{totals.appointments:,}",
                f"{totals.revenue:,.2f} {shop.shop.currency}",
                "none" if totals.average_ticket is None else f"{totals.average_ticket:,.2f}",
                f"{totals.new_clients:,}",
                f"{totals.returning_clients:,}",
            )
        return table

    def _seconds_table(self) -> Table:
        table = Table(*self.phases, title="Seconds", title_justify="left")
        table.add_row(*(f"{seconds:.1f}" for seconds in self.phases.values()))
        return table


def money(amount: Decimal | None) -> str | None:
    """Write an amount with two decimals, or with more where a currency has them."""
    if amount is None:
        return None
    cents = amount.quantize(_CENT)
    return str(cents if cents == amount else amount.normalize())


def _shop(summary: ShopSummary) -> dict[str, Any]:
    shop, totals = summary.shop, summary.totals
    return {
        "name": shop.name,
        "barbershopId": shop.barbershop_id,
        "integrationId": shop.id,
        "timezone": shop.timezone,
        "currency": shop.currency,
        "status": summary.sync.status,
        "errors": summary.sync.errors,
        "resources": summary.sync.resources,
        "totals": {
            "appointments": totals.appointments,
            "customers": totals.customers,
            "revenue": money(totals.revenue),
            "averageTicket": money(totals.average_ticket),
            "newClients": totals.new_clients,
            "returningClients": totals.returning_clients,
        },
    }
