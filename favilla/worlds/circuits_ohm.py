"""Circuits of a battery and resistors: in series, side by side, and both."""

from __future__ import annotations

import random

from favilla.worlds.circuit_parts import Wiring, ladder, spread
from favilla.worlds.circuits_wordings import (
    ACROSS,
    ACROSS_TEST,
    CURRENT,
    CURRENT_TEST,
    RESISTANCE,
    RESISTANCE_TEST,
    THROUGH,
    THROUGH_TEST,
    TOTAL,
    TOTAL_TEST,
    VOLTAGE,
    VOLTAGE_TEST,
)
from favilla.worlds.diagrams import Diagram, ended
from favilla.worlds.scenes import Question, Scene
from favilla.worlds.sketch import Sheet
from favilla.worlds.written_products import product, quotient, total
from favilla.worlds.written_sums import minus

ASKS = {
    "current": (CURRENT, CURRENT_TEST),
    "voltage": (VOLTAGE, VOLTAGE_TEST),
    "total": (TOTAL, TOTAL_TEST),
    "resistance": (RESISTANCE, RESISTANCE_TEST),
    "across": (ACROSS, ACROSS_TEST),
    "through": (THROUGH, THROUGH_TEST),
}


class Resistors(Diagram):
    """What the three have in common. A scene has ohms: of all resistors; volts, amps: of the battery; shown: which of V, I are
    written; hidden: the resistor that is not written, or -1."""

    def names(self, scene: Scene) -> list[str]:
        count = len(scene["ohms"])
        return [f"R{i}" for i in range(1, count + 1)] if count > 1 else ["R"]

    def _seen(self, scene: Scene) -> list[str]:
        ohms = [
            f"{name} {'?' if i == scene['hidden'] else value}"
            for i, (name, value) in enumerate(zip(self.names(scene), scene["ohms"], strict=True))
        ]
        volts = [f"{scene['volts']} V"] if "V" in scene["shown"] else []
        return [*volts, *ohms, *([f"{scene['amps']} A"] if "I" in scene["shown"] else [])]

    def tell(self, rng: random.Random, scene: Scene) -> str:
        battery = f"A {scene['volts']} V battery" if "V" in scene["shown"] else "A battery"
        parts = []
        for i, (name, value) in enumerate(zip(self.names(scene), scene["ohms"], strict=True)):
            parts.append(f"{name} (unknown)" if i == scene["hidden"] else f"{name} = {value} ohm")
        meter = f" The ammeter at the battery reads {scene['amps']} A." if "I" in scene["shown"] else ""
        return f"{battery}, {self.joined(rng, parts)}.{meter}"

    def joined(self, rng: random.Random, parts: list[str]) -> str:
        raise NotImplementedError

    def labels(self, rng: random.Random, scene: Scene) -> list[str]:
        sign = rng.choice(("=", "=", ":"))
        return [
            name if i == scene["hidden"] else f"{name}{sign}{value}"
            for i, (name, value) in enumerate(zip(self.names(scene), scene["ohms"], strict=True))
        ]

    def battery(self, rng: random.Random, scene: Scene) -> str:
        return f"{scene['volts']}{rng.choice(('V', 'V', ' V'))}" if "V" in scene["shown"] else ""

    def meter(self, rng: random.Random, scene: Scene) -> list[tuple[str, str]]:
        return [("ammeter", f"{scene['amps']}{rng.choice(('A', ' A'))}")] if "I" in scene["shown"] else []


class Series(Resistors):
    """Level 1: Ohm's law with one resistor, or two added. 2: two resistors, or three added. 3: the voltage across one. 4: up to four,
    or one that is unknown."""

    name = "series"
    written = r"\d+|[VA]|R\d?"
    asks = {kind: ASKS[kind] for kind in ("current", "voltage", "total", "resistance", "across")}

    def facts(self, rng: random.Random, level: int) -> Scene:
        shown, count = rng.choice(
            {
                1: (("V", 1), ("I", 1), ("VI", 1), ("", 2)),
                2: (("V", 2), ("I", 2), ("", 3)),
                3: (("V", 2), ("V", 3), ("I", 3)),
                4: (("V", 3), ("V", 4), ("VI", 2), ("VI", 3)),
            }[level]
        )
        low, high, most = {1: (2, 9, 9), 2: (1, 9, 6), 3: (2, 12, 8), 4: (3, 20, 9)}[level]
        ohms = [rng.randint(low, high) for _ in range(count)]
        amps = rng.randint(1 if level > 1 else 2, most)
        hidden = rng.randrange(count) if shown == "VI" else -1
        return {"volts": amps * sum(ohms), "amps": amps, "ohms": ohms, "shown": shown, "hidden": hidden}

    def transcript(self, scene: Scene) -> str:
        return ", ".join(self._seen(scene))

    def joined(self, rng: random.Random, parts: list[str]) -> str:
        if len(parts) == 1:
            return f"one resistor: {parts[0]}"
        return rng.choice(("in series: {}", "resistors in series: {}", "resistors one after the other: {}")).format(
            ", ".join(parts)
        )

    def draw(self, rng: random.Random, scene: Scene, letters: int, grow: float) -> Sheet:
        items = [("resistor", text) for text in self.labels(rng, scene)]
        items += self.meter(rng, scene)
        shapes = {1: ((1, 0, 0), (0, 1, 0)), 2: ((2, 0, 0), (1, 1, 0), (1, 0, 1)), 3: ((2, 1, 0), (1, 1, 1), (2, 0, 1)),
                  4: ((2, 1, 1), (2, 0, 2)), 5: ((2, 1, 2), (3, 0, 2), (3, 1, 1))}  # fmt: skip
        top, right, bottom = rng.choice(shapes[len(items)])
        wide, high = max(112, 62 * max(top, bottom) + 8) * grow, rng.uniform(70, 86) * grow
        x0, y0, x1, y1 = 20.0, 28.0, 20 + wide, 28 + high
        sheet = Sheet(rng, x1 + 22, y1 + 28, letters)
        wiring = Wiring(rng, sheet)
        wiring.wire((x0, y0), (x1, y0), (x1, y1), (x0, y1), (x0, y0), (x1, y0))
        wiring.part("battery", x0, (y0 + y1) / 2, True, self.battery(rng, scene), 0)
        spots = [(p, False, -90) for p in spread((x0, y0), (x1, y0), top)] if top else []
        spots += [(p, True, 180) for p in spread((x1, y0), (x1, y1), right)] if right else []
        spots += [(p, False, 90) for p in spread((x1, y1), (x0, y1), bottom)] if bottom else []
        for (kind, text), (spot, upright, turn) in zip(items, spots, strict=True):
            wiring.part(kind, *spot, upright, text, turn)
        return sheet

    def questions(self, rng: random.Random, scene: Scene, level: int) -> list[Question]:
        volts, amps, ohms, shown = scene["volts"], scene["amps"], scene["ohms"], scene["shown"]
        names, whole, seen = self.names(scene), sum(ohms), ", ".join(self._seen(scene))
        add = [total(ohms)] if len(ohms) > 1 else []
        plus = "+".join(names)
        out = []
        if shown == "VI":
            rest = [value for i, value in enumerate(ohms) if i != scene["hidden"]]
            name, answer = names[scene["hidden"]], ohms[scene["hidden"]]
            lines = ["R=V/I", quotient(volts, amps)]
            if rest:
                others = "-".join(n for n in names if n != name)
                lines += [f"{name}=R-{others}", *([total(rest)] if len(rest) > 1 else []), minus(whole, sum(rest))]
            return [ended("resistance", {"r": name}, answer, f"{seen}, {volts}/{amps}={whole}", *lines)]
        if len(ohms) > 1 and (level <= 2 or shown != "V"):
            out.append(ended("total", {}, whole, f"{seen}, {whole}", f"R={plus}", *add))
        if shown == "V":
            current = [f"R={plus}", *add, "I=V/R", quotient(volts, whole)] if add else ["I=V/R", quotient(volts, whole)]
            if level <= 3:
                out.append(ended("current", {}, amps, f"{seen}, {volts}/{whole}={amps}", *current))
            if level >= 3:
                for name, value in zip(names, ohms, strict=True):
                    out.append(ended("across", {"r": name}, amps * value, f"{seen}, {amps}*{value}={amps * value}", *current,
                                     f"V=I*{name}", product(amps, value)))  # fmt: skip
        if shown == "I":
            lines = [f"R={plus}", *add] if add else []
            out.append(
                ended("voltage", {}, volts, f"{seen}, {amps}*{whole}={volts}", *lines, "V=I*R", product(amps, whole))
            )
            if level == 2:
                for name, value in zip(names, ohms, strict=True):
                    out.append(ended("across", {"r": name}, amps * value, f"{seen}, {amps}*{value}={amps * value}",
                                     f"I {amps}, {name} {value}", f"V=I*{name}", product(amps, value)))  # fmt: skip
        return out


class Parallel(Resistors):
    """Level 1: the current through one of two. 2: the current through both. 3: three, or the resistance of two. 4: four, or one of
    three that is unknown."""

    name = "side_by_side"
    written = r"\d+|[VA]|R\d"
    asks = {kind: ASKS[kind] for kind in ("current", "through", "total", "resistance")}

    def facts(self, rng: random.Random, level: int) -> Scene:
        form = rng.choice(
            {1: ("through",), 2: ("current",), 3: ("current", "total"), 4: ("current", "resistance", "total")}[level]
        )
        if form == "total":  # two resistors whose product is a multiple of their sum
            low, high = (2, 15) if level == 3 else (4, 40)
            while True:
                ohms = [rng.randint(low, high), rng.randint(low, high)]
                if ohms[0] * ohms[1] % sum(ohms) == 0:
                    return {"volts": 0, "amps": 0, "ohms": ohms, "shown": "", "hidden": -1}
        count = {1: 2, 2: 2, 3: 3, 4: 4 if form == "current" else rng.randint(2, 3)}[level]
        while True:
            volts = rng.randint(4, 60 if level <= 2 else 96)
            fits = [v for v in range(2, 16) if volts % v == 0 and 1 <= volts // v <= 12]
            if len(fits) >= (2 if count == 2 else 3):
                break
        ohms = [rng.choice(fits) for _ in range(count)]
        amps = sum(volts // value for value in ohms)
        hidden = rng.randrange(count) if form == "resistance" else -1
        return {
            "volts": volts,
            "amps": amps,
            "ohms": ohms,
            "shown": "VI" if form == "resistance" else "V",
            "hidden": hidden,
        }

    def transcript(self, scene: Scene) -> str:
        return ", ".join(self._seen(scene))

    def joined(self, rng: random.Random, parts: list[str]) -> str:
        return rng.choice(("in parallel: {}", "resistors in parallel: {}", "resistors side by side: {}")).format(
            ", ".join(parts)
        )

    def draw(self, rng: random.Random, scene: Scene, letters: int, grow: float) -> Sheet:
        return ladder(rng, letters, grow, self.battery(rng, scene), [[("resistor", text)] for text in self.labels(rng, scene)],
                      self.meter(rng, scene))  # fmt: skip

    def questions(self, rng: random.Random, scene: Scene, level: int) -> list[Question]:
        volts, ohms = scene["volts"], scene["ohms"]
        names, seen = self.names(scene), ", ".join(self._seen(scene))
        if not scene["shown"]:
            a, b = ohms
            work = (
                f"R={names[0]}*{names[1]}/({names[0]}+{names[1]})",
                product(a, b),
                total(ohms),
                quotient(a * b, a + b),
            )
            return [ended("total", {}, a * b // (a + b), f"{seen}, {a * b}/{a + b}={a * b // (a + b)}", *work)]
        currents = [volts // value for value in ohms]
        if scene["hidden"] >= 0:
            hidden = scene["hidden"]
            rest = [i for i in range(len(ohms)) if i != hidden]
            lines = [f"{names[i]}: {quotient(volts, ohms[i])}" for i in rest]
            if len(rest) > 1:
                lines.append(total([currents[i] for i in rest]))
            used = sum(currents[i] for i in rest)
            lines += [f"{names[hidden]}: {minus(scene['amps'], used)}", quotient(volts, currents[hidden])]
            terse = f"{seen}, {scene['amps']}-{used}={currents[hidden]}, {volts}/{currents[hidden]}={ohms[hidden]}"
            return [ended("resistance", {"r": names[hidden]}, ohms[hidden], terse, *lines)]
        out = []
        if level <= 2:
            for name, value, current in zip(names, ohms, currents, strict=True):
                out.append(
                    ended(
                        "through",
                        {"r": name},
                        current,
                        f"{seen}, {volts}/{value}={current}",
                        f"I=V/{name}",
                        quotient(volts, value),
                    )
                )
        if level >= 2:
            lines = [f"{name}: {quotient(volts, value)}" for name, value in zip(names, ohms, strict=True)]
            out.append(
                ended(
                    "current",
                    {},
                    sum(currents),
                    f"{seen}, {'+'.join(map(str, currents))}={sum(currents)}",
                    *lines,
                    total(currents),
                )
            )
        return out


class Mixed(Resistors):
    """One resistor before two side by side. Level 3: the total resistance. 4: currents and voltages."""

    name = "mixed"
    levels = (3, 4)
    written = r"\d+|[VA]|R\d"
    asks = {kind: ASKS[kind] for kind in ("total", "current", "across")}

    def facts(self, rng: random.Random, level: int) -> Scene:
        while True:
            ohms = [rng.randint(1, 12), *(rng.randint(2, 30) for _ in range(2))]
            if ohms[1] * ohms[2] % (ohms[1] + ohms[2]) == 0:
                break
        amps = rng.randint(2, 6)
        volts = amps * (ohms[0] + _pair(ohms))
        return {"volts": volts, "amps": amps, "ohms": ohms, "shown": "V" if level == 4 else "", "hidden": -1}

    def transcript(self, scene: Scene) -> str:
        *volts, one, two, three = self._seen(scene)
        return ", ".join([*volts, f"{one}, then {two} | {three}"])

    def joined(self, rng: random.Random, parts: list[str]) -> str:
        return f"{parts[0]}, then in series with it {parts[1]} and {parts[2]} in parallel"

    def draw(self, rng: random.Random, scene: Scene, letters: int, grow: float) -> Sheet:
        first, *rest = self.labels(rng, scene)
        return ladder(
            rng, letters, grow, self.battery(rng, scene), [[("resistor", text)] for text in rest], [("resistor", first)]
        )

    def questions(self, rng: random.Random, scene: Scene, level: int) -> list[Question]:
        volts, amps, ohms, names = scene["volts"], scene["amps"], scene["ohms"], self.names(scene)
        a, b = ohms[1:]
        pair, whole = _pair(ohms), ohms[0] + _pair(ohms)
        seen = ", ".join(self._seen(scene))
        lines = [
            "R23=R2*R3/(R2+R3)",
            product(a, b),
            total([a, b]),
            quotient(a * b, a + b),
            "R=R1+R23",
            total([ohms[0], pair]),
        ]
        if level == 3:
            return [ended("total", {}, whole, f"{seen}, {pair}, {ohms[0]}+{pair}={whole}", *lines)]
        lines += ["I=V/R", quotient(volts, whole)]
        out = [ended("current", {}, amps, f"{seen}, {volts}/{whole}={amps}", *lines)]
        for i, name in enumerate(names):
            value, label = (ohms[0], "R1") if i == 0 else (pair, "R23")
            out.append(ended("across", {"r": name}, amps * value, f"{seen}, {amps}*{value}={amps * value}", *lines,
                             f"V=I*{label}", product(amps, value)))  # fmt: skip
        return out


def _pair(ohms: list[int]) -> int:
    return ohms[1] * ohms[2] // (ohms[1] + ohms[2])
