"""Reading what is written in a picture: words, numbers and letters that make no word.

Level 1: a row of 1 to 4 letters or digits, each about in the middle of a cell of 28 x 28 pixels. Level 2: one word or
number anywhere. Level 3: 2 to 5 words in up to three lines; also the n-th word, or one line. Level 4: 6 to 12 smaller
words in two to four lines, in wear.

Level 1 is where reading begins: a letter that may stand anywhere teaches a fresh vision tower next to nothing, one
that stands in its cell teaches it letters at once (docs/LOG.md).

Answers: what is written, letter case included, words joined by single spaces: more than 1,000 at every level.
"""

from __future__ import annotations

import itertools
import random

from PIL import Image, ImageDraw, ImageFont

from favilla.worlds import screens, tables
from favilla.worlds.base import Split
from favilla.worlds.drawing import COLOURS, background, degrade, font, ink, shade, text_size, tinted_ink
from favilla.worlds.marks import Pencil
from favilla.worlds.phrasing import PICTURE_OPENINGS, widened
from favilla.worlds.practice import CELL
from favilla.worlds.scenes import Question, Scene, SceneFamily
from favilla.worlds.words import WORDS

LABELS = tuple(dict.fromkeys(word for word in (*screens.MORE, *tables.NAMES, *tables.HEADERS) if " " not in word))
PLACES = ("first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth", "eleventh",
          "twelfth")  # fmt: skip

# level: (fewest, most words), (fewest, most lines), (least, largest) letter height
SIZES = {
    1: ((1, 4), (1, 1), (14, 22)),
    2: ((1, 1), (1, 1), (12, 20)),
    3: ((2, 5), (1, 3), (12, 16)),
    4: ((6, 12), (2, 4), (10, 13)),
}

READ = widened((
    "What is written here?",
    "Read the picture.",
    "What does it say?",
    "Read this.",
    "Type what you see.",
    "Which words are these?",
    "Write down the text.",
    "What text is this?",
    "Text?",
    "Please read it to me.",
    "Read aloud.",
    "What can be read here?",
    "Give the text.",
    "What is this?",
    "Type it.",
    "I cannot read this. What is it?",
    "Which signs do you see?",
    "Write what the image says.",
    "Enter the text.",
    "Read out what is there.",
    "Read all of it.",
    "What's written in this image?",
    "What's the text here?",
    "Report everything that is written.",
    "Please type out all the text.",
    "Someone wants to know what this says.",
    "Say what is printed.",
    "Show me in letters what the picture shows.",
    "Text in the image?",
    "Turn the image into text.",
    "Write out every word, number or letter in it.",
    "What words, letters or numbers are in this picture?",
    "The text in this picture, please.",
    "My glasses are broken. What does this say?",
    "A sign says this. What does it say?",
    "Give me the contents of the image as text.",
    "What is the content of this picture?",
    "Which letters or digits are shown?",
    "Extract the text.",
    "Recognise the text.",
    "OCR, please.",
    "What was printed here?",
    "Everything that is written: what is it?",
    "Tell me the whole text.",
    "How does the text read?",
    "Spell out exactly what is shown, capitals and small letters included.",
    "State what you can read.",
    "Reproduce the text of this picture.",
    "This is a scan. I need its text.",
    "Which characters are visible?",
    "Say in plain text what this is.",
    "Put into text what is in the image.",
    "Help me: what is on this label?",
    "Can you read this?",
    "Could you read that for me?",
    "I would like to have this text typed.",
    "From left to right, what is written?",
    "Return all the text you find.",
    "Note down what is written.",
    "Find all writing and give it back as text.",
    "What do you read?",
    "What are these signs?",
    "Contents?",
    "Full text?",
), PICTURE_OPENINGS)  # fmt: skip
READ_TEST = ("Can you tell me what stands here?", "Transcribe the picture.", "Copy out the writing.")
PLACE = widened((
    "What is the {place} word?",
    "Read the {place} word.",
    "Which word is {place}?",
    "Word number {n}?",
    "Give the {place} word only.",
    "{place} word?",
    "Type the {place} word.",
    "Which word stands in place {n}?",
    "Find the {place} word.",
    "Count the words. Which one is number {n}?",
    "Only the {place} word, what is it?",
    "What does the {place} word say?",
    "What's word {n}?",
    "Which is the {place} word here?",
    "Word {n}, please.",
    "I only need the {place} word.",
    "Someone wants to know the {place} word.",
    "Report the {place} word of the text.",
    "If you read from the beginning, what is word number {n}?",
    "Go to word number {n} and type it.",
    "Write only the {place} word.",
    "From the top left on, count to word {n}. What is it?",
    "Of the words in the image, what is number {n}?",
    "Extract the {place} word.",
    "The {place} word is what?",
    "What is written as the {place} word?",
    "Say word number {n}.",
    "Return the {place} of the words.",
    "Which one of the words is the {place}?",
    "State the {place} word of this text.",
    "Counting from the beginning, find word {n}.",
    "Pick the {place} word and leave the others out.",
    "I lost word number {n}. Can you read it to me?",
    "Please show me what the {place} word is.",
    "Number {n} among the words?",
    "The words are numbered 1, 2, 3 and so on. Which has number {n}?",
    "Copy just the {place} word.",
    "Which word comes up if I read as far as the {place}?",
    "What can be read at position {n}, counted in words?",
    "Quote the {place} word.",
), PICTURE_OPENINGS)  # fmt: skip
PLACE_TEST = ("In reading order, which word comes {place}?", "Tell me word {n}.")
LINE = widened((
    "What stands in line {n}?",
    "Read line {n}.",
    "Which words are in line {n}?",
    "Give line {n} only.",
    "Line {n}: what does it say?",
    "Line {n}?",
    "Type line {n}.",
    "What does the {place} line say?",
    "Read the {place} line.",
    "Which words make up the {place} line?",
    "Only line {n}: what is it?",
    "Write what you see in line {n}.",
    "What's in line {n}?",
    "What does line {n} contain?",
    "Line {n}, please.",
    "I only need the {place} line.",
    "Someone wants to know what line {n} says.",
    "Report the whole {place} line.",
    "Go to line {n} and type it all.",
    "Which text is in line number {n}?",
    "From the top, count to line {n}. What does it say?",
    "Of all the lines, what is number {n}?",
    "Extract line {n}.",
    "The {place} line is what?",
    "What is printed in the {place} line?",
    "Say what can be read in line {n}.",
    "Return the {place} line only.",
    "State the text of line {n}.",
    "Counting from the top, read line number {n}.",
    "Leave out all other lines and give line {n}.",
    "I lost line {n}. Can you read it to me?",
    "Please show me the {place} line as text.",
    "Text of line {n}?",
    "How does the {place} line read?",
    "Which words or numbers does line {n} hold?",
    "The {place} row of text: what does it say?",
    "Quote the {place} line in full.",
    "What do you see in the {place} line from the top?",
    "Write out the {place} of the lines.",
    "The lines are numbered 1, 2 and so on from the top. Read number {n}.",
), PICTURE_OPENINGS)  # fmt: skip
LINE_TEST = ("Copy line number {n}.", "In the {place} line, what is written?")


class Reading(SceneFamily):
    """Reading words; see the module's docstring for levels and answers."""

    name = "reading"
    levels = 4
    phrasings = {"read": READ, "place": PLACE, "line": LINE}
    test_phrasings = {"read": READ_TEST, "place": PLACE_TEST, "line": LINE_TEST}

    def scene(self, rng: random.Random, level: int, split: Split) -> Scene:
        """lines: the words of every line."""
        (fewest, most), (few, many), _ = SIZES[level]
        # One sign alone is where reading begins: there is no question where to look.
        count = min(rng.randint(fewest, most), rng.randint(fewest, most)) if level == 1 else rng.randint(fewest, most)
        words = [_sign(rng) if level == 1 else _word(rng) for _ in range(count)]
        cuts = rng.sample(range(1, len(words)), min(rng.randint(few, many), len(words)) - 1)
        cuts = [0, *sorted(cuts), len(words)]
        return {"lines": [words[a:b] for a, b in itertools.pairwise(cuts)]}

    def render(self, rng: random.Random, scene: Scene, level: int) -> Image.Image:
        letters = font(rng, rng.randint(*SIZES[level][2]))
        if level == 1:
            scene["_boxed"] = False
            return _row_of_cells(rng, scene, letters)
        em = letters.size
        ruler = ImageDraw.Draw(Image.new("RGB", (1, 1)))
        space, leading = rng.uniform(0.5, 1.2) * em, rng.uniform(1.3, 2.0) * em
        widths = [[text_size(ruler, word, letters)[0] for word in line] for line in scene["lines"]]
        longest = max(sum(line) + space * (len(line) - 1) for line in widths)
        margin_x, margin_y = rng.uniform(2, 14), rng.uniform(1, 10)
        width, height = int(longest + 2 * margin_x), int(leading * len(widths) + 2 * margin_y)
        if level == 2:
            # Whole cells of 28 pixels: so small a picture would lose its letters' shapes if it were fitted to the grid.
            width, height = -(-width // CELL) * CELL, -(-height // CELL) * CELL
        paper = background(rng)
        image = Image.new("RGB", (width, height), paper)
        draw = Pencil(image)
        pen = tinted_ink(rng, paper)
        boxed = scene["_boxed"] = rng.random() < 0.3
        top = rng.uniform(0, height - leading * len(widths))
        for number, (line, sizes) in enumerate(zip(scene["lines"], widths, strict=True)):
            spare = width - 4 - sum(sizes) - space * (len(sizes) - 1)
            x, middle = 2 + rng.random() * max(0.0, spare), top + leading * (number + 0.5)
            for word, size in zip(line, sizes, strict=True):
                colour = pen
                if boxed:
                    tone = shade(rng, rng.choice(sorted(COLOURS)))
                    box = (x - 0.22 * em, middle - 0.62 * em, x + size + 0.22 * em, middle + 0.62 * em)
                    draw.rounded_rectangle(box, rng.choice((0, 3)), fill=tone)
                    colour = ink(tone)
                draw.text((x, middle), word, font=letters, fill=colour, anchor="lm")
                x += size + space
        scene["_marks"] = draw.marks
        return degrade(rng, image, (0.3, 0.4, 0.7)[level - 2] * rng.random())

    def questions(self, rng: random.Random, scene: Scene, level: int) -> list[Question]:
        lines = [" ".join(line) for line in scene["lines"]]
        words = " ".join(lines).split(" ")
        text = " ".join(words)
        if level == 1:
            return [Question("read", {}, text, text, f"Want: all\n{text}")]
        if level == 2:
            # Letter by letter first: a word is not read by its outline alone. Then it grows: no tokenizer shows a word's letters.
            grown = "/".join(text[:count] for count in range(1, len(text) + 1))
            return [Question("read", {}, text, text, f"Want: all\n{' '.join(text)}\n{grown}")]
        listed = "\n".join(lines)
        out = [Question("read", {}, text, text, f"Want: all\n{listed}")]
        for n, word in enumerate(words, start=1):
            numbered = ", ".join(f"{i} {w}" for i, w in enumerate(words[:n], start=1))
            out.append(
                Question("place", {"place": PLACES[n - 1], "n": str(n)}, word, numbered, f"Want: word {n}\n{numbered}")
            )
        for n, line in enumerate(lines, start=1) if len(lines) > 1 else ():
            numbered = "\n".join(f"{i}: {each}" for i, each in enumerate(lines[:n], start=1))
            slots = {"place": PLACES[n - 1], "n": str(n)}
            out.append(Question("line", slots, line, f"{n}: {line}", f"Want: line {n}\n{numbered}"))
        return out


def _row_of_cells(rng: random.Random, scene: Scene, letters: ImageFont.FreeTypeFont) -> Image.Image:
    """One sign per cell, off its middle by as much as there is room."""
    signs = scene["lines"][0]
    paper = background(rng)
    image = Image.new("RGB", (CELL * len(signs), CELL), paper)
    draw = Pencil(image)
    pen = tinted_ink(rng, paper)
    off = rng.uniform(0, max(0.0, (CELL - 1.15 * letters.size) / 2))
    for place, sign in enumerate(signs):
        x, y = (place + 0.5) * CELL + rng.uniform(-off, off), 0.5 * CELL + rng.uniform(-off, off) / 2
        draw.text((x, y), sign, font=letters, fill=pen, anchor="mm")
    scene["_marks"] = draw.marks
    return degrade(rng, image, 0.2 * rng.random())


def _word(rng: random.Random) -> str:
    """A label or an everyday word (half of the draws), a number (a quarter), or letters that make no word."""
    kind = rng.random()
    if kind < 0.5:
        word = rng.choice(LABELS if rng.random() < 0.7 else WORDS)
        return rng.choice((word, word, word, word.upper(), word.lower(), word.capitalize()))
    if kind < 0.75:
        return str(rng.randrange(10 ** rng.choice((1, 2, 2, 3, 3, 4))))
    return _letters(rng, rng.randint(2, 5))


def _sign(rng: random.Random) -> str:
    """A digit or a letter."""
    return str(rng.randrange(10)) if rng.random() < 0.5 else _letters(rng, 1)


def _letters(rng: random.Random, count: int) -> str:
    """Letters that make no word."""
    # In some faces l and I are one stroke, and letters of one shape in two sizes need a neighbour that tells their size.
    lower = rng.random() < 0.5
    letters = "abcdefghijkmnopqrstuvwxyz" if lower else "ABCDEFGHJKLMNPQRSTUVWXYZ"
    while set((word := "".join(rng.choices(letters, k=count))).lower()) <= set("cosvwxz"):
        continue
    return rng.choice((word, word.capitalize())) if lower else word
