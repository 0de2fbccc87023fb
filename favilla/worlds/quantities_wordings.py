"""How the family `quantities` asks about clocks, calendars and units; what a set of wordings holds.

The names that end in `_test` are for the test split only.
"""

from __future__ import annotations

from dataclasses import dataclass

from favilla.worlds.phrasing import widened


@dataclass(frozen=True)
class Words:
    """Wordings of one kind of question: a prompt tells and asks. The test split also asks in ways of its own.

    asked_first: questions that stand before what is told. whole: wordings that tell and ask in one.
    """

    told: tuple[str, ...]
    asked: tuple[str, ...]
    told_test: tuple[str, ...]
    asked_test: tuple[str, ...]
    asked_first: tuple[str, ...] = ()
    whole: tuple[str, ...] = ()

    @property
    def train(self) -> list[str]:
        return [
            *(f"{told} {asked}".strip() for told in self.told for asked in self.asked),
            *(f"{asked} {told}" for told in self.told for asked in self.asked_first),
            *widened(self.whole),
        ]

    @property
    def test(self) -> list[str]:
        return [f"{told} {asked}".strip() for told in (*self.told, *self.told_test) for asked in self.asked_test]


TIMES_AND_UNITS: dict[str, Words] = {
    "clock_later": Words(
        told=(
            "It is {start}.", "Start: {start}.", "A film begins at {start}.", "The clock shows {start}.", "It's {start} now.",
            "Right now it is {start}.", "My watch says {start}.", "The lesson starts at {start}.", "Current time: {start}.",
            "We set off at {start}.", "The bread goes into the oven at {start}.", "Lena looks up at the wall: {start}.",
            "The match kicks off at {start}.", "I woke up at {start}.", "Somebody phones at {start}.",
        ),
        asked=(
            "What time is it {span} later?", "What does the clock show after {span}?", "{span} later it is?", "Add {span}. Time?",
            "What time will it be {span} after that?", "{span} pass. What is the time now?", "How late is it {span} afterwards?",
            "Give the time {span} from then.", "Then {span} go by. Tell me the time.", "At what time are the next {span} up?",
            "Wait {span}. What does the watch say?", "Which clock time comes {span} after that?", "Plus {span}: what time?",
            "Something takes {span} from then on. When is it over?", "Work out the time {span} on from there.",
            "Please calculate the clock time {span} afterwards.", "And {span} later?", "I want to know what time we have {span} later.",
        ),
        told_test=(
            "A train leaves at {start}.",
        ),
        asked_test=(
            "Which time will it be once {span} have passed?", "Move on by {span}. What time is that?",
        ),
        asked_first=(
            "What time will it be after {span}?", "I need to know the time {span} later.", "When are {span} over?",
            "Which hour and minute do we reach after {span}?", "Please add {span} to this time.",
        ),
        whole=(
            "What time is {span} after {start}?", "{start} + {span} = ?", "{start} plus {span} gives which time?", "Add {span} to {start}.",
            "From {start} on, {span} pass. What is the time?", "If it is {start} now, what time will it be in {span}?",
            "Someone starts at {start} and needs {span}. When are they done?", "Tell me the clock time {span} after {start}.",
            "A meeting that lasts {span} starts at {start}. When does it end?", "Starting at {start}, a journey takes {span}. Arrival time?",
            "{span} from {start}: what time?", "An alarm is to ring {span} after {start}. At what time does it ring?",
        ),
    ),
    "clock_between": Words(
        told=(
            "From {start} to {end}.", "It begins at {start} and ends at {end}.", "Start {start}, end {end}.",
            "Open from {start} until {end}.", "The film runs from {start} to {end}.", "We left at {start} and arrived at {end}.",
            "First time: {start}. Second time: {end}.", "The lesson lasts from {start} until {end}.", "Departure {start}, arrival {end}.",
            "It was {start}; now it is {end}.", "I fell asleep at {start} and woke up at {end}.", "{start} to {end}.",
            "The clock showed {start}, and later that day {end}.", "A walk is started at {start} and finished at {end}.",
            "On the timetable: {start} - {end}.",
        ),
        asked=(
            "How many minutes is that?", "How long is that in minutes?", "Minutes?", "Give the time between in minutes.",
            "What is the length in minutes?", "How many minutes lie between the two times?", "That takes how many minutes?",
            "Tell me the duration in minutes.", "Work out how many minutes pass.", "For how many minutes did it last?",
            "Duration in minutes?", "Find the number of minutes from the first time to the second.",
            "Calculate the time difference, in minutes.", "I would like to know how many minutes that took.",
            "Only minutes, please: how much time is it?", "How much time is that? Answer in minutes.", "State the whole length in minutes.",
        ),
        told_test=(
            "Someone waits from {start} until {end}.",
        ),
        asked_test=(
            "How many minutes go by?", "Count the minutes in between.",
        ),
        asked_first=(
            "How many minutes are these?", "Calculate the length in minutes.", "Somebody needs the duration in minutes.",
            "How long did it take, in minutes?", "Minutes wanted.",
        ),
        whole=(
            "How many minutes are there between {start} and {end}?", "Minutes from {start} to {end}?",
            "From {start} until {end} is how many minutes?", "It is {start}. In how many minutes will it be {end}?",
            "At {end}, how many minutes have passed since {start}?", "How long is it from {start} to {end}, in minutes?",
            "Subtract {start} from {end} and give minutes.", "Find the time difference between {start} and {end} in minutes.",
            "How many minutes after {start} is {end}?", "Something lasts from {start} to {end}. Say how many minutes.",
            "The bus leaves at {end} and it is only {start}. How many minutes must I wait?",
        ),
    ),
    "clock_break": Words(
        told=(
            "Work from {start} to {end} with a break of {pause} minutes.", "A shift: {start} to {end}, {pause} minutes of it off.",
            "She comes at {start}, leaves at {end} and rests {pause} minutes.",
            "He works from {start} until {end}. His break lasts {pause} minutes.", "Start {start}, end {end}, lunch {pause} minutes.",
            "The working day begins at {start} and ends at {end}; {pause} minutes are a pause.",
            "At {start} I start work, at {end} I stop, and {pause} minutes of that were a coffee break.",
            "A time sheet: in {start}, out {end}, break {pause} minutes.",
            "Paul is at the office from {start} to {end}, and {pause} minutes of it are lunch.",
            "From {start} to {end}, {pause} minutes of it free.",
            "The team worked between {start} and {end}, minus a rest of {pause} minutes.",
            "Came: {start}. Went: {end}. Paused: {pause} minutes.", "A driver is out from {start} until {end} and stops for {pause} minutes.",
            "The lesson goes from {start} to {end} and is interrupted for {pause} minutes.",
        ),
        asked=(
            "How many minutes of work?", "How long is worked, in minutes?", "Minutes without the break?", "Give the working time in minutes.",
            "Without the pause, how many minutes is that?", "How many minutes are spent on work itself?",
            "What is the actual time in minutes?", "Subtract the free time. How many minutes?", "Net time in minutes?",
            "How many minutes count as work?", "Tell me how many minutes were really worked.",
            "Calculate the length without the pause, in minutes.", "What is the total in minutes once the pause is subtracted?",
            "Find the minutes that are not rest.", "I need the minutes of real work.", "The rest does not count. How many minutes do?",
        ),
        told_test=(
            "Between {start} and {end} the shop was open, but for {pause} minutes.",
        ),
        asked_test=(
            "How many minutes are left for work?", "Take the break off. How many minutes remain?",
        ),
        asked_first=(
            "How many minutes of real work are there?", "Find the working time in minutes, pause excluded.",
            "What is the net length in minutes?", "The boss wants the minutes worked, without the rest.",
        ),
        whole=(
            "How many minutes are worked from {start} to {end} if {pause} minutes are free?",
            "Between {start} and {end} there is a pause of {pause} minutes. How long is the rest of the time, in minutes?",
            "{start} to {end}, less {pause} minutes: how many minutes?",
            "Take {pause} minutes off the time from {start} to {end}. What do you get, in minutes?",
            "If somebody works from {start} to {end} but pauses for {pause} minutes, for how many minutes do they work?",
            "With {pause} minutes of break, how many minutes of work lie between {start} and {end}?",
            "Minutes of work: {start} until {end} without a {pause} minutes break?",
        ),
    ),
    "weekday_after": Words(
        told=(
            "Today is {day}.", "It is {day}.", "We start on a {day}.", "Day zero: {day}.", "Now it is {day}.", "Suppose it is {day}.",
            "The calendar says {day}.", "I am writing this on a {day}.", "First day: {day}.", "Let today be a {day}.",
            "The holidays begin on a {day}.", "You plant a seed on {day}.", "A parcel is sent on a {day}.", "Someone gets ill on a {day}.",
            "It happened on a {day}.",
        ),
        asked=(
            "Which weekday is it in {days} days?", "What day is it {days} days later?", "{days} days on, which weekday?",
            "Weekday after {days} days?", "What weekday comes {days} days after that?", "{days} days pass. What day of the week is it?",
            "Count {days} days ahead. Which day do you reach?", "What will the day be {days} days from then?",
            "Give the weekday {days} days later.", "Then {days} days go by, and it is what day?", "Add {days} days: which weekday?",
            "Which day of the week comes {days} days afterwards?", "After {days} days it is what weekday?", "Tell me the day {days} days on.",
            "Go forward {days} days and say the weekday.", "And {days} days later?",
            "There is an appointment {days} days later. On which weekday?", "Find the day of the week {days} days after it.",
        ),
        told_test=(
            "A ship leaves on a {day}.",
        ),
        asked_test=(
            "On which day of the week have {days} days passed?", "Name the weekday that follows after {days} days.",
        ),
        asked_first=(
            "What weekday will it be after {days} days?", "Find the day of the week {days} days later.",
            "{days} days must pass. Which day comes out?", "I want to know the weekday {days} days on.", "Count {days} days forward.",
        ),
        whole=(
            "Which weekday is {days} days after a {day}?", "{day} plus {days} days is which day?",
            "What day of the week comes {days} days after {day}?", "If today is {day}, what day is it in {days} days?",
            "Starting from {day}, count {days} days forward. Which weekday?", "{day} + {days} days = ?",
            "A shop that opens on a {day} closes {days} days later. What weekday is it then?",
            "Say which day it will be {days} days from a {day}.", "{days} days after {day}: name of the day?",
            "We meet on {day} and again {days} days later. What day will that be?",
        ),
    ),
    "date_after": Words(
        told=(
            "Today is {date}.", "Start: {date}.", "A letter is dated {date}.", "Begin at {date}.", "It is {date}.", "Now: {date}.",
            "First day: {date}.", "The calendar shows {date}.", "Someone was born on {date}.", "A parcel is sent on {date}.",
            "The bill came on {date}.", "We meet on {date}.", "The course opens on {date}.", "I borrowed a book on {date}.",
            "Date of issue: {date}.",
        ),
        asked=(
            "Which date is it {days} days later?", "What is the date after {days} days?", "Add {days} days.", "{days} days on, which date?",
            "What date comes {days} days after that?", "{days} days pass. What is the date?", "Give the date {days} days later.",
            "Count {days} days ahead. Which date do you reach?", "Tell me the date {days} days from then.",
            "Which day and month is it {days} days afterwards?", "Then {days} days go by. What date do we have?", "Plus {days} days: date?",
            "What will the calendar say {days} days later?", "Find the day and month {days} days on.",
            "It must be done within {days} days. What is the last date?", "And {days} days later?",
            "Go {days} days forward and say the date.", "The time limit is {days} days. Which date is the deadline?",
        ),
        told_test=(
            "Eggs were laid on {date}.",
        ),
        asked_test=(
            "Name the date when {days} days have gone by.", "On which date are {days} days over?",
        ),
        asked_first=(
            "What will the date be after {days} days?", "Which date is {days} days later?", "Find the day and the month {days} days on.",
            "Count {days} days forward on the calendar.", "We wait {days} days. Until which date?",
        ),
        whole=(
            "What is the date {days} days after {date}?", "{date} + {days} days = ?", "{date} plus {days} days is which date?",
            "Add {days} days to {date}.", "If today is {date}, what date is it in {days} days?",
            "{days} days from {date}: which day and month?", "Starting on {date}, count {days} days on. Which date is it?",
            "A visa from {date} runs out {days} days later. On what date?", "Which day of which month comes {days} days after {date}?",
            "Tell me the date that follows {date} by {days} days.",
        ),
    ),
    "days_between": Words(
        told=(
            "From {date} to {end}.", "Start {date}, end {end}.", "It is {date}; we wait for {end}.",
            "A trip begins on {date} and ends on {end}.", "First date: {date}. Second date: {end}.", "{date} to {end}.",
            "Today is {date}; the exam is on {end}.", "Sent on {date}, received on {end}.",
            "The holidays start on {date} and are over on {end}.", "It was {date}. Now it is {end}.", "We met on {date} and again on {end}.",
            "Ordered: {date}. Delivered: {end}.", "Two dates: {date} and {end}.", "A loan was taken on {date} and paid back on {end}.",
            "I bought the ticket on {date}; the concert is on {end}.",
        ),
        asked=(
            "How many days is that?", "How many days later is the second date?", "Days between?",
            "Give the number of days from the first to the second.", "How many days pass?", "What is the difference in days?",
            "Work out the number of days from the first date to the second.", "How far apart are they, in days?",
            "Tell me how many days lie between the two dates.", "That makes how many days?", "Subtract the dates. How many days?",
            "How many days does it take to get from the first date to the second?", "Find the distance in days.",
            "I want to know how many days that takes.", "Difference in days?", "How long is that in days?",
            "After how many days does the later date come?", "Please calculate the days from date to date.",
        ),
        told_test=(
            "Sown on {date}, harvested on {end}.",
        ),
        asked_test=(
            "How many nights are that?", "Count the days from one date to the other.",
        ),
        asked_first=(
            "What is the number of days between these dates?", "How many days does it take?", "Calculate the difference in days.",
            "Find how many days later the second date is.", "Days from one to the next?",
        ),
        whole=(
            "How many days is it from {date} to {end}?", "How many days after {date} is {end}?", "Number of days from {date} until {end}?",
            "It is {date}. How many days are there until {end}?", "If today is {date}, in how many days will it be {end}?",
            "On {end}, how many days have passed since {date}?", "How many days separate {date} and {end}?",
            "Work out the difference between {date} and {end} in days.", "Add how many days to {date} to reach {end}?",
            "{end} comes how many days after {date}?",
        ),
    ),
    "weekday_of_date": Words(
        told=(
            "{date} is a {day}.", "Given: {date} falls on a {day}.", "This year, {date} is a {day}.",
            "A calendar says that {date} is a {day}.", "{date}: {day}.", "We know that {date} is a {day}.", "Look, {date} was a {day}.",
            "In this calendar {date} is a {day}.", "Somebody was born on {date}, a {day}.", "In one year {date} falls on {day}.",
            "If {date} is a {day}:", "The school year has a test on {day}, {date}.", "Suppose {date} is a {day}.",
            "They married on {date}, which was a {day}.",
        ),
        asked=(
            "Which weekday is {end} of the same year?", "And {end}, the same year?", "What day of the week is {end} that year?",
            "What weekday is {end} of that year?", "Which day of the week is {end} in the same year?",
            "Find the weekday of {end} in the same year.", "In that same year, {end} is what day?",
            "What day will {end} be, in the same year?", "Then {end} of this same year is which day of the week?",
            "Work out the weekday for {end}, same year.", "Which weekday does the date {end} have, still in that year?",
            "And which weekday is {end}, later that year?", "Same year, {end}: day of the week?",
            "I need the weekday of {end} in this same year.", "Give the day of the week for {end} of the same year.",
        ),
        told_test=(
            "A year has its {date} on a {day}.",
        ),
        asked_test=(
            "On which weekday does {end} fall then?", "Tell me the weekday of {end} in that year.",
        ),
        asked_first=(
            "Which weekday is {end}?", "What day of the week do we have on {end}?", "I need the weekday of {end} in the same year.",
            "Say which day {end} is later that year.",
        ),
        whole=(
            "If {date} is a {day}, what weekday is {end} of the same year?", "Which weekday is {end} in a year in which {date} is a {day}?",
            "{date} = {day}. {end} of that year = ?", "Knowing that {date} is a {day}, find the day of the week of {end}, same year.",
            "What day is {end} when {date} of that year is a {day}?",
            "From {date}, a {day}, go on to {end} in the same year. What weekday is it?",
        ),
    ),
    "convert": Words(
        told=(
            "",
        ),
        asked=(
            "How many {unit} are {amount}?", "Convert {amount} to {unit}.", "{amount} = ? {unit}", "Write {amount} in {unit}.",
            "Give {amount} in {unit}.", "What is {amount} in {unit}?", "Turn {amount} into {unit}.", "{amount} are how many {unit}?",
            "Change {amount} into {unit}, please.", "Into {unit}: {amount}", "I have {amount}. In {unit}?", "How many {unit} make {amount}?",
            "{amount} equals how many {unit}?", "Rewrite {amount} using only {unit}.", "{amount}, but in {unit}.",
            "{amount}: how many {unit}?", "And {amount} in {unit}?", "If I measure {amount} in {unit}, what number do I get?",
            "Somebody has {amount} and wants to know the number of {unit}.", "Switch {amount} over to {unit}.",
            "Unit wanted: {unit}. Given: {amount}.", "In {unit}, please: {amount}", "Could you convert {amount} to {unit} for me?",
            "Calculate how many {unit} there are in {amount}.", "How many {unit} do you get from {amount}?",
            "What number of {unit} is equal to {amount}?", "Fill in the blank: {amount} = ___ {unit}", "The number of {unit} in {amount}?",
            "We want {unit} instead: {amount}", "Please state {amount} as a number of {unit}.",
            "My book says {amount}. How many {unit} would that be?", "Unit conversion: {amount} to {unit}",
            "{amount} is the same as how many {unit}?", "How many {unit} go into {amount}?", "Need {amount} as {unit}.",
            "Tell me how many {unit} {amount} come to.", "Say {amount} in {unit} only.", "Homework: change {amount} to {unit}.",
            "Find the number of {unit} that equals {amount}.", "You are given {amount}. Work it out in {unit}.",
            "A form asks for {unit}, and I have {amount}. Which number goes in?", "How would one write {amount} in {unit} alone?",
            "Break {amount} down into {unit}. How many?", "Compute {amount} in {unit}.", "Determine the number of {unit} in {amount}.",
            "What does {amount} come to in {unit}?", "{amount} corresponds to how many {unit}?", "Translate {amount} into {unit}.",
            "It says {amount} on the sign. I only understand {unit}.",
        ),
        told_test=(),
        asked_test=(
            "Express {amount} in {unit}.", "A label says {amount}. Tell it in {unit}.", "How much is {amount}, counted in {unit}?",
            "Which number of {unit} makes {amount}?",
        ),
    ),
    "units_sum": Words(
        told=(
            "Add {amounts}.", "There are {amounts}.", "Parts: {amounts}.", "Together: {amounts}.", "Sum: {amounts}.",
            "To be added up: {amounts}.", "We have {amounts}.", "Given: {amounts}.", "The list reads {amounts}.", "Measured: {amounts}.",
            "Parts to add: {amounts}.", "Someone noted {amounts}.", "The values are {amounts}.", "{amounts} are added.",
            "Here are some amounts: {amounts}.",
        ),
        asked=(
            "How many {unit} in all?", "Total in {unit}?", "Give the sum in {unit}.", "What is that in {unit}?", "How many {unit} together?",
            "What is the total, in {unit}?", "All in all, how many {unit}?", "Altogether in {unit}?", "Find the total in {unit}.",
            "State everything as one number of {unit}.", "What do they make together, in {unit}?", "Work out the overall number of {unit}.",
            "Tell me the whole amount in {unit}.", "How much in total? Use {unit}.",
            "If you put everything together, how many {unit} do you have?", "I need the total as {unit}.",
            "Calculate the complete amount in {unit}.",
        ),
        told_test=(
            "One after the other, {amounts} were counted.",
        ),
        asked_test=(
            "To how many {unit} does it come?", "Sum it up, in {unit}.",
        ),
        asked_first=(
            "How many {unit} are these altogether?", "Add up and answer in {unit}.", "Find the total number of {unit}.",
            "I want one number, in {unit}.",
        ),
        whole=(
            "What is the total of {amounts} in {unit}?", "Add up {amounts} and give the result in {unit}.",
            "How many {unit} are {amounts} together?", "In {unit}, what do you get by adding {amounts}?", "{amounts}: total in {unit}?",
            "Calculate the sum of {amounts} in {unit}.", "If someone has {amounts}, how many {unit} is that altogether?",
            "Answer in {unit}: what do {amounts} add up to?",
        ),
    ),
    "pieces": Words(
        told=(
            "{amount} are cut into parts of {size}.", "There are {amount}. One portion is {size}.", "From {amount} parts of {size} are made.",
            "Available: {amount}. Needed for one piece: {size}.", "You have {amount} and use {size} at a time.",
            "{amount} are split into pieces of {size} each.", "Each piece takes {size}, and {amount} are at hand.",
            "A supply of {amount} is packed in lots of {size}.", "Out of {amount}, pieces of {size} are taken.",
            "A workshop has {amount} and needs {size} for every piece.", "Total {amount}, one part {size}.",
            "A part is {size}. The whole is {amount}.", "We own {amount}; each portion has {size}.",
        ),
        asked=(
            "How many whole parts?", "How many full ones does that give?", "Number of complete parts?",
            "How often does the part fit in fully?", "How many whole pieces are possible?", "How many complete portions can be made?",
            "Count only the full pieces. How many?", "How many times can you take the full part?", "How many entire parts come out?",
            "For how many full pieces is it enough?", "What number of whole pieces do you get?", "Whole portions?",
            "At most how many full parts are there?", "Ignore what is left over. How many pieces?",
            "Work out how many full ones can be made.", "I only want the number of complete pieces.",
        ),
        told_test=(
            "Somebody divides {amount} into shares of {size}.",
        ),
        asked_test=(
            "How many can be finished?", "What is the largest number of whole ones?",
        ),
        asked_first=(
            "How many full pieces can be made?", "Find the number of whole portions.", "How many complete ones do we get?",
            "Somebody asks how many full parts it is enough for.",
        ),
        whole=(
            "How many whole parts of {size} can be made from {amount}?", "How often does {size} fit completely into {amount}?",
            "How many full portions of {size} are in {amount}?", "If every piece needs {size}, how many full pieces do {amount} give?",
            "Divide {amount} by {size} and give the whole number only.", "{amount} is enough for how many complete portions of {size}?",
            "Into how many full pieces of {size} can one cut {amount}?",
        ),
    ),
    "pieces_left": Words(
        told=(
            "{amount} are cut into parts of {size}.", "There are {amount}. One portion is {size}.", "From {amount} parts of {size} are made.",
            "Available: {amount}. Needed for one piece: {size}.", "You have {amount} and use {size} at a time, as often as possible.",
            "{amount} are split into pieces of {size} each.", "Each piece takes {size}, and {amount} are at hand.",
            "A supply of {amount} is packed in lots of {size}.", "As many pieces of {size} as possible are taken out of {amount}.",
            "A workshop has {amount} and needs {size} for every piece.", "Total {amount}, one part {size}.",
            "A part is {size}. The whole is {amount}.", "We own {amount}; each full portion has {size}.",
        ),
        asked=(
            "How many {unit} remain?", "What is left over, in {unit}?", "{unit} left?", "How many {unit} are not used by whole parts?",
            "How much is left at the end, in {unit}?", "What is the remainder in {unit}?",
            "After the last full part, how many {unit} are still there?", "Find the waste in {unit}.",
            "How many {unit} are over when all full ones are made?", "Tell me what stays unused, in {unit}.", "Remainder in {unit}?",
            "Once no more full part is possible, how many {unit} are left?", "The leftover is how many {unit}?",
            "How much do the full parts leave, in {unit}?", "Calculate the leftover in {unit}.",
            "I want to know how many {unit} remain at the end.",
        ),
        told_test=(
            "Somebody divides {amount} into shares of {size}.",
        ),
        asked_test=(
            "Which rest stays, in {unit}?", "How many {unit} are too few for one more?",
        ),
        asked_first=(
            "How many {unit} are left at the end?", "What remains, in {unit}, after all the full pieces?", "Find the remainder in {unit}.",
            "Somebody asks for the leftover in {unit}.",
        ),
        whole=(
            "How many {unit} are left when {amount} are cut into full parts of {size}?",
            "What is the remainder, in {unit}, if {amount} is divided by {size}?",
            "Take {size} away from {amount} as often as possible. How many {unit} are left?",
            "After making as many portions of {size} as possible from {amount}, how many {unit} remain?",
            "{amount} in portions of {size}: leftover in {unit}?", "In {unit}, what do full parts of {size} leave of {amount}?",
        ),
    ),
}  # fmt: skip
