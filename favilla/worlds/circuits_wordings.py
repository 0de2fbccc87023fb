"""How the families `circuits` and `circuits_text` ask, kind by kind; the names that end in TEST are for the test split only."""

from __future__ import annotations

from favilla.worlds.diagrams import wordings
from favilla.worlds.mechanics_wordings import crossed

TEST_FRAMES = ("Tell me #.", "@, please.", "An engineer asks for #. What do you say?")
NUMBER = (
    "What is #?", "Find #.", "Work out #.", "Calculate #.", "Give #.", "How much is #?", "Can you find #?", "@ is wanted.", "Determine #.",
    "I would like to know #.", "How large is #?", "Compute #.", "We need #.", "Could you please work out #?", "What do you get for #?",
    "Say how much # is.", "Let me know #.", "My homework is to find #.", "Wanted: #.", "Someone wants to know #.", "Do you know #?",
    "What should # be?", "Write down #.", "The question is how large # is.", "Figure out #.", "@ - what is it?", "Your task is to calculate #.",
    "Only # matters here; give the number.",
)  # fmt: skip
AMPERES = (*NUMBER, "How many amperes is #?", "@ in amperes?", "@: how many amps?", "Find # in A.")
VOLTS = (*NUMBER, "How many volts is #?", "@ in volts?", "@: how many volts?", "Find # in V.")
OHMS = (*NUMBER, "How many ohms is #?", "@ in ohms?", "@: how many ohms?", "Find # in ohms.")

CURRENT = (
    *crossed((
        "the current from the battery", "the battery's current", "the total current", "the current that leaves the battery",
        "the current in the battery", "the current that the battery delivers", "the main current", "the whole current", "the current drawn from the battery",
        "the current I of the battery", "the current at the battery",
    ), AMPERES),
    "Current from the battery?", "How many amperes come out of the battery?", "How strong is the current in the battery?",
    "How many amps flow through the battery?", "What current does the battery have to supply?", "What would an ammeter next to the battery show?",
    "I put an ammeter at the battery. How many amperes does it read?", "How much current is taken from the battery?",
    "How many amperes does the whole circuit draw?", "The battery drives a current. How large is it?", "All in all, how many amperes flow?",
    "What is I at the battery?", "Use Ohm's law to get the current from the battery.", "How much current does the battery push out?",
    "Of how many amperes is the current that flows from the battery?", "Amperes at the battery?", "How many amps does the battery deliver altogether?",
    "Voltage and resistance are known. What current leaves the battery?", "An electrician measures the current right at the battery. How much is it?",
    "The circuit is closed. How many amperes pass the battery?", "You measure the current beside the battery. What do you read, in A?",
    "How many amperes does the circuit take from the battery?", "Which current, in A, does the battery feed into the circuit?",
    "Can you say how strong the total current is?", "Current in total: how many amps?", "What current runs in the wire at the battery?",
)  # fmt: skip
CURRENT_TEST = wordings(("the current that the battery gives", "the total current"), TEST_FRAMES)

VOLTAGE = (
    *crossed((
        "the voltage of the battery", "the battery's voltage", "the total voltage", "the voltage between the battery's poles", "the battery voltage",
        "the voltage U of the battery", "the voltage at the battery", "the source voltage", "the voltage that the battery supplies",
        "the supply voltage", "the whole voltage",
    ), VOLTS),
    "Battery voltage?", "How many volts does the battery have?", "How many volts does the battery supply?", "What voltage must the battery have?",
    "A voltmeter is put on the battery. What does it show?", "How many volts strong is the battery?", "The battery is not labelled. Of how many volts is it?",
    "The current is known. How many volts drive it?", "Current and resistance are given. What is the voltage of the source?",
    "What voltage is needed to drive this current?", "Volts of the battery?", "Use Ohm's law to get the voltage of the battery.",
    "A battery of how many volts is it?", "How much voltage lies across the whole circuit?", "What is V for the battery?",
    "An electrician measures the voltage at the battery's ends. How much is it?", "How many volts push the current round?",
    "I have to replace the battery. How many volts must the new one have?", "How many volts are there between plus and minus of the battery?",
    "From the current, find out how many volts the battery gives.", "The voltage of the source, in V?", "What would a voltmeter read at the battery?",
    "How great must the voltage be so that this current flows?", "All in all, how many volts are there across the resistors together?",
    "Can you say what voltage the battery provides?", "To make this current flow, how many volts does it take?",
)  # fmt: skip
VOLTAGE_TEST = wordings(("the voltage that the battery has", "the battery's voltage"), TEST_FRAMES)

TOTAL = (
    *crossed((
        "the total resistance", "the resistance of the whole circuit", "the resistance of all together", "the equivalent resistance",
        "the combined resistance", "the resistance of the resistors together", "the whole resistance", "the joint resistance of the resistors",
        "the resistance R of the circuit", "the resistance of this combination", "the resistance between the two poles of the battery",
        "the net resistance",
    ), OHMS),
    "Total resistance?", "How many ohms are there in all?", "How many ohms does the whole circuit have?", "Put together, how many ohms do the resistors make?",
    "One resistor could replace them all. Of how many ohms?", "Replace the resistors by a single one. What value must it have?",
    "What single resistance has the same effect as all of these?", "I measure the whole circuit with an ohmmeter. What does it say?",
    "How large is the resistance in total?", "Combine the resistors. How many ohms do you get?", "Altogether the resistors have what resistance?",
    "What do all the resistors amount to, in ohms?", "R of the whole circuit = ?", "How many ohms lie between the ends of the battery?",
    "How strongly does the circuit as a whole resist, in ohms?", "The resistors act like one. Which value does that one have?",
    "Work out how many ohms the circuit has from end to end.", "Ohms in total?", "Take all resistors together: how many ohms?",
    "An electrician wants to swap everything for one resistor. How many ohms should it have?", "Simplify the circuit to one resistor. Its ohms?",
    "What would one measure as the resistance of the entire circuit?", "Reduce this to a single resistance and give it in ohms.",
    "What is the resistance if the circuit is seen as one part?", "How much resistance does the current meet in all?", "Can you say how many ohms everything has together?",
)  # fmt: skip
TOTAL_TEST = wordings(("the resistance that the battery sees", "the overall resistance"), TEST_FRAMES)

RESISTANCE = (
    *crossed((
        "{r}", "the resistance of {r}", "the value of {r}", "the unknown resistance {r}", "the resistance value of {r}", "the unknown value of {r}",
        "the resistance of the resistor {r}", "the unknown resistor {r}", "the right value for {r}", "the resistance that {r} has",
    ), OHMS),
    "{r} = ?", "{r}?", "Resistance of {r}?", "How many ohms has {r}?", "How many ohms does {r} have?", "Of how many ohms is {r}?", "Solve for {r}.",
    "The value of {r} is not written. What is it?", "Nobody wrote down {r}. Work it out from the rest.", "Voltage and current are known. What must {r} be?",
    "Which value must {r} have so that the current fits?", "What resistor is {r}, in ohms?", "The label of {r} has come off. How many ohms is it?",
    "{r} is unknown. How large is it?", "With an ohmmeter at {r} alone, what would you read?", "How great is the resistance called {r}?",
    "Use the voltage and the current to get {r}.", "Ohms of {r}?", "I need a new {r}. How many ohms must it have?", "Which resistance does {r} stand for?",
    "One resistor, {r}, has no number. Which number belongs to it?", "How strongly does {r} resist the current, in ohms?",
    "Can you tell from the meter how many ohms {r} has?", "By Ohm's law, how large must {r} be?", "Someone has to replace {r}. By how many ohms?",
    "Everything is given except {r}. Compute it.", "A resistor called {r} is in the circuit. Say how many ohms it has.", "Find out how big {r} is.",
)  # fmt: skip
RESISTANCE_TEST = wordings(("the size of {r}", "the resistance {r}"), TEST_FRAMES)

ACROSS = (
    *crossed((
        "the voltage across {r}", "the voltage at {r}", "the voltage between the ends of {r}", "the voltage over {r}", "the voltage on {r}",
        "the drop in voltage at {r}", "the voltage that {r} takes", "the potential difference across {r}", "the voltage found at {r}",
        "the voltage from one end of {r} to the other", "the voltage that lies on {r}",
    ), VOLTS),
    "Voltage at {r}?", "Volts across {r}?", "How many volts are there at {r}?", "How many volts lie across {r}?", "How many volts drop at {r}?",
    "A voltmeter is connected to both ends of {r}. What does it show?", "I hold the two leads of a voltmeter to {r}. How many volts?",
    "By how many volts does the voltage fall at {r}?", "How much of the voltage is used up in {r}?", "{r}: what voltage?",
    "What voltage does {r} get?", "How many volts does {r} take?", "Multiply the current in {r} by its resistance. What voltage is it?",
    "What would one measure across {r}, in volts?", "Each resistor takes some of the voltage. How many volts does {r} get?",
    "How large is the voltage that {r} has between its ends?", "Look at {r} only. How many volts are across it?",
    "The current flows through {r} and loses how many volts there?", "From one side of {r} to the other, how many volts are there?",
    "Use Ohm's law for {r}: how many volts?", "An electrician puts a voltmeter beside {r}. Which voltage is displayed?",
    "How much voltage lies on {r}?", "Which voltage belongs to {r}?", "Can you say how many volts are lost in {r}?", "V at {r} = ?",
    "How many of the battery's volts go to {r}?",
)  # fmt: skip
ACROSS_TEST = wordings(("the voltage drop over {r}", "the voltage across {r}"), TEST_FRAMES)

THROUGH = (
    *crossed((
        "the current through {r}", "the current in {r}", "the current that flows in {r}", "the current of {r}", "the current that {r} carries",
        "the current in the branch of {r}", "the current running in {r}", "the current that {r} gets", "the current that takes the way of {r}",
        "the strength of the current inside {r}", "the current that enters {r}",
    ), AMPERES),
    "Current in {r}?", "Amperes in {r}?", "How many amperes flow through {r}?", "How many amps go through {r}?", "How much current runs in {r}?",
    "How strong is the current in {r}?", "{r}: what current?", "An ammeter is put in line with {r}. What does it show?",
    "I put an ammeter into the branch of {r}. How many amperes?", "Each branch has its own current. What is that of {r}?",
    "How many amperes does {r} draw?", "What current does {r} take?", "Look at {r} only. How many amperes flow in it?",
    "Divide the voltage by {r}. What current is it?", "How much of the current goes by way of {r}?", "Use Ohm's law for {r}: how many amperes?",
    "The battery's voltage lies across {r}. What current flows there?", "In the branch with {r}, how many amps are there?",
    "What would one measure as the current in {r}, in A?", "An electrician wants the amperes in {r}. How many?", "I in {r} = ?",
    "Which current belongs to {r}?", "How great is the current that {r} lets pass?", "Can you say how many amps {r} gets?",
    "Of how many amperes is the current in the resistor {r}?", "Current splits up here. How many amperes choose {r}?",
)  # fmt: skip
THROUGH_TEST = wordings(("the current that passes {r}", "the current through {r}"), TEST_FRAMES)

LIT = (
    "Which lamps are lit?", "Which lamps light up?", "Name the lamps that are on.", "Which lamps shine?", "List the lit lamps.",
    "Current flows through which lamps?", "Which of the lamps glow?", "Lamps that are on?", "Give the letters of the lit lamps.",
    "Which lamps have a closed way to both ends of the battery?", "What lamps are burning?", "Find all lamps that are on.",
    "Which bulbs are on?", "Which lamps give light?", "Lit lamps: which ones?", "What are the letters of the lamps that shine?",
    "With the switches as they are, which lamps are on?", "Some lamps are on, others off. List those that are on.", "Which lamps get current?",
    "Write down the letters of all glowing lamps.", "Which light bulbs shine?", "Through which lamps can the current flow?",
    "Check the switches. Which lamps light?", "Trace the wires from the battery. Which lamps does the current reach?", "Say which lamps are bright.",
    "Which lamps are on when every switch is considered?", "Who shines? Give the lamps' letters.", "I look at the lamps. Which of them are alight?",
    "Every lamp needs a closed circuit. Which lamps have one?", "Determine which lamps are lit.", "The glowing lamps are which?",
    "Leave out the dark lamps and list the rest.", "All lamps that are lit, in alphabetical order?", "Which lamps are connected to the battery by closed switches only?",
    "Could you list the lamps that are burning?", "Where does a lamp shine? List the letters.", "An electrician asks which lamps are on. Answer with their letters.",
    "Which lamps are not off?", "Sort the lamps into lit and dark. Which are lit?", "What lamps have power?", "List every lamp that gives light.",
)  # fmt: skip
LIT_TEST = (
    "Where is there light? Name the lamps.",
    "In the dark, which lamps would you see?",
    "Tell me the lamps that work now.",
    "Name every lamp with current in it.",
)
COUNT = (
    "How many lamps are lit?", "Count the lit lamps.", "How many lamps are on?", "Number of lamps that shine?", "How many lamps glow?",
    "Through how many lamps does current flow?", "How many of the lamps light up?", "Lit lamps: how many?", "Give the number of lit lamps.",
    "How many lamps have current?", "What is the number of lamps that are on?", "Say how many lamps burn.",
    "How many bulbs shine?", "How many lamps give light?", "Lamps that are on: how many?", "With the switches as they are, how many lamps shine?",
    "Count all lamps that glow.", "How many lamps get current?", "Find the number of burning lamps.", "How many lamps does the current reach?",
    "Check the switches. How many lamps light?", "What number of lamps is alight?", "How many of these lamps are burning?", "How many lamps are on when every switch is considered?",
    "Leave out the dark lamps. How many are left?", "Some lamps may be off. How many are on?", "How many lamps have a closed circuit?",
    "Write how many of the lamps are lit.", "Total of lit lamps?", "Determine how many lamps are bright.", "How many light bulbs are lit?",
    "I want to know how many lamps shine.", "Of all the lamps, how many are not dark?", "How many lamps are connected to the battery by closed switches only?",
    "Could you count the lamps that are on?", "Trace the current: how many lamps does it light?", "An electrician counts the lamps that burn. How many does he find?",
    "Look at each lamp: on or off? How many are on?", "How many lamps are supplied with power?", "As a number: the lamps that are lit.",
    "Only lit lamps count. How many are there?",
)  # fmt: skip
COUNT_TEST = (
    "Tell me the number of lamps that work now.",
    "In the dark, how many lamps would you see?",
    "How many lights are on?",
)
NEEDS = (
    "Which switch must be closed to light lamp {a}?", "Lamp {a} is off. Which switch must be closed?", "What switch turns lamp {a} on?",
    "Close one switch so that {a} shines. Which?", "Which switch keeps lamp {a} dark?", "To light {a}, close which switch?",
    "Name the switch that lights {a}.", "Which open switch does lamp {a} wait for?", "I want lamp {a} on. Which switch do I close?",
    "{a} does not burn. Because of which switch?", "Which switch is in the way of {a}?", "Find the switch to close for lamp {a}.",
    "Lamp {a} should shine. Which switch has to be closed?", "One switch is missing for lamp {a}. Which one?", "Which switch would make {a} glow?",
    "Why is lamp {a} off? Give the open switch.", "The current cannot reach lamp {a}. Which switch stops it?", "Which switch interrupts the current of lamp {a}?",
    "You may close one switch to get {a} to light up. Which is it?", "Give the letter of the switch that must be closed for {a}.",
    "Lamp {a} does not shine. Which switch is to be closed?", "What has to be closed before {a} lights up?", "Closing which switch lights lamp {a}?",
    "Somebody wants lamp {a} to burn. What switch should they close?", "By closing one switch lamp {a} comes on. Say which.", "For lamp {a}: which switch is still open?",
    "Which open switch lies on the way from the battery to {a}?", "How can {a} be lit? Name one switch to close.", "{a} stays dark until which switch is closed?",
    "What single switch must be shut so that {a} is lit?", "Which switch separates lamp {a} from the battery?", "Write the switch that turns {a} on when it is closed.",
    "Can you light lamp {a} by closing one switch? Which?", "Determine the switch that blocks lamp {a}.", "Look for the gap in the circuit of lamp {a}. Which switch is it?",
    "Bulb {a} is off: which switch is the reason?", "Which switch do you close to make {a} shine?", "Lamp {a} needs one more closed switch. Which letter does that switch have?",
    "An electrician closes one switch and lamp {a} lights. Which was it?", "Turn lamp {a} on. Which switch did you use?",
)  # fmt: skip
NEEDS_TEST = (
    "Lamp {a} is dark. Name the switch to blame.",
    "With which switch can one turn on {a}?",
    "For light at {a}, press which switch?",
)
OUT = (
    "Which lamps go out when switch {s} is opened?", "Switch {s} is opened. Which lamps go out?", "Which lamps does opening {s} turn off?",
    "Open {s}: which lamps become dark?", "If {s} opens, which lamps are lost?", "Which lit lamps depend on switch {s}?",
    "What lamps does switch {s} turn off?", "Name the lamps that go off with switch {s}.", "Suppose {s} is opened. Which lamps stop shining?",
    "Which lamps have their current through switch {s}?", "List the lamps that die when {s} opens.", "{s} is opened now. Lamps that go out?",
    "Which lit lamps get their current by way of switch {s}?", "I open switch {s}. Which lamps turn dark?", "After {s} has been opened, which lamps are no longer lit?",
    "Which lamps stop burning once {s} is open?", "Opening {s} puts out which lamps?", "What lamps are lit now but not with {s} open?",
    "Which lamps will be off if somebody opens {s}, though they are on now?", "List the lit lamps that go dark through the opening of {s}.",
    "Switch {s} is closed. Open it, and which lamps stop glowing?", "Give the letters of the lamps that go out with {s}.",
    "Which shining lamps are cut off from the battery by opening switch {s}?", "Say which lamps you turn off with switch {s}.",
    "The switch {s} gets opened: which lamps lose their current?", "For which of the lit lamps is switch {s} needed?",
    "Without {s} closed, which of the glowing lamps would be dark?", "What happens when {s} is opened? List the lamps that go off.",
    "Compare the lamps before and after {s} is opened. Which have gone out?", "Determine the lamps that opening switch {s} makes dark.",
    "Which of the burning lamps rely on switch {s}?", "Which lamps no longer shine when one opens {s}?", "Find all lamps that opening {s} switches off.",
    "You open the switch {s}. Which bulbs stop giving light?", "Let {s} be opened. Write down the lamps that go out.", "Lamps that {s} turns off when it opens?",
    "An electrician opens {s}. Which lamps does he turn off by that?", "Could you list the lamps which go out as soon as {s} is opened?",
    "Which lamps, now lit, would go out if the switch {s} were open?", "By opening {s}, which lamps do we put out?",
)  # fmt: skip
OUT_TEST = (
    "Somebody opens {s}. Where does it get dark?",
    "Which lamps need switch {s} to stay closed?",
    "Pull {s} open. Name the lamps that fail.",
)
