"""How a second question says only what is new: wordings of each kind, those of training and those of the test split alone."""

from __future__ import annotations

# kind of ellipsis: wordings, and those of the test split alone. {before}: what the first question had in the place of the new.
ELLIPSES: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "item": (
        (
            "And {new}?", "And for {new}?", "What about {new}?", "The same for {new}?", "And {new}, then?", "{new}?",
            "How about {new}?", "Now {new}.", "Now the same for {new}.", "Same question, {new}.", "Try {new}.",
            "Next: {new}.", "Do {new}, too.", "Repeat it for {new}.", "Sorry, I meant {new}.",
            "And if it were {new}?", "Answer again for {new}.", "Could you do {new} as well?",
            "Please do {new} next.", "{new} instead?", "I meant {new}.", "Let me ask about {new}.",
            "What is it for {new}?", "Give me {new}, too.", "Not that, but {new}?", "Change that to {new}.",
            "Next I need {new}.", "My next question is about {new}.", "Likewise for {new}?",
            "What would you say for {new}?", "Then {new}?",
        ),
        (
            "How does it stand with {new}?", "I also want it for {new}.",
        ),
    ),
    "colour": (
        (
            "And {new} ones?", "And how many {new} ones?", "What about {new} ones?", "And in {new}?",
            "How many {new} ones, then?", "How about {new} ones?", "Now {new} ones.", "Now count {new} ones.",
            "And the {new} ones, how many?", "Same question for {new} ones.", "Try it with {new}.",
            "Next: {new} ones.", "Are there {new} ones? How many?", "Sorry, I meant {new} ones.",
            "Count again, but {new} ones.", "If they are {new}?", "How many in {new}?",
            "Change the colour to {new}.", "And of the colour {new}?", "Same shape, but {new}?",
            "Let me ask about {new} ones.", "{new} instead?", "Please count the {new} ones next.",
            "What is the number of {new} ones?", "Replace the colour by {new}.",
            "My sister counts {new} ones. How many?", "Then {new} ones?",
        ),
        (
            "Do the same with {new}.", "I also want the {new} ones.",
        ),
    ),
    "shape": (
        (
            "And {new}?", "And how many {new}?", "What about {new}?", "How many {new}, then?", "How about {new}?",
            "Now {new}.", "Now count {new}.", "Number of {new}?", "Same question for {new}.", "Try {new}.",
            "Next: {new}.", "Are there {new}? How many?", "Sorry, I meant {new}.", "Count again, but {new}.",
            "{new} instead?", "Change the shape to {new}.", "Let me ask about {new}.", "Please count {new} next.",
            "What is the number of {new}?", "Repeat it for {new}.", "My sister counts {new}. How many?",
            "Give me the count of {new}, too.", "Then {new}?", "Likewise for {new}?",
            "And how often do you see {new}?",
        ),
        (
            "Do the same with {new}.", "I also want the {new}.",
        ),
    ),
    "half": (
        (
            "And in the {new} half?", "What about the {new} half?", "And {new}?", "The {new} half, too?",
            "How about the {new} half?", "Now the {new} half.", "In the {new} half?", "And on the {new}?",
            "Same question, {new} half.", "Now count in the {new} half.", "Next: the {new} half.",
            "Sorry, I meant the {new} half.", "And how many on the {new} side?", "Change the half: {new}.",
            "Repeat it for the {new} half.", "Try the {new} half.", "Answer again for the {new} half.",
            "Not that half, the {new} one.", "And for the {new} side of the picture?", "Do the {new} half, too.",
            "Then the {new} half?", "And to the {new} of the middle?", "The other side, {new}?",
            "Please do the {new} half next.", "My next question is about the {new} half.",
        ),
        (
            "Look at the {new} half as well.",
        ),
    ),
    "instead": (
        (
            "And with {new} instead of {before}?", "And {new} instead of {before}?",
            "Take {new} instead of {before}.", "Now {new} in place of {before}.", "Replace {before} by {new}.",
            "And if {before} becomes {new}?", "Not {before} but {new}?", "Use {new}, not {before}.",
            "Try {new} rather than {before}.", "Change {before} to {new}.", "Swap {before} for {new}.",
            "Sorry, {new}, not {before}.", "I meant {new} where I said {before}.",
            "The same, but {new} for {before}.", "Put {new} where {before} was.",
            "How about {new} instead of {before}?", "Drop {before}, take {new}.",
            "And had I said {new}, not {before}?", "Without {before}, but with {new}?", "Make {before} into {new}.",
            "Again, with {new} rather than {before}?", "Leave {before} and use {new}.",
            "{before} was wrong. It is {new}.", "If it is {new}, not {before}?",
            "Please answer with {new} for {before}.",
        ),
        (
            "Exchange {before} for {new}.", "{new} stands in for {before} now.",
        ),
    ),
    "above": (
        (
            "And above {new}?", "And over {new}?", "What about {new}?", "More than {new}, then?",
            "How about above {new}?", "Now above {new}.", "And higher than {new}?", "And greater than {new}?",
            "If the limit is {new}?", "Same question, limit {new}.", "Change the limit to {new}.",
            "How many over {new}, then?", "Sorry, I meant {new}.", "Now count those over {new}.",
            "And with {new} as the limit?", "And bigger than {new}?", "Try {new} as the limit.",
            "How many exceed {new}?", "Next limit: {new}.", "Repeat it for {new}.", "Replace the limit by {new}.",
            "What if it has to be more than {new}?", "And how many pass {new}?", "Set the limit at {new}.",
            "Over {new} instead?",
        ),
        (
            "Raise or lower it to {new}.",
        ),
    ),
    "rank": (
        (
            "And the {new}?", "And {new}?", "Which is the {new}, then?", "What about the {new}?",
            "How about the {new}?", "Now the {new}.", "Name the {new}, too.", "Same question, but {new}.",
            "Give me the {new}.", "Next: the {new}.", "Which one is {new}?", "Sorry, I meant the {new}.",
            "And in {new} place?", "Who or what is {new}?", "Try the {new}.", "Repeat it for the {new}.",
            "Not that one, the {new}.", "And if I ask for the {new}?", "Change it to the {new}.",
            "Let me know the {new}, too.", "Please name the {new} next.", "And the one that is {new}?",
            "Then the {new}?", "My next question is about the {new}.", "The {new} instead?",
        ),
        (
            "Go on to the {new}.",
        ),
    ),
    "value": (
        (
            "And what is its value?", "And how much is that?", "What value has it?", "How much is it?", "Its value?",
            "What is its value?", "How high is it?", "Which value does it have?", "What number does it have?",
            "And its number?", "How much, exactly?", "Now give its value.", "And the value of it?",
            "With what value?", "What does it stand at?", "Could you say its value?", "Read its value, please.",
            "And how much does it have?", "I need its value, too.", "Which number belongs to it?",
            "Its number, please.", "And the figure?", "What is the figure for it?", "Say how much.",
            "What value is that?", "Write its value.",
        ),
        (
            "Tell me its number, too.", "Now read it off.",
        ),
    ),
    "many": (
        (
            "And how many of them are there?", "How many are that?", "And how many have it?", "How many of those?",
            "And how many are there?", "What is their number?", "How many have that colour?", "Number of them?",
            "And the count?", "How many of these do you see?", "Now give their number.",
            "What is the count of them?", "And how many, exactly?", "How many shapes is that?",
            "How many shapes have it?", "Please say how many.", "I need their number, too.",
            "In figures, how many are they?", "And their total?", "How often does it appear?",
            "Write how many there are.", "How many did you find?", "Could you say how many there are?",
        ),
        (
            "Count these, too.", "With how many members?",
        ),
    ),
    "smallest": (
        (
            "And the smallest?", "And the lowest?", "Which is the smallest, then?", "What about the smallest?",
            "How about the smallest?", "And which has least?", "Now the smallest.", "And the minimum?",
            "Who or what has least?", "Which is lowest?", "Name the smallest, too.", "And which one is the least?",
            "And the one with the lowest value?", "And at the bottom?", "Same question for the smallest.",
            "Next: the smallest.", "Sorry, I meant the smallest.", "And the littlest?", "Which of them is smallest?",
            "Where is the minimum, then?", "Give me the lowest one.", "The smallest instead?",
            "And the very last by value?",
        ),
        (
            "Now the other end.",
        ),
    ),
    "largest": (
        (
            "And the largest?", "And the highest?", "Which is the largest, then?", "What about the largest?",
            "How about the largest?", "And which has most?", "Now the largest.", "And the maximum?",
            "Who or what has most?", "Which is highest?", "Name the largest, too.", "And which one is the greatest?",
            "And the one with the highest value?", "And at the top?", "Same question for the largest.",
            "Next: the largest.", "Sorry, I meant the largest.", "And the biggest?", "Which of them is largest?",
            "Where is the maximum, then?", "Give me the highest one.", "The largest instead?",
            "And the very first by value?",
        ),
        (
            "Now the opposite.",
        ),
    ),
    "second": (
        (
            "And the second largest?", "And the second?", "Which comes next?", "And the runner-up?",
            "What comes after it?", "Which is second?", "And in second place?", "And the next largest?",
            "Which one has second most?", "Now the second largest.", "Who or what is second?", "Name the runner-up.",
            "Without it, which is largest?", "And the second highest?", "Which is largest of the rest?",
            "And after that one?", "What is the next one down?", "And the one below it in rank?",
            "Give me number two.", "What has the second highest value?", "If it were gone, which would be largest?",
            "And the best of the others?", "Apart from it, which is highest?", "And second most?", "Next in rank?",
        ),
        (
            "Leave that one out. Which leads now?", "Who follows right behind?",
        ),
    ),
}  # fmt: skip
