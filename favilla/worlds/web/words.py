"""What stands on rendered screens, and what a click on it does.

Of every sort of label some words are kept for the test split: they stand in no other family's pictures and in no training
screen, so that the test also measures whether a label is read rather than known by heart.
"""

from __future__ import annotations

import random
from collections.abc import Iterator

from favilla.worlds.base import Split


def _words(text: str) -> tuple[str, ...]:
    return tuple(word.replace("_", " ") for word in text.split())


TRAIN = {
    "action": _words("""
        Save Open Cancel Close Print Copy Paste Undo Redo Send Reply Delete Edit View Stop Play Pause Login Search Share
        Upload Sort Filter Zoom Add Remove Yes No Apply Reset Start Buy Export Import Backup Restore Update Install Sync
        Insert OK Run Test Submit Clear Accept Decline Retry Skip Finish Follow Block Mute Record Rotate Crop Lock"""),
    "place": _words("""
        Home Back Next Help Menu Mail Chat Cart News Sport Weather Photos Files Music Video Inbox Sent Drafts Spam
        Archive Trash Users Groups Roles Logs Stats Report Map Hotel Flight Train Bus Clock Alarm About Contact Team
        Jobs Blog Books Games Travel Food Health Science Shop Sale Orders Terms Prices Docs Forum Events Tools"""),
    "field": _words("""
        Name Email Phone City Street Country Date Time Price Total Notes Title Author Size Colour Code User Age Year
        Amount Subject Company State Room Guests From To Budget Comment Nickname Weight Height Island"""),
    "option": _words("""
        Wifi Sound Light Dark Bold Italic Left Right Centre Bluetooth Vibrate Location Camera Alerts Battery Cookies
        Large Small Fast Slow Daily Weekly Monthly Private Public Grid Ruler Subtitles Autoplay Hints Flash
        Roaming Mobile Night Silent"""),
    "good": _words("""
        Apple Bread Brick Broom Brush Butter Cactus Candle Chair Cheese Chess Cotton Crayon Curtain Drum Flute
        Garlic Globe Glove Grapes Guitar Hammer Honey Jacket Juice Kettle Kite Ladder Lamp Lemon Mango Marble Melon Mug
        Needle Olive Onion Paper Pencil Pepper Piano Pillow Rice Rope Rug Salt Scarf Shirt Soap Sofa Spoon Sugar Table
        Teapot Tent Towel Vase Violin Wool"""),
    "person": _words("""
        Anna Ben Carla David Eva Felix Greta Hugo Ida Jonas Karin Leo Maria Nico Olga Paul Rosa Simon Tina Viktor Wanda
        Yusuf Zoe Amir Bao Chloe Diego Emma"""),
}  # fmt: skip
TEST_ONLY = {
    "action": _words(
        "Publish Refresh Rename Merge Subscribe Convert Encrypt Donate Browse Compare Resume Unlock Translate"
    ),
    "place": _words("Gallery Calendar Careers Wallet Podcasts Recipes Museum Library Clinic Theatre Stadium Harbour"),
    "field": _words("Surname Postcode Username Voucher Quantity Birthday Profession Passport Mileage"),
    "option": _words("Hotspot Captions Airplane Narrow Hourly Shuffle Spelling Gestures Magnifier"),
    "good": _words("Backpack Bicycle Compass Hairbrush Keyboard Dumbbell Mattress Notebook Raincoat Scissors Toaster"),
    "person": _words("Quentin Beatrix Fatima Ludwig Ottilie Xavier Priya Kwame"),
}
# Words that are read but not clicked; none of them is a label.
HEADINGS = _words(
    "Welcome Account Options Details Overview Members Basket Profile Device Display Project Summary Choices"
)
DIALOGS = ("Are you sure?", "One moment", "Please decide", "Go ahead?", "All done", "Not so fast")
COLUMNS = _words("Item Count Points Level Score Value")
SENTENCES = ("See {} for more.", "Try {} first.", "Read {} now.", "New? Go to {}.")

# What a click is for: (labels that are asked for by it, labels that one could take for the same)
FUNCTIONS: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "look for something": (("Search", "_search"), ("Filter", "Zoom", "View", "Browse")),
    "put it on paper": (("Print",), ()),
    "take back the last step": (("Undo",), ("Back", "Restore", "Reset", "Cancel", "Redo")),
    "throw something away": (("Delete", "Trash", "_trash"), ("Remove", "Clear", "Spam", "Reset", "Cancel")),
    "go to the start page": (("Home", "_home"), ("Back", "Start", "Menu")),
    "get advice": (("Help",), ("About", "Contact", "Docs", "Forum", "Terms", "Hints")),
    "read letters": (("Mail", "Inbox", "_mail"), ("Chat", "Sent", "Drafts", "Archive", "Send")),
    "see what I am going to buy": (("Cart", "_cart"), ("Buy", "Orders", "Shop", "Sale", "Wallet")),
    "see pictures": (("Photos",), ("Gallery", "Video", "Camera", "Museum")),
    "hear songs": (("Music",), ("Sound", "Play", "Podcasts", "Record", "_play")),
    "know whether it will rain": (("Weather",), ("News",)),
    "find the way": (("Map",), ("Location", "Travel", "Search", "_search", "Help", "Compare")),
    "sign in": (("Login",), ("Subscribe", "Users", "Start", "Unlock", "Submit", "Join")),
    "close the dialog": (
        ("_close",),
        ("Close", "Cancel", "No", "Decline", "Skip", "OK", "Finish", "Stop", "Yes"),
    ),
    "change how it works": (("_gear",), ("Tools", "Options", "Edit", "Menu", "_menu")),
    "make it larger": (("Zoom",), ("Large", "Size", "Height", "Magnifier", "_add")),
    "use the internet without a cable": (("Wifi",), ("Hotspot", "Mobile", "Roaming", "Bluetooth")),
    "know what happened in the world": (("News",), ("Sport", "Blog", "Weather", "Science", "Podcasts", "Events")),
    "stop it for a moment": (("Pause",), ("Stop", "Mute", "Lock", "Alarm")),
    "make a second one of it": (("Copy",), ("Backup", "Export", "Share", "Archive", "Paste", "_copy")),
}
ICONS = ("_search", "_trash", "_home", "_mail", "_cart", "_gear", "_add", "_play", "_menu")


def functions(labels: list[str]) -> Iterator[tuple[str, str]]:
    """(what it is for, label) wherever one and only one of all labels on the screen does it."""
    there = set(labels)
    for purpose, (asked, rivals) in FUNCTIONS.items():
        found = there & {*asked, *rivals}
        if len(found) == 1 and labels.count(label := found.pop()) == 1 and label in asked:
            yield purpose, label


class Vocabulary:
    """Words for one screen, each given out once. Half of a test screen's labels are words that stand in no other split."""

    def __init__(self, rng: random.Random, split: Split):
        self.rng, self.split = rng, split
        self.used: set[str] = set()

    def label(self, sort: str) -> str:
        """A label of a sort (a key of TRAIN)."""
        words = TEST_ONLY[sort] if self.split == "test" and self.rng.random() < 0.5 else TRAIN[sort]
        return self.one(words) or self.one(TRAIN[sort])

    def one(self, words: tuple[str, ...]) -> str:
        """One of these words, "" when all are used up."""
        free = [word for word in words if word not in self.used]
        if not free:
            return ""
        word = self.rng.choice(free)
        self.used.add(word)
        return word
