"""How the family `quantities` asks: what is told and what is asked, combined freely; the last ones of each for the test alone."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Words:
    """Wordings of one kind of question: a prompt tells and asks. The test split also asks in ways of its own."""

    told: tuple[str, ...]
    asked: tuple[str, ...]
    told_test: tuple[str, ...]
    asked_test: tuple[str, ...]

    @property
    def train(self) -> list[str]:
        return [f"{told} {asked}".strip() for told in self.told for asked in self.asked]

    @property
    def test(self) -> list[str]:
        return [f"{told} {asked}".strip() for told in (*self.told, *self.told_test) for asked in self.asked_test]


WORDS: dict[str, Words] = {
    "clock_later": Words(
        ("It is {start}.", "Start: {start}.", "A film begins at {start}.", "The clock shows {start}."),
        ("What time is it {span} later?", "What does the clock show after {span}?", "{span} later it is?", "Add {span}. Time?"),
        ("A train leaves at {start}.",),
        ("Which time will it be once {span} have passed?", "Move on by {span}. What time is that?"),
    ),
    "clock_between": Words(
        ("From {start} to {end}.", "It begins at {start} and ends at {end}.", "Start {start}, end {end}.", "Open from {start} until {end}."),
        ("How many minutes is that?", "How long is that in minutes?", "Minutes?", "Give the time between in minutes."),
        ("Someone waits from {start} until {end}.",),
        ("How many minutes go by?", "Count the minutes in between."),
    ),
    "clock_break": Words(
        ("Work from {start} to {end} with a break of {pause} minutes.", "A shift: {start} to {end}, {pause} minutes of it off.",
         "She comes at {start}, leaves at {end} and rests {pause} minutes."),
        ("How many minutes of work?", "How long is worked, in minutes?", "Minutes without the break?", "Give the working time in minutes."),
        ("Between {start} and {end} the shop was open, but for {pause} minutes.",),
        ("How many minutes are left for work?", "Take the break off. How many minutes remain?"),
    ),
    "weekday_after": Words(
        ("Today is {day}.", "It is {day}.", "We start on a {day}.", "Day zero: {day}."),
        ("Which weekday is it in {days} days?", "What day is it {days} days later?", "{days} days on, which weekday?", "Weekday after {days} days?"),
        ("A ship leaves on a {day}.",),
        ("On which day of the week have {days} days passed?", "Name the weekday that follows after {days} days."),
    ),
    "date_after": Words(
        ("Today is {date}.", "Start: {date}.", "A letter is dated {date}.", "Begin at {date}."),
        ("Which date is it {days} days later?", "What is the date after {days} days?", "Add {days} days.", "{days} days on, which date?"),
        ("Eggs were laid on {date}.",),
        ("Name the date when {days} days have gone by.", "On which date are {days} days over?"),
    ),
    "days_between": Words(
        ("From {date} to {end}.", "Start {date}, end {end}.", "It is {date}; we wait for {end}.", "A trip begins on {date} and ends on {end}."),
        ("How many days is that?", "How many days later is the second date?", "Days between?", "Give the number of days from the first to the second."),
        ("Sown on {date}, harvested on {end}.",),
        ("How many nights are that?", "Count the days from one date to the other."),
    ),
    "weekday_of_date": Words(
        ("{date} is a {day}.", "Given: {date} falls on a {day}.", "This year, {date} is a {day}.", "A calendar says that {date} is a {day}."),
        ("Which weekday is {end} of the same year?", "And {end}, the same year?", "What day of the week is {end} that year?"),
        ("A year has its {date} on a {day}.",),
        ("On which weekday does {end} fall then?", "Tell me the weekday of {end} in that year."),
    ),
    "convert": Words(
        ("",),
        ("How many {unit} are {amount}?", "{amount} in {unit}?", "Convert {amount} to {unit}.", "{amount} = ? {unit}", "Write {amount} in {unit}.",
         "Give {amount} in {unit}.", "What is {amount} in {unit}?", "Turn {amount} into {unit}.", "{amount} are how many {unit}?",
         "Change {amount} into {unit}, please.", "Into {unit}: {amount}", "I have {amount}. In {unit}?"),
        (),
        ("Express {amount} in {unit}.", "A label says {amount}. Tell it in {unit}.", "How much is {amount}, counted in {unit}?",
         "Which number of {unit} makes {amount}?"),
    ),
    "units_sum": Words(
        ("Add {amounts}.", "There are {amounts}.", "Parts: {amounts}.", "Together: {amounts}."),
        ("How many {unit} in all?", "Total in {unit}?", "Give the sum in {unit}.", "What is that in {unit}?"),
        ("One after the other, {amounts} were counted.",),
        ("To how many {unit} does it come?", "Sum it up, in {unit}."),
    ),
    "pieces": Words(
        ("{amount} are cut into parts of {size}.", "There are {amount}. One portion is {size}.", "From {amount} parts of {size} are made."),
        ("How many whole parts?", "How many full ones does that give?", "Number of complete parts?", "How often does the part fit in fully?"),
        ("Somebody divides {amount} into shares of {size}.",),
        ("How many can be finished?", "What is the largest number of whole ones?"),
    ),
    "pieces_left": Words(
        ("{amount} are cut into parts of {size}.", "There are {amount}. One portion is {size}.", "From {amount} parts of {size} are made."),
        ("How many {unit} remain?", "What is left over, in {unit}?", "{unit} left?", "How many {unit} are not used by whole parts?"),
        ("Somebody divides {amount} into shares of {size}.",),
        ("Which rest stays, in {unit}?", "How many {unit} are too few for one more?"),
    ),
    "per_kg": Words(
        ("The dose is {dose} mg per kg. Weight: {weight} kg.", "{dose} mg for each kg; a patient of {weight} kg.",
         "Someone of {weight} kg gets {dose} mg per kg.", "Body weight {weight} kg, dose {dose} mg/kg."),
        ("How many mg?", "Dose in mg?", "How much is that in mg?", "Give the mg."),
        ("A calf weighs {weight} kg and needs {dose} mg for every kg.",),
        ("How many mg does that make?", "What amount in mg is right?"),
    ),
    "tablets": Words(
        ("Dose {dose} mg, tablets of {strength} mg.", "One tablet has {strength} mg. {dose} mg are needed.",
         "Tablets hold {strength} mg each; give {dose} mg.", "Needed: {dose} mg. Each tablet: {strength} mg."),
        ("How many tablets?", "Number of tablets?", "How many are taken?", "Tablets to give?"),
        ("On the box stands {strength} mg per tablet, on the note {dose} mg.",),
        ("How many of them does it take?", "Count the tablets that are needed."),
    ),
    "millilitres": Words(
        ("Dose {dose} mg. The syrup has {strength} mg in {volume} ml.", "{volume} ml hold {strength} mg. {dose} mg are needed.",
         "A liquid: {strength} mg per {volume} ml. Give {dose} mg."),
        ("How many ml?", "Volume in ml?", "How much is that in ml?", "Give the ml."),
        ("There are {strength} mg in every {volume} ml, and {dose} mg are wanted.",),
        ("How many ml must be measured out?", "What volume, in ml, is right?"),
    ),
    "per_kg_tablets": Words(
        ("{dose} mg per kg, weight {weight} kg, tablets of {strength} mg.", "Someone of {weight} kg gets {dose} mg/kg. A tablet has {strength} mg.",
         "Tablets: {strength} mg. Dose: {dose} mg per kg. Weight: {weight} kg."),
        ("How many tablets?", "Number of tablets?", "How many are taken?", "Tablets to give?"),
        ("A dog of {weight} kg needs {dose} mg for every kg, in tablets with {strength} mg.",),
        ("How many of them does it take?", "Count the tablets that are needed."),
    ),
    "daily": Words(
        ("{dose} mg per kg a day, in {times} equal doses. Weight: {weight} kg.", "A patient of {weight} kg gets {dose} mg/kg daily, divided by {times}.",
         "Each day {dose} mg for every kg, at {times} times; {weight} kg."),
        ("How many mg is one dose?", "mg per dose?", "How much each time, in mg?", "Give one dose in mg."),
        ("For {weight} kg of body weight and {dose} mg/kg per day, the day's amount is shared among {times} doses.",),
        ("What does a single dose hold, in mg?", "How many mg are given at a time?"),
    ),
    "drip": Words(
        ("{volume} ml run in {hours} h. 1 ml is {drops} drops.", "An infusion: {volume} ml over {hours} h, {drops} drops per ml.",
         "Give {volume} ml within {hours} h with {drops} drops to the ml."),
        ("How many drops per minute?", "Drops a minute?", "Set which rate, in drops per minute?", "Rate in drops/min?"),
        ("A bag of {volume} ml must be empty after {hours} h; the set makes {drops} drops of each ml.",),
        ("How many drops fall each minute?", "At how many drops a minute does it run?"),
    ),
    "syrup": Words(
        ("{dose} mg per kg and dose, {times} doses a day for {days} days, {weight} kg; {strength} mg in {volume} ml.",
         "Weight {weight} kg. Each dose {dose} mg/kg, {times} a day, {days} days. The syrup: {strength} mg per {volume} ml.",
         "A syrup has {strength} mg in {volume} ml. Someone of {weight} kg takes {dose} mg/kg {times} times a day for {days} days."),
        ("How many ml in all?", "Total ml?", "How much syrup is used, in ml?", "Give the whole volume in ml."),
        ("For {days} days a child of {weight} kg drinks, {times} times daily, {dose} mg per kg out of a syrup with {strength} mg in {volume} ml.",),
        ("How many ml are drunk altogether?", "What volume is needed for everything, in ml?"),
    ),
    "bottles": Words(
        ("{dose} mg per kg and dose, {times} doses a day for {days} days, {weight} kg; {strength} mg in {volume} ml; bottles of {bottle} ml.",
         "Weight {weight} kg. Each dose {dose} mg/kg, {times} a day, {days} days. The syrup: {strength} mg per {volume} ml, {bottle} ml a bottle."),
        ("How many bottles are needed?", "Number of bottles to buy?", "Bottles that must be there?", "How many bottles must be opened?",
         "Bottles?", "How many bottles does it take?"),
        ("A child of {weight} kg takes {dose} mg/kg, {times} times a day, {days} days long; {volume} ml have {strength} mg and a bottle {bottle} ml.",),
        ("How many bottles should be ordered?", "With how many bottles is there enough?"),
    ),
    "infusion_end": Words(
        ("An infusion of {volume} ml starts at {start} and runs at {rate} ml/h.", "{volume} ml at {rate} ml per hour, from {start} on.",
         "Start {start}, volume {volume} ml, rate {rate} ml/h."),
        ("At what time is it finished?", "When does it end?", "End time?", "Which time is it when all has run in?"),
        ("At {start} a pump begins to give {volume} ml, {rate} ml each hour.",),
        ("When is the bag empty?", "What does the clock show at its end?"),
    ),
}  # fmt: skip
