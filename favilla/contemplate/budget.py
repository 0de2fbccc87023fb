"""Budgets: what a run may use at most. A call reserves its upper limit first and settles what it really used.

All of it runs on one event loop and nothing awaits between looking and taking, so a reservation is atomic.
"""

from __future__ import annotations

import asyncio
import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from favilla.contemplate.solver import Usage
from favilla.errors import UserError, is_number

COUNTED = ("input_tokens", "output_tokens", "total_tokens", "usd", "calls")


@dataclass(frozen=True)
class Budget:
    """Hard limits of one run; None is no limit.

    input_tokens, output_tokens, total_tokens (their sum): of all requests together, failed, cut and nested ones too.
    usd: needs prices.
    seconds: wall clock. calls: requests, retries included.
    soft: share of any limit after which no further round begins.
    """

    input_tokens: int | None = None
    output_tokens: int | None = None
    total_tokens: int | None = None
    usd: float | None = None
    seconds: float | None = None
    calls: int | None = None
    soft: float = 0.8

    def __post_init__(self) -> None:
        for name in (*COUNTED, "seconds"):
            limit = getattr(self, name)
            if limit is not None and not (is_number(limit) and math.isfinite(limit) and limit > 0):
                raise UserError(f"budget {name} {limit!r}: give a number above 0, or leave it out")
        if not (is_number(self.soft) and 0 < self.soft <= 1):
            raise UserError(f"budget soft {self.soft!r}: give a share above 0 and up to 1")


class BudgetExceeded(Exception):  # noqa: N818  (it ends a run early; it is no error)
    """A call that the budget has no room for. `limit` names which one."""

    def __init__(self, limit: str) -> None:
        super().__init__(f"budget: {limit}")
        self.limit = limit


@dataclass(frozen=True)
class Price:
    """US dollars per million tokens; cached input costs `cached`."""

    input: float
    output: float
    cached: float

    def cost(self, usage: Usage) -> float:
        fresh = usage.input_tokens - usage.cached_tokens
        return (fresh * self.input + usage.cached_tokens * self.cached + usage.output_tokens * self.output) / 1e6


def price_table(table: Mapping[str, Any], name: str) -> dict[str, Price]:
    """Prices from {"model": {"input": 1.25, "output": 4.25, "cached": 0.15}}, in US dollars per million tokens; "cached" may be
    left out and is then as dear as input. What is a `Price` already is checked. name: for the error. Raises UserError."""
    try:
        prices = {
            str(model): p if isinstance(p, Price)
            else Price(float(p["input"]), float(p["output"]), float(p.get("cached", p["input"])))
            for model, p in table.items()
        }  # fmt: skip
        for model, price in prices.items():
            if not all(math.isfinite(v) and v >= 0 for v in (price.input, price.output, price.cached)):
                raise ValueError(f"{model}: a price is negative or no number")
        return prices
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise UserError(
            f'{name}: no table of prices ({error}); write {{"model": {{"input": 1.25, "output": 4.25}}}} (US dollars '
            "per million tokens)"
        ) from None


def read_prices(path: Path) -> dict[str, Price]:
    """A JSON file with a `price_table`. Raises UserError."""
    try:
        table = json.loads(Path(path).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise UserError(f"{path}: cannot be read as a table of prices ({error})") from None
    return price_table(table, str(path))


@dataclass
class Reservation:
    """Room taken in a ledger. final: for the aggregation, which alone may use what is held back for it."""

    upper: Usage
    usd: float
    final: bool


@dataclass
class Ledger:
    """What one run has used and what its running calls may still use."""

    budget: Budget
    prices: Mapping[str, Price] = field(default_factory=dict)
    used: Usage = field(default_factory=Usage)
    usd: float = 0.0
    unpriced: set[str] = field(default_factory=set)
    overrun: set[str] = field(default_factory=set)
    _open: list[Reservation] = field(default_factory=list)
    _held: Reservation | None = None
    _freed: asyncio.Event = field(default_factory=asyncio.Event)

    def check_prices(self, models: list[str]) -> None:
        """Raises UserError when a limit in dollars is set and a model has no price: it could not be kept."""
        missing = sorted({m for m in models if m not in self.prices})
        if self.budget.usd is not None and missing:
            raise UserError(f"budget usd: no price for {', '.join(missing)}; give a table with --prices FILE")

    def cost(self, model: str, usage: Usage) -> float:
        return self.prices[model].cost(usage) if model in self.prices else 0.0

    def hold(self, model: str, upper: Usage) -> bool:
        """Hold `upper` back for the last aggregation. False, holding nothing, when there is no room for it."""
        reservation = Reservation(upper, self.cost(model, upper), True)
        if self._lacking(reservation) is not None:
            return False
        self._held = reservation
        return True

    def release_hold(self) -> None:
        self._held = None
        self._freed.set()

    def room(self, model: str, upper: Usage) -> str | None:
        """The limit that leaves no room for `upper` now, or None."""
        return self._lacking(Reservation(upper, self.cost(model, upper), False))

    async def reserve(self, model: str, upper: Usage, *, final: bool = False) -> Reservation:
        """Take room for one call, waiting for running ones to settle when that could help. Raises BudgetExceeded."""
        reservation = Reservation(upper, self.cost(model, upper), final)
        while (limit := self._lacking(reservation)) is not None:
            if not self._open:
                raise BudgetExceeded(limit)
            self._freed.clear()
            await self._freed.wait()
        self._open.append(reservation)
        return reservation

    def settle(self, reservation: Reservation, model: str, usage: Usage | None) -> Usage:
        """Give the room back and count what was used; None: nobody knows, so all that was reserved. Returns it."""
        self._open.remove(reservation)
        upper = reservation.upper  # of a solver that contemplates itself: of all its requests
        counted = replace(upper, unreported=upper.calls) if usage is None else usage
        self.add(model, counted)
        self._freed.set()
        return counted

    def add(self, model: str, usage: Usage) -> None:
        """Count what was used (also: by a run that this one goes on with)."""
        self.used += usage
        self.usd += self.cost(model, usage)
        if model not in self.prices:
            self.unpriced.add(model)
        # An endpoint can ignore max_tokens, or count pictures dearer than the estimate: then the books say so.
        for name in COUNTED:
            limit = getattr(self.budget, name)
            if limit is not None and self._used(name) > limit + 1e-9:
                self.overrun.add(name)

    def soft_limit(self) -> str | None:
        """The first limit of which the soft share is used up, or None."""
        for name in COUNTED:
            limit = getattr(self.budget, name)
            if limit is not None and self._used(name) >= self.budget.soft * limit:
                return name
        return None

    def _used(self, name: str) -> float:
        return self.usd if name == "usd" else getattr(self.used, name)

    def _lacking(self, wanted: Reservation) -> str | None:
        taken = [*self._open, *([self._held] if self._held and not wanted.final else []), wanted]
        for name in COUNTED:
            limit = getattr(self.budget, name)
            upper = self._used(name) + sum(r.usd if name == "usd" else getattr(r.upper, name) for r in taken)
            if limit is not None and upper > limit + 1e-9:
                return name
        return None
