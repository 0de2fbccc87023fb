"""Makes the sheets of icons that the family `icons` draws with: favilla/worlds/data/icon_lines.png, icon_colours.png, icons.json.

The same entity comes from several open sets, drawn offline from their SVG. In a folder of your own:

    npm init -y && npm install --ignore-scripts PACKAGES     # those of SETS, at the versions given there
    python -m venv venv && venv/bin/pip install resvg_py==0.5.0 pillow==13.0.0 numpy==2.4.6
    venv/bin/python REPOSITORY/tools/icon_sheet.py . REPOSITORY/favilla/worlds/data

A third folder, if given, gets a contact sheet with names, to be looked at. Licences: favilla/worlds/data/icons.txt.
"""

from __future__ import annotations

import io
import json
import sys
from pathlib import Path

import numpy as np
import resvg_py
from PIL import Image, ImageDraw

SIDE = 40  # pixels a side of a picture in the sheets
COLUMNS = 40
LEVELS = 8  # of ink in a one-colour picture

# rendering: (npm package and version, ending of names that is tried first, coloured)
SETS = {
    "lucide": ("@iconify-json/lucide", "1.2.137", "", False),
    "tabler": ("@iconify-json/tabler", "1.2.41", "", False),
    "tabler-filled": ("@iconify-json/tabler", "1.2.41", "-filled", False),
    "bootstrap": ("@iconify-json/bi", "1.2.7", "-fill", False),
    "phosphor": ("@iconify-json/ph", "1.2.2", "", False),
    "phosphor-fill": ("@iconify-json/ph", "1.2.2", "-fill", False),
    "mdi": ("@iconify-json/mdi", "1.2.3", "", False),
    "material": ("@iconify-json/material-symbols", "1.2.98", "", False),
    "ion": ("@iconify-json/ion", "1.2.7", "", False),
    "fluent-contrast": ("@iconify-json/fluent-emoji-high-contrast", "1.2.6", "", False),
    "noto": ("@iconify-json/noto", "1.2.9", "", True),
    "fluent": ("@iconify-json/fluent-emoji-flat", "1.2.6", "", True),
    "firefox": ("@iconify-json/fxemoji", "1.2.2", "", True),
}

# entity: its names in the sets, the first that there is counts; "!set" leaves out a set where the name means something else.
ENTITIES = {
    "house": "house home",
    "star": "star",
    "heart": "heart red-heart",
    "bell": "bell notifications",
    "key": "key vpn-key",
    "lock": "lock lock-closed locked",
    "car": "car car-front directions-car automobile",
    "dog": "dog-side dog dog-face",
    "cat": "cat-face cat",
    "apple": "food-apple apple red-apple !bootstrap",
    "sun": "sun white-balance-sunny sunny",
    "moon": "moon moon-waning-crescent crescent-moon bedtime",
    "cloud": "cloud",
    "umbrella": "umbrella",
    "snowflake": "snowflake snow ac-unit !firefox",
    "fire": "fire flame local-fire-department",
    "tree": "tree deciduous-tree park",
    "flower": "flower local-florist tulip",
    "leaf": "leaf eco",
    "fish": "fish",
    "bird": "bird",
    "horse": "horse",
    "cow": "cow-face cow",
    "pig": "pig-face pig",
    "rabbit": "rabbit",
    "turtle": "turtle",
    "spider": "spider",
    "butterfly": "butterfly",
    "bee": "bee honeybee",
    "snail": "snail",
    "elephant": "elephant",
    "bus": "bus bus-front directions-bus",
    "train": "train train-front locomotive",
    "bicycle": "bicycle bike pedal-bike",
    "plane": "plane airplane travel",
    "rocket": "rocket-launch rocket",
    "ship": "ship boat directions-boat ferry",
    "truck": "truck delivery-truck local-shipping",
    "tractor": "tractor agriculture",
    "helicopter": "helicopter",
    "book": "book menu-book closed-book open-book",
    "pencil": "pencil edit",
    "scissors": "scissors content-cut cut scissors-cutting",
    "hammer": "hammer",
    "wrench": "wrench build",
    "clock": "clock schedule time clock-outline mantelpiece-clock one-oclock",
    "hourglass": "hourglass hourglass-done timer-sand",
    "camera": "photo-camera camera",
    "television": "television tv device-tv",
    "laptop": "laptop device-laptop",
    "printer": "printer print",
    "radio": "radio !lucide !ion",
    "guitar": "guitar guitar-acoustic",
    "trumpet": "trumpet",
    "piano": "piano musical-keyboard",
    "trophy": "trophy",
    "crown": "crown",
    "gift": "gift wrapped-gift featured-seasonal-and-gifts",
    "balloon": "balloon",
    "candle": "candle",
    "magnet": "magnet",
    "battery": "battery battery-full",
    "plug": "plug power-plug electric-plug electrical-services",
    "gear": "gear cog settings",
    "cup": "coffee cup-hot mug local-cafe cafe hot-beverage",
    "pizza": "pizza local-pizza",
    "hamburger": "hamburger burger",
    "bread": "bread bread-slice",
    "egg": "egg",
    "cake": "cake birthday-cake",
    "cookie": "cookie",
    "banana": "banana",
    "lemon": "lemon fruit-lemon fruit-citrus",
    "cherry": "cherry cherries fruit-cherries",
    "carrot": "carrot",
    "mushroom": "mushroom",
    "shirt": "shirt t-shirt tshirt-crew t-shirt-crew",
    "glasses": "glasses eyeglasses",
    "backpack": "backpack",
    "tent": "tent camping",
    "castle": "castle building-castle castle-turret",
    "church": "church building-church",
    "flag": "flag triangular-flag",
    "compass": "compass",
    "anchor": "anchor",
    "envelope": "envelope mail",
    "chair": "chair",
    "bed": "bed",
    "toilet": "toilet",
    "door": "door door-closed door-front",
    "dice": "dice-5 dice-five die-5 dice game-die casino",
    "puzzle": "puzzle puzzle-piece extension extension-puzzle",
    "skull": "skull",
    "ghost": "ghost",
    "robot": "robot smart-toy",
    "eye": "eye visibility",
    "ear": "ear hearing",
    "bone": "bone",
    "tooth": "tooth dental dentistry",
    "microphone": "microphone mic studio-microphone",
    "headphones": "headphones headphone",
    "telescope": "telescope",
    "microscope": "microscope biotech",
    "ladder": "ladder",
    "bucket": "bucket",
    "broom": "broom",
    "shield": "shield",
    "bomb": "bomb",
    "axe": "axe",
    "feather": "feather",
    "cactus": "cactus",
}  # fmt: skip


def main(folder: Path, out: Path, contact: Path | None) -> None:
    libraries = {}
    for package, version, _, _ in SETS.values():
        home = folder / "node_modules" / package
        found = json.loads((home / "package.json").read_text(encoding="utf-8"))["version"]
        if found != version:
            raise SystemExit(f"{package} is {found}, not {version}")
        libraries[package] = json.loads((home / "icons.json").read_text(encoding="utf-8"))
    pictures: dict[bool, list[tuple[str, str, Image.Image]]] = {False: [], True: []}
    for entity, names in ENTITIES.items():
        for rendering, (package, _, ending, coloured) in SETS.items():
            if f"!{rendering}" in names.split():
                continue
            body = find(libraries[package], [n for n in names.split() if n[0] != "!"], ending, rendering)
            if body is not None:
                pictures[coloured].append((entity, rendering, draw(body, libraries[package])))
    index = {}
    for coloured, name in ((False, "icon_lines"), (True, "icon_colours")):
        save(pictures[coloured], coloured, out / f"{name}.png")
        index[name] = [f"{entity} {rendering}" for entity, rendering, _ in pictures[coloured]]
        if contact is not None:
            show(pictures[coloured], contact / f"{name}_contact.png")
    (out / "icons.json").write_text(json.dumps({"side": SIDE, "columns": COLUMNS, **index}, indent=0) + "\n")


def find(library: dict, names: list[str], ending: str, rendering: str) -> dict | None:
    """The first icon there is. A second rendering of a package (tabler-filled) takes none of the first one's."""
    for name in names:
        for full in [name + ending, name] if rendering == "bootstrap" else [name + ending]:
            alias = library.get("aliases", {}).get(full, {"parent": full})
            if set(alias) == {"parent"} and alias["parent"] in library["icons"]:
                return library["icons"][alias["parent"]]
    return None


def draw(icon: dict, library: dict) -> Image.Image:
    """The picture with a transparent ground, cut to its ink and set into the middle of its square."""
    width, height = (icon.get(k, library.get(k, 16)) for k in ("width", "height"))
    left, top = icon.get("left", 0), icon.get("top", 0)
    svg = (
        f'<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" '
        f'viewBox="{left} {top} {width} {height}" width="320" height="320" color="#000">{icon["body"]}</svg>'
    )
    large = Image.open(io.BytesIO(bytes(resvg_py.svg_to_bytes(svg_string=svg)))).convert("RGBA")
    large = large.crop(large.getchannel("A").point(lambda alpha: 255 * (alpha > 48)).getbbox())
    scale = SIDE / max(large.size)
    small = large.convert("RGBa").resize([max(1, round(s * scale)) for s in large.size], Image.Resampling.BOX)
    square = Image.new("RGBA", (SIDE, SIDE))
    square.paste(small.convert("RGBA"), ((SIDE - small.width) // 2, (SIDE - small.height) // 2))
    return square


def save(pictures: list[tuple[str, str, Image.Image]], coloured: bool, path: Path) -> None:
    rows = -(-len(pictures) // COLUMNS)
    sheet = Image.new("RGBA", (COLUMNS * SIDE, rows * SIDE))
    for number, (_, _, picture) in enumerate(pictures):
        sheet.paste(picture, (number % COLUMNS * SIDE, number // COLUMNS * SIDE))
    if coloured:
        sheet = sheet.quantize(128, Image.Quantize.FASTOCTREE, dither=Image.Dither.NONE)
    else:
        ink = np.asarray(sheet.getchannel("A")).astype(float) / 255
        sheet = Image.fromarray(np.round(ink * (LEVELS - 1)).astype(np.uint8))
        sheet.putpalette([round(i * 255 / (LEVELS - 1)) for i in range(LEVELS) for _ in "rgb"])
    sheet.save(path, optimize=True, bits=8 if coloured else 4)


def show(pictures: list[tuple[str, str, Image.Image]], path: Path) -> None:
    cell = 62
    sheet = Image.new("RGB", (26 * cell, -(-len(pictures) // 26) * cell), "white")
    pen = ImageDraw.Draw(sheet)
    for number, (entity, rendering, picture) in enumerate(pictures):
        x, y = number % 26 * cell, number // 26 * cell
        sheet.paste(picture, (x + 10, y), picture)
        pen.text((x + 1, y + 40), entity[:10], fill="red")
        pen.text((x + 1, y + 50), rendering[:10], fill="blue")
    sheet.save(path)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), Path(sys.argv[3]) if len(sys.argv) > 3 else None)
