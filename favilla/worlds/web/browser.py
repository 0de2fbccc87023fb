"""Rendering pages in a real browser: the picture, and from its document where everything stands.

Needs Playwright and an installed Chromium; nothing is downloaded. What is rendered is a function of seed and number, on a
machine with the same browser and fonts.
"""

from __future__ import annotations

import os
import random
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from favilla.errors import UserError
from favilla.worlds.base import Split, draw_in_split
from favilla.worlds.web.markup import BUNDLED, FONTS, draw_sheet, shell
from favilla.worlds.web.pages import COUNTS, Block, controls, draw_page, instance_of

PROGRAMS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
VIEWPORT = 480  # pixels a side; larger than any page
# No cores or cards of the machine may show in the pixels.
OPTIONS = (
    "--disable-gpu", "--disable-lcd-text", "--font-render-hinting=none", "--force-color-profile=srgb", "--hide-scrollbars",
    "--disable-partial-raster",
)  # fmt: skip
LOOKS = 8  # looks that are tried for a page before another page is drawn
# Of what is asked about: the levels, and how often each is drawn.
LEVELS, WEIGHTS = (1, 2, 3, 4), (4, 4, 1, 1)

# Puts a page into the document and reads where its controls and signs are, and whether they can be seen: what the browser
# itself finds at a point is the control, or part of it.
MEASURE = r"""
async ({html, tallest, lowest, slack}) => {
  document.body.innerHTML = html;
  const root = document.getElementById("root"), main = document.getElementById("main");
  const need = Math.ceil(main.getBoundingClientRect().height);
  if (need > tallest) return null;
  const height = Math.max(lowest, Math.round(need + slack * (tallest - need)));
  root.style.height = height + "px";
  const width = root.getBoundingClientRect().width;
  const inside = (x, y) => x >= 0 && y >= 0 && x < width && y < height;
  const hit = (x, y, element) => {
    const top = inside(x, y) ? document.elementFromPoint(x, y) : null;
    return top !== null && element.contains(top);
  };
  const boxes = [...document.querySelectorAll("[data-n]")].map(element => {
    const b = element.getBoundingClientRect(), x = (b.left + b.right) / 2, y = (b.top + b.bottom) / 2;
    const seen = b.left >= 0 && b.top >= 0 && b.right <= width && b.bottom <= height &&
      [[x, y], [b.left + 2, y], [b.right - 2, y], [x, b.top + 2], [x, b.bottom - 2]].every(p => hit(...p, element));
    return {n: +element.dataset.n, box: [b.left, b.top, b.right, b.bottom], seen};
  });
  const signs = [], lost = new Set();
  const write = (node, element, y) => {
    const owner = element.closest("[data-n]"), row = element.closest("[data-row]"), range = document.createRange();
    for (let i = 0; i < node.length; i++) {
      if (!node.data[i].trim()) continue;
      range.setStart(node, i);
      range.setEnd(node, i + 1);
      const b = range.getClientRects()[0];
      if (!b || !b.width) continue;
      const middle = y === null ? (b.top + b.bottom) / 2 : y, x = (b.left + b.right) / 2, seen = hit(x, middle, element);
      signs.push([node.data[i], x, middle, owner ? +owner.dataset.n : -1, seen]);
      if (row && !seen) lost.add(row.dataset.row);
    }
  };
  const walker = document.createTreeWalker(root, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const element = walker.currentNode.parentElement;
    if (!element.closest("select,style")) write(walker.currentNode, element, null);
  }
  // What stands in a field belongs to no node of the document: the same words are set once more in the same place.
  for (const element of root.querySelectorAll("input.t,select")) {
    const words = element.tagName === "SELECT" ? element.selectedOptions[0].text : element.value || element.placeholder;
    const style = getComputedStyle(element), b = element.getBoundingClientRect(), copy = document.createElement("span");
    copy.textContent = words;
    Object.assign(copy.style, {position: "absolute", whiteSpace: "pre", font: style.font, letterSpacing: style.letterSpacing,
      visibility: "hidden", left: b.left + parseFloat(style.borderLeftWidth) + parseFloat(style.paddingLeft) + "px", top: "0"});
    document.body.append(copy);
    if (words) write(copy.firstChild, element, (b.top + b.bottom) / 2);
    copy.remove();
  }
  return {width, height, boxes, signs, lost: [...lost]};
}
"""
# Widths of the same words in every font: equal on machines that draw them alike.
RULERS = r"""
async fonts => {
  await Promise.all(fonts.flatMap(font => [400, 700].map(weight => document.fonts.load(`${weight} 16px '${font}'`))));
  const pen = document.createElement("canvas").getContext("2d");
  return fonts.map(font => { pen.font = `100px '${font}','Bundled Sans'`; return pen.measureText("Hamburgefonstiv 0123").width; });
}
"""


@dataclass(frozen=True)
class Rendered:
    """One screen: its page, the picture as PNG, and in pixels what stands where. boxes: [left, top, right, bottom] of each
    control, null where it is hidden, if only in part; signs: [sign, x, y, number of its control or -1] that are seen."""

    level: int
    split: Split
    page: list[Block]
    png: bytes
    size: tuple[int, int]
    boxes: list[list[float] | None]
    signs: list[list[Any]]


def program() -> str:
    """The path of an installed Chromium. Raises UserError when there is none."""
    for name in PROGRAMS:
        if path := shutil.which(name):
            return path
    raise UserError("no Chromium on this machine; install it (Debian: apt install chromium fonts-liberation)")


@contextmanager
def browser() -> Iterator[Browser]:
    """An open browser. Raises UserError when Playwright or Chromium is missing or does not start."""
    path = program()
    try:
        from playwright.sync_api import Error, sync_playwright
    except ImportError:
        raise UserError("rendering screens needs Playwright; install it: pip install 'favilla[screens]'") from None
    root = ["--no-sandbox"] if os.geteuid() == 0 else []
    with sync_playwright() as playwright:
        try:
            # An interrupt is for us: the browser ends when we have closed it.
            opened = playwright.chromium.launch(
                executable_path=path, args=[*OPTIONS, *root], handle_sigint=False, handle_sigterm=False, handle_sighup=False
            )  # fmt: skip
        except Error as error:
            raise UserError(f"{path}: does not start ({str(error).splitlines()[0]}); try it by hand") from None
        try:
            yield Browser(opened)
        except Error as error:
            raise UserError(f"{path}: stopped answering ({str(error).splitlines()[0]}); run the same again") from None
        finally:
            opened.close()


class Browser:
    """version: of the program; rulers: see RULERS."""

    def __init__(self, opened: Any):
        self.version: str = opened.version
        context = opened.new_context(viewport={"width": VIEWPORT, "height": VIEWPORT}, device_scale_factor=1)
        # However long the machine sleeps or others hold the processor: rendering goes on afterwards.
        context.set_default_timeout(0)
        self.page = context.new_page()
        self.page.set_content(shell())
        self.rulers: list[float] = self.page.evaluate(RULERS, sorted({*FONTS, *BUNDLED}))

    def screen(self, seed: str, level: int | None = None, split: Split | None = None) -> Rendered:
        """The screen of this seed; level and split are drawn unless given."""
        rng = random.Random(f"web_screens/{seed}")
        drawn_level = rng.choices(LEVELS, WEIGHTS)[0]
        drawn_split = rng.choices(("train", "dev", "test"), (85, 5, 10))[0]
        level, split = level or drawn_level, split or drawn_split  # type: ignore[assignment]
        assert split is not None
        while True:
            page = draw_in_split(_drawer(rng, level, split), instance_of, split)
            for _ in range(LOOKS):
                if (rendered := self._look(rng, page, level, split)) is not None:
                    return rendered

    def _look(self, rng: random.Random, page: list[Block], level: int, split: Split) -> Rendered | None:
        """The page in a look drawn with `rng`; None when it does not fit in it."""
        sheet = draw_sheet(rng, page, level)
        lowest = 56 if level == 1 else 84
        found = self.page.evaluate(
            MEASURE, {"html": sheet.html, "tallest": sheet.tallest, "lowest": lowest, "slack": sheet.slack}
        )
        if found is None:
            return None
        parts = controls(page)
        # Hidden is also what cannot be told from others because its label, or what stands beside it, is hidden.
        whole = {box["n"]: box["seen"] and parts[box["n"]][2] not in found["lost"] for box in found["boxes"]}
        for _, _, _, owner, seen in found["signs"]:
            whole[owner] = whole.get(owner, True) and seen
        count = sum(whole[n] for n in range(len(parts)))
        # Something in front may hide a part of the rest.
        hidden = not all(whole.values())
        if hidden and (not any(block.get("over") for block in page) or count < COUNTS[level][0] - 4):
            return None
        boxes: list[list[float] | None] = [None] * len(parts)
        for box in found["boxes"]:
            if whole[box["n"]]:
                boxes[box["n"]] = [round(v, 2) for v in box["box"]]
        size = (int(found["width"]), int(found["height"]))
        png = self.page.screenshot(clip={"x": 0, "y": 0, "width": size[0], "height": size[1]})
        signs = [[sign, round(x, 1), round(y, 1), owner] for sign, x, y, owner, seen in found["signs"] if seen]
        return Rendered(level, split, page, png, size, boxes, signs)


def _drawer(rng: random.Random, level: int, split: Split) -> Callable[[], list[Block]]:
    return lambda: draw_page(rng, level, split)
