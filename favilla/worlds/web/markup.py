"""A page's facts as HTML, in a look drawn at random: fonts, colours, sizes, corners, outlines, arrangement."""

from __future__ import annotations

import base64
import random
from dataclasses import dataclass
from pathlib import Path

import matplotlib

from favilla.worlds.drawing import RGB, background, ink, luminance, mixed, shade
from favilla.worlds.web.pages import Block, Control, controls

# Files that matplotlib brings along; the names are ours, so that a machine's own version is never taken instead.
BUNDLED = {
    "Bundled Sans": ("DejaVuSans", "DejaVuSans-Bold"),
    "Bundled Serif": ("DejaVuSerif", "DejaVuSerif-Bold"),
    "Bundled Mono": ("DejaVuSansMono", "DejaVuSansMono-Bold"),
    "Bundled Times": ("STIXGeneral", "STIXGeneralBol"),
}
# What Debian's browser recommends; where it is missing, a bundled one is shown instead.
FONTS = (
    "Liberation Sans", "Liberation Sans", "Liberation Sans Narrow", "Liberation Serif", "Liberation Mono", "Bundled Sans",
    "Bundled Sans", "Bundled Serif", "Bundled Mono", "Bundled Times",
)  # fmt: skip

# level: (least, largest) width in pixels, most tokens of 28 x 28 pixels, largest height, (least, largest) letter height
SIZES = {
    1: ((150, 280), 64, 252, (13, 16)),
    2: ((168, 280), 64, 280, (12, 15)),
    3: ((224, 364), 144, 392, (11, 14)),
    4: ((308, 448), 196, 448, (11, 13)),
}

# Strokes in a box of 24 x 24.
STROKES = {
    "_close": "M5 5L19 19M19 5L5 19",
    "_search": "M16 10A6 6 0 1 1 4 10A6 6 0 1 1 16 10M15 15L21 21",
    "_trash": "M4 6H20M9 6V3H15V6M6 6L7 21H17L18 6",
    "_home": "M3 12L12 4L21 12M6 10V20H18V10",
    "_mail": "M3 5H21V19H3ZM3 6L12 13L21 6",
    "_cart": "M2 4H5L8 15H18L21 7H6M9 18V20M17 18V20",
    "_gear": "M16 12A4 4 0 1 1 8 12A4 4 0 1 1 16 12M12 2V7M12 17V22M2 12H7M17 12H22M5 5L8 8M16 16L19 19M19 5L16 8M8 16L5 19",
    "_add": "M12 4V20M4 12H20",
    "_play": "M7 4L20 12L7 20Z",
    "_menu": "M3 6H21M3 12H21M3 18H21",
}


def shell() -> str:
    """The document that all pages are shown in: the bundled fonts, and what pages have in common."""
    folder = Path(matplotlib.get_data_path()) / "fonts" / "ttf"
    faces = []
    for name, files in BUNDLED.items():
        for weight, file in zip((400, 700), files, strict=True):
            data = base64.b64encode((folder / f"{file}.ttf").read_bytes()).decode()
            faces.append(
                f"@font-face{{font-family:'{name}';font-weight:{weight};src:url(data:font/ttf;base64,{data})}}"
            )
    return f"<!doctype html><html lang=en><style>{''.join(faces)}{COMMON}</style><body></body></html>"


COMMON = """
*{box-sizing:border-box}
body{margin:0}
button,input,select{font:inherit;letter-spacing:inherit;margin:0}
a,label,button,.cell{white-space:nowrap}
.row{display:flex;align-items:center}
.wrap{display:flex;flex-wrap:wrap;align-items:center}
label.c{display:inline-flex;align-items:center;width:max-content}
input[type=checkbox],input[type=radio]{flex:none}
.sw{appearance:none;position:relative}
.sw::before{content:"";position:absolute;border-radius:50%;background:#fafafa}
select{appearance:none;background-repeat:no-repeat;background-position:right 4px center}
svg{display:block;fill:none;stroke:currentColor;stroke-linejoin:round}
"""


@dataclass(frozen=True)
class Sheet:
    """html: the page; width, tallest: pixels it may take; slack: share of the height left over that stays empty below."""

    html: str
    width: int
    tallest: int
    slack: float


def draw_sheet(rng: random.Random, page: list[Block], level: int) -> Sheet:
    """The page in a look drawn with `rng`."""
    (low, high), tokens, limit, (least, largest) = SIZES[level]
    width = rng.randint(low, high)
    tallest = min(limit, tokens // -(-width // 28) * 28)
    look = _Look(rng, page, rng.randint(least, largest), level)
    overs = [block for block in page if block.get("over")]
    sides = [block for block in page if block.get("side")]
    plain = [block for block in page if block not in overs and block not in sides]
    head = plain[:1] if plain[0]["block"] in ("nav", "toolbar") else []
    body = "".join(look.block(block) for block in plain[len(head) :])
    if sides:
        side = "".join(look.block(block) for block in sides)
        left = rng.random() < 0.7
        body = f"<div class=col>{body}</div>"
        body = f"<div class=two>{side + body if left else body + side}</div>"
    top = "".join(look.block(block) for block in head)
    main = f"<div id=main>{top}<div class=body>{body}</div></div>" + "".join(look.block(block) for block in overs)
    html = f"<style>{look.css()}</style><div id=root style='width:{width}px'>{main}</div>"
    return Sheet(html, width, tallest, rng.choice((0, 0, rng.random(), rng.random())))


class _Look:
    def __init__(self, rng: random.Random, page: list[Block], size: int, level: int):
        self.rng, self.size, self.level = rng, size, level
        self.number = 0
        self.numbers = {id(control): n for n, control in enumerate(controls(page))}
        self.dark = rng.random() < 0.25
        self.paper = background(rng, self.dark) if self.dark or rng.random() < 0.6 else (255, 255, 255)
        self.ink = ink(self.paper)
        taken = {control[4] for control in controls(page)}
        self.accent = shade(rng, rng.choice(sorted({"blue", "green", "purple", "orange", "red"} - taken) or ["grey"]))
        self.face = mixed(self.paper, self.ink, rng.uniform(0.06, 0.18))
        self.edge = mixed(self.paper, self.ink, rng.uniform(0.25, 0.7))
        self.card = mixed(self.paper, (255, 255, 255), 0.08 if self.dark else 0.7)
        self.radius = rng.choice((0, 0, 3, 4, 6, 8, 20))
        self.button = rng.choice(("flat", "outline", "raised", "native", "outline", "flat"))
        self.native = rng.random() < 0.4
        self.gap = rng.randint(3, 8 if level <= 2 else 6)
        self.pad = rng.randint(6, 14) if level <= 2 else rng.randint(4, 9)
        self.labels = rng.choice(("above", "left", "inside"))
        self.navigation = rng.choice(("filled", "line", "plain", "boxed"))
        self.lines = rng.choice(("lines", "stripes", "cards", "none"))

    def css(self) -> str:
        """The rules of this look."""
        rng, em = self.rng, self.size
        link = (
            mixed(self.accent, self.ink, 0.25)
            if rng.random() < 0.3
            else (120, 170, 255)
            if self.dark
            else (30, 80, 210)
        )
        under = rng.choice(("underline", "underline", "none"))
        edge, width = _css(self.edge), rng.choice((1, 1, 1, 2))
        tall, wide = rng.uniform(0.15, 0.45), rng.uniform(0.4, 1.0)
        flat = mixed(self.face, self.ink, 0.12)
        buttons = {
            "flat": f"border:0;background:{_css(flat)};color:{_css(ink(flat))}",
            "outline": f"border:{width}px solid {edge};background:{_css(self.card)};color:{_css(self.ink)}",
            "raised": f"border:1px solid {edge};background:linear-gradient({_css(mixed(self.face, (255, 255, 255), 0.3))},"
            f"{_css(self.face)});color:{_css(ink(self.face))};box-shadow:0 1px 2px rgba(0,0,0,.4)",
            "native": "",
        }
        plain = "" if self.button == "native" else f"border-radius:{self.radius}px;{buttons[self.button]}"
        inner = mixed(self.paper, (255, 255, 255), 0.06 if self.dark else 0.8)
        arrow = f"%3Csvg xmlns='http://www.w3.org/2000/svg' width='8' height='6'%3E%3Cpath d='M0 0L4 6L8 0' fill='{_css(self.ink)}'/%3E%3C/svg%3E"
        knob = em - 2
        bar = {
            "filled": f"background:{_css(self.accent)};color:{_css(ink(self.accent))}",
            "line": f"border-bottom:{width}px solid {edge}",
            "plain": "",
            "boxed": f"background:{_css(self.face)}",
        }[self.navigation]
        rows = {
            "lines": f".list>*+*{{border-top:1px solid {_css(mixed(self.paper, self.edge, 0.6))}}}",
            "stripes": f".list>*:nth-child(odd){{background:{_css(self.face)}}}",
            "cards": f".list{{background:{_css(self.card)};border:1px solid {edge};border-radius:{min(self.radius, 8)}px}}",
            "none": "",
        }[self.lines]
        return f"""
#root{{position:relative;overflow:hidden;color-scheme:{"dark" if self.dark else "light"};accent-color:{_css(self.accent)};
background:{_css(self.paper)};color:{_css(self.ink)};font:{rng.choice(("400", "400", "400", "700"))} {em}px '{rng.choice(FONTS)}','Bundled Sans';
letter-spacing:{rng.choice(("0", "0", "0", "0.3px", "0.6px"))};line-height:{rng.uniform(1.1, 1.45):.2f}}}
.body{{padding:{self.pad}px;display:flex;flex-direction:column;gap:{rng.randint(self.gap, self.gap + 6)}px;align-items:{rng.choice(("stretch", "stretch", "flex-start", "center"))}}}
.two{{display:flex;gap:{self.pad}px;width:100%}} .col{{flex:1;min-width:0;display:flex;flex-direction:column;gap:{self.gap + 4}px}}
.wrap{{gap:{self.gap}px {self.gap + 2}px}} .stack{{display:flex;flex-direction:column;gap:{self.gap}px}}
.b{{padding:{tall:.2f}em {wide:.2f}em;{plain}}} .p{{border:1px solid rgba(0,0,0,.25);border-radius:{self.radius}px}}
.i{{padding:3px;border-radius:{min(self.radius, 6)}px;width:{em + 10}px;height:{em + 10}px;{plain or "padding:2px"}}}
.i svg{{width:100%;height:100%;stroke-width:{rng.uniform(2, 3.2):.1f}}}
a{{color:{_css(link)};text-decoration:{under}}}
.t,select{{padding:{rng.uniform(0.1, 0.35):.2f}em {rng.uniform(0.25, 0.6):.2f}em;border:{width}px solid {edge};border-radius:{min(self.radius, 8)}px;
background-color:{_css(inner)};color:{_css(ink(inner))};width:100%;min-width:4em}}
.t::placeholder{{color:{_css(mixed(ink(inner), inner, 0.3))};opacity:1}}
select{{background-image:url("data:image/svg+xml,{arrow}");padding-right:16px}}
label.c{{gap:{rng.uniform(0.25, 0.6):.2f}em}} input[type=checkbox],input[type=radio]{{width:{em}px;height:{em}px}}
.own{{appearance:none;border:{max(1, width)}px solid {_css(self.ink)};background:{_css(inner)};border-radius:{rng.choice((0, 3))}px}}
.own[type=radio]{{border-radius:50%}} .own:checked{{background:radial-gradient({_css(self.accent)} {rng.randint(50, 62)}%,transparent 66%)}}
.own[type=checkbox]:checked{{background:{_css(self.accent)}}}
input.sw{{width:{2 * em}px;height:{em + 2}px;border-radius:{em}px;background:{_css(mixed(self.paper, self.ink, 0.4))}}}
.sw::before{{width:{knob}px;height:{knob}px;top:2px;left:2px}} input.sw:checked{{background:{_css(self.accent)}}}
.sw:checked::before{{left:{2 * em - knob - 2}px}}
.nav{{padding:{self.gap}px {self.pad}px;{bar}}} .filled a,.filled .tab{{color:inherit}}
.tab{{border:0;background:none;color:inherit;padding:.2em .4em}} .tab.open{{border-bottom:{width + 1}px solid currentColor}}
.boxed .tab{{border:1px solid {edge};border-radius:{min(self.radius, 6)}px}} .boxed .tab.open{{background:{_css(self.card)};border-bottom-width:3px}}
.entry{{display:block;width:100%;text-align:left;border:0;background:none;color:inherit;padding:{rng.uniform(0.12, 0.4):.2f}em .5em}}
.list{{width:{rng.choice(("100%", "max-content"))};min-width:60%}} .list>*{{padding:{rng.randint(1, 5)}px {rng.randint(3, 8)}px}} {rows}
.row{{justify-content:space-between;gap:{self.gap + 4}px}} .head{{font-weight:700;font-size:{rng.choice((1, 1, 1.15))}em}}
.left{{display:flex;align-items:center;gap:{self.gap}px}} .left span{{min-width:4.6em;flex:none}}
.side{{border:1px solid {edge};background:{_css(self.card)};border-radius:{min(self.radius, 6)}px;flex:none;align-self:flex-start}}
.dialog{{background:{_css(self.card)};border:{width}px solid {edge};border-radius:{min(self.radius, 10)}px;padding:{self.pad}px;display:flex;flex-direction:column;
gap:{self.gap + 3}px;min-width:50%;box-shadow:{rng.choice(("none", "0 2px 8px rgba(0,0,0,.4)"))}}}
.over{{position:absolute;left:{rng.uniform(4, 40):.0f}%;top:{rng.uniform(15, 55):.0f}%;box-shadow:0 2px 10px rgba(0,0,0,.5)}}
"""

    def block(self, block: Block) -> str:
        """One block with everything in it."""
        parts = [self.part(control) for control in block["controls"]]
        form, words = block["block"], block["words"]
        if form in ("shop", "table"):
            return self.rows(block, parts)
        head = "" if not words or form in ("dialog", "text") else f"<div class=head>{words[0]}</div>"
        if form in ("nav", "toolbar"):
            return f"<div class='nav wrap {self.navigation if form == 'nav' else ''}'>{''.join(parts)}</div>"
        if form == "buttons":
            return f"<div class=wrap>{''.join(parts)}</div>"
        if form == "menu":
            return f"<div class='list {'side' if block.get('side') else ''}'>{''.join(parts)}</div>"
        if form == "dialog":
            crosses = "".join(p for p, c in zip(parts, block["controls"], strict=True) if c[0] == "icon")
            rest = "".join(p for p, c in zip(parts, block["controls"], strict=True) if c[0] != "icon")
            over = "over" if block.get("over") else ""
            return f"<div class='dialog {over}'><div class=row><span>{words[0]}</span>{crosses}</div><div class=wrap>{rest}</div></div>"
        if form == "text":
            lines = [f"<div>{words[i].format(parts[i])}</div>" for i in range(len(words))]
            return f"<div class=stack>{''.join(lines)}<div class=wrap>{''.join(parts[len(words) :])}</div></div>"
        if form == "settings":
            lines = [
                f"<div class=row><span class=cell data-row='{control[2]}'>{control[2]}</span>{part}</div>"
                for control, part in zip(block["controls"], parts, strict=True)
            ]
            return f"<div>{head}<div class=list>{''.join(lines)}</div></div>"
        # Forms, sign-in pages and choices: what can be filled in below each other, then buttons side by side.
        split = next((n for n, c in enumerate(block["controls"]) if c[0] in ("button", "link")), len(parts))
        fields = "".join(self.field(c, p) for c, p in zip(block["controls"][:split], parts, strict=False))
        return f"<div class=stack>{head}{fields}<div class=wrap>{''.join(parts[split:])}</div></div>"

    def rows(self, block: Block, parts: list[str]) -> str:
        """A list of goods or a table: name, number and what can be clicked in each row."""
        names = list(dict.fromkeys(control[2] for control in block["controls"]))
        each = len(parts) // len(names)
        numbers = block["words"][-len(names) :]
        lines = []
        if block["block"] == "table":
            lines.append(
                f"<div class=row><span class='cell head'>{block['words'][0]}</span><span></span></div>" if len(block["words"]) > len(names) else ""
            )  # fmt: skip
        for n, name in enumerate(names):
            click = "".join(parts[n * each : (n + 1) * each])
            lines.append(
                f"<div class=row><span class=cell data-row='{name}'>{name}</span><span class=cell>{numbers[n]}</span>"
                f"<span class=row>{click}</span></div>"
            )
        return f"<div class=list>{''.join(lines)}</div>"

    def field(self, control: Control, part: str) -> str:
        """Something to fill in with its words beside it; a check box has them already."""
        kind, _, row, _, _ = control
        if kind in ("check", "radio") or (self.labels == "inside" and kind == "field"):
            return part
        if self.labels == "left":
            return f"<div class=left><span data-row='{row}'>{row}</span>{part}</div>"
        return f"<div><div data-row='{row}'>{row}</div>{part}</div>"

    def part(self, control: Control) -> str:
        """One control. `data-n` is on the element whose box is the control's, `data-row` on what stands beside it instead of
        a label."""
        kind, label, row, state, colour = control
        n = f"data-n={self.numbers[id(control)]}"
        on = "checked" if state == "on" else ""
        if kind == "button":
            if not colour:
                return f"<button {n} class=b>{label}</button>"
            fill = shade(self.rng, colour)
            return (
                f"<button {n} class='b p' style='background:{_css(fill)};color:{_css(_letters(fill))}'>{label}</button>"
            )
        if kind == "icon":
            return f"<button {n} class=i><svg viewBox='0 0 24 24'><path d='{STROKES[label]}'/></svg></button>"
        if kind == "link":
            return f"<a {n} href='#'>{label}</a>"
        if kind == "tab":
            return f"<button {n} class='tab {state}'>{label}</button>"
        if kind == "entry":
            return f"<button {n} class=entry>{label}</button>"
        if kind == "field":
            inside = f"placeholder='{row}'" if self.labels == "inside" else ""
            return f"<input {n} class=t {inside}>"
        if kind == "list":
            return f"<select {n}><option>{self.rng.randint(2, 98)}</option></select>"
        form = "radio" if kind == "radio" else "checkbox"
        own = "sw" if kind == "switch" else "" if self.native else "own"
        box = f"<input {{}} type={form} class='{own}' {on}>"
        return f"<label {n} class=c>{box.format('')}{label}</label>" if label else box.format(n)


def _letters(fill: RGB) -> RGB:
    return (255, 255, 255) if luminance(fill) < 150 else (20, 20, 20)


def _css(colour: RGB) -> str:
    return "rgb({},{},{})".format(*colour)
