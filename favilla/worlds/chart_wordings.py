"""How the family `charts` asks, kind by kind; the names that end in TEST are for the test split only."""

from __future__ import annotations

from favilla.worlds.phrasing import PICTURE_OPENINGS, widened

VALUE = widened((
    "What is the value of {item}?",
    "Read the value of {item}.",
    "How much is {item}?",
    "Which value does the chart show for {item}?",
    "{item}: what value?",
    "What does {item} stand at?",
    "Value of {item}?",
    "How high is {item}?",
    "Look up {item}.",
    "{item}?",
    "Which number belongs to {item}?",
    "What value has {item} here?",
    "I want to know {item}. What is its value?",
    "Find {item} and give its value.",
    "{item} - how much?",
    "Please read off {item}.",
), PICTURE_OPENINGS)  # fmt: skip
VALUE_TEST = ("Tell me the number for {item}.", "From the chart, what is {item}?")
LARGEST = widened((
    "Which item is largest?",
    "What has the highest value?",
    "Name the item with the largest value.",
    "Where is the maximum?",
    "Which one is the biggest?",
    "Give the item whose value is greatest.",
    "Largest item?",
    "Who or what is on top?",
    "What is the name of the largest one?",
    "Find the item with the highest value.",
    "Which value is highest, and what is its name? The name only.",
    "Which of these has most?",
    "Say what has the maximum value.",
    "The biggest value belongs to what?",
), PICTURE_OPENINGS)  # fmt: skip
LARGEST_TEST = ("Which name leads the chart?",)
SMALLEST = widened((
    "Which item is smallest?",
    "What has the lowest value?",
    "Name the item with the smallest value.",
    "Where is the minimum?",
    "Which one is the littlest?",
    "Give the item whose value is least.",
    "Smallest item?",
    "Who or what is at the bottom?",
    "What is the name of the smallest one?",
    "Find the item with the lowest value.",
    "Which value is lowest, and what is its name? The name only.",
    "Which of these has least?",
    "Say what has the minimum value.",
    "The least value belongs to what?",
), PICTURE_OPENINGS)  # fmt: skip
SMALLEST_TEST = ("Which name comes last by value?",)
SUM = widened((
    "What is the sum of {item} and {other}?",
    "Add {item} and {other}.",
    "How much are {item} and {other} together?",
    "{item} plus {other}?",
    "{item} + {other} = ?",
    "Total of {item} and {other}?",
    "If {item} and {other} were one item, what value would it have?",
    "Add the value of {item} to that of {other}.",
    "What do {item} and {other} sum to?",
    "How much is {item} if you add {other}?",
    "Calculate {item} plus {other}.",
    "Read {item} and {other}, then add them.",
), PICTURE_OPENINGS)  # fmt: skip
SUM_TEST = ("Take {item} and {other} together. What do you get?",)
GAP = widened((
    "How much larger is {item} than {other}?",
    "What is {item} minus {other}?",
    "By how much does {item} exceed {other}?",
    "{item} minus {other}?",
    "{item} - {other} = ?",
    "Subtract {other} from {item}.",
    "How many more has {item} than {other}?",
    "How far is {item} above {other}?",
    "Take {other} away from {item}. What is left?",
    "{other} is less than {item}. By how much?",
    "Give the difference of {item} and {other}.",
    "How much must {other} grow to reach {item}?",
), PICTURE_OPENINGS)  # fmt: skip
GAP_TEST = ("What is the distance between {item} and the smaller {other}?",)
ABOVE = widened((
    "How many values are above {limit}?",
    "Count the values over {limit}.",
    "How many items exceed {limit}?",
    "How many are more than {limit}?",
    "Count the items that are larger than {limit}.",
    "Values above {limit}: how many?",
    "How often is the value greater than {limit}?",
    "How many of them pass {limit}?",
    "Of all values, how many are over {limit}?",
    "Say how many items have more than {limit}.",
), PICTURE_OPENINGS)  # fmt: skip
ABOVE_TEST = ("What number of items lies higher than {limit}?",)
MEAN = widened((
    "What is the mean of {item}, {other} and {third}?",
    "Average {item}, {other} and {third}.",
    "Mean of {item}, {other}, {third}?",
    "Add {item}, {other} and {third}, then divide by three.",
    "Find the average of {item}, {other} and {third}.",
    "What is a third of {item} plus {other} plus {third}?",
    "Give the mean value of the three: {item}, {other}, {third}.",
    "{item}, {other} and {third}: what is their average?",
    "If {item}, {other} and {third} were equal, with the same sum, how much would each be?",
    "Take the mean over {item}, {other} and {third}.",
), PICTURE_OPENINGS)  # fmt: skip
MEAN_TEST = ("On average, what do {item}, {other} and {third} come to?",)
RANK = widened((
    "Which item is {nth} largest?",
    "Name the {nth} largest item.",
    "Ranked from the top, which is {nth}?",
    "The {nth} largest is which?",
    "What has the {nth} highest value?",
    "Find the {nth} biggest item.",
    "Sort them from large to small. Which is {nth}?",
    "Which item is {nth} when the largest is first?",
    "{nth} largest item?",
    "Give the name with the {nth} largest value.",
), PICTURE_OPENINGS)  # fmt: skip
RANK_TEST = ("By value, who takes the {nth} place?",)
RISE = widened((
    "Before which item is the largest rise?",
    "Which item rises most above the one before it?",
    "From one item to the next, where is the growth largest? Give the second one.",
    "Where does the value jump up most, compared with the item before?",
    "Which item gained most over the one before it?",
    "Find the item with the largest increase from the previous one.",
    "At which item has the value risen most?",
    "Which one is highest above its left or upper neighbour?",
    "Largest increase: at which item?",
    "Compare each with the one before. Which grew most?",
), PICTURE_OPENINGS)  # fmt: skip
RISE_TEST = ("The biggest step up leads to which item?",)
SERIES_VALUE = widened((
    "What is {item} in {series}?",
    "Read {item} of the series {series}.",
    "{series}, {item}: what value?",
    "In {series}, what is the value of {item}?",
    "Value of {item} in {series}?",
    "Look up {item} in {series}.",
    "{item} in {series}?",
    "Of the series {series}, give {item}.",
    "How much has {item} in {series}?",
    "Which value does {series} have at {item}?",
), PICTURE_OPENINGS)  # fmt: skip
SERIES_VALUE_TEST = ("For {series}, how much is {item}?",)
