"""How the families `mechanics` and `mechanics_text` ask, kind by kind; the names that end in TEST are for the test split only."""

from __future__ import annotations

from collections.abc import Sequence

from favilla.worlds.diagrams import wordings


def crossed(things: Sequence[str], frames: Sequence[str]) -> tuple[str, ...]:
    """Each name of a thing in a third of the frames, so that wordings that fit no frame are not lost among them."""
    return tuple(text for i in range(3) for text in wordings(things[i::3], frames[i::3]))


NUMBER = (
    "What is #?", "Find #.", "Work out #.", "Calculate #.", "Give #.", "How much is #?", "Which number is #?", "Can you find #?",
    "@ is wanted.", "Determine #.", "I would like to know #.", "@: how much?", "How large is #?", "Compute #.", "We need #.",
    "Could you please work out #?", "What do you get for #?", "Say how much # is.", "Let me know #.", "My homework is to find #.",
    "Wanted: #.", "Someone wants to know #.", "Do you know #?", "What should # be?", "Write down #.", "The question is how large # is.",
    "Figure out #.", "Only # matters here; give the number.", "@ - what is it?", "Your task is to calculate #.",
)  # fmt: skip
NEWTONS = (
    *NUMBER, "How many newtons is #?", "Find # in newtons.", "In N, how much is #?", "@ is how many newtons?",
)  # fmt: skip
TEST_FRAMES = ("Tell me #.", "@, please.", "A pupil is asked for #. What is right?")

UNKNOWN_VALUE = (
    *crossed((
        "{x}", "the value of {x}", "the unknown {x}", "the number {x}", "the quantity {x}", "the unknown quantity {x}", "the size of {x}",
        "the number that {x} stands for", "the amount called {x}", "the number behind the letter {x}", "the right number for {x}",
    ), NUMBER),
    "{x}?", "The value of {x}?", "{x} = ?", "Solve for {x}.", "What number does {x} stand for?", "What must {x} be?",
    "A letter, {x}, stands in for a number. Which number?", "One number is missing and was called {x}. How large is it?",
    "Replace {x} by the right number.", "What belongs in the place of {x}?", "Put a number where {x} is.", "How big must {x} be to fit?",
    "Everything is known but {x}. Compute it.", "The letter {x} hides a number; which one?", "Which value makes {x} right?",
    "{x} is unknown. Find out what it is.", "What would you write instead of {x}?", "From the other numbers, work out {x}.",
    "I cannot work out {x}. Can you?", "{x} equals what?", "What does {x} equal?", "Can {x} be found? Give its value.",
    "Someone wrote {x} instead of a number. What number was it?", "Use the given numbers to get {x}.", "The unknown is {x}. Solve it.",
    "Which number should replace {x}?", "Help me to find the number for {x}.", "The task: find {x} from what is given.",
    "Say what {x} has to be.", "Which number fits where {x} stands?", "Please find out how large {x} is.", "It all depends on {x}. What is its value?",
)  # fmt: skip
UNKNOWN_VALUE_TEST = wordings(("{x}", "the missing {x}"), TEST_FRAMES)

MOMENT = (
    *crossed((
        "the turning effect on the {side}", "mass times distance on the {side}", "the moment of the {side} side",
        "the torque on the {side} (mass times distance)", "the product of mass and distance on the {side}", "the moment on the {side}-hand side",
        "the {side} moment in kg times m", "the turning effect of the {side} arm", "the moment about the pivot of the {side} mass",
        "the torque of the {side} mass, without gravity", "the {side} side's mass multiplied by its distance",
    ), NUMBER),
    "Turning effect on the {side}?", "Moment on the {side}?", "Mass times distance, {side} side?", "Multiply the mass on the {side} by its distance.",
    "Take the mass on the {side} side and multiply it by its distance from the pivot.", "On the {side}, what are mass and distance multiplied?",
    "How strongly does the {side} side turn the lever? Mass times distance.", "Look at the {side} side: kilograms times metres is how much?",
    "Consider the {side} arm only. What is its moment?", "What turning effect does the mass on the {side} have?",
    "The mass on the {side} makes a torque. How large is it, as mass times distance?", "{side} of the pivot: mass * distance = ?",
    "What does the {side} side contribute as a moment (kg times m)?", "Find the mass and the distance on the {side}, and multiply them.",
    "Forget the other side. What is the moment on the {side}?", "How many kilogram-metres are there on the {side}?",
    "For the {side} arm, calculate load times arm length.", "In physics one multiplies mass by distance to the pivot. What comes out on the {side}?",
    "Which product of mass and distance belongs to the {side} side?", "You want to balance the {side} side. What moment does it have?",
    "Mass and arm of the {side} side, multiplied?", "What is kg times m on the {side} side of the pivot?",
    "The lever is turned by its {side} mass with what moment?", "How big is the moment that pulls the {side} end down?",
    "Mass by distance: what number do you get for the {side}?", "The {side} side turns with what torque? Count mass times distance.",
)  # fmt: skip
MOMENT_TEST = wordings(("the turning moment on the {side}", "distance times mass on the {side}"), TEST_FRAMES)
DOWN = (
    "Which side goes down, L or R?", "L or R: which side sinks?", "Does the lever tip to L (left) or R (right)?",
    "Where does the lever go down? L or R.", "Let it go. Which end falls, L or R?", "Left (L) or right (R): which side wins?",
    "Which side is pulled down? L or R", "Which way does the lever tip? Answer L or R.", "Say L or R: the side that sinks.",
    "On which side is the turning effect larger, L or R?", "Which end moves down? Write L or R.", "The lever tips over. To which side, L or R?",
    "Will the left or the right end drop? Answer with L or R.", "One side is stronger. Which? L or R.", "Which side has the larger moment, L or R?",
    "Compare the moments of both sides. Which is greater: L or R?", "Heavier in effect: L or R?", "The lever is not in balance. Which end goes lower, L or R?",
    "If nobody holds the lever, which side swings down? L or R.", "Write L if the left end goes down and R if the right one does.",
    "I let go of the lever. Does it turn down on the L or on the R side?", "Down goes which end, L or R?", "To what side does the lever lean, L or R?",
    "Which of the two arms drops: L for left or R for right?", "Where is the torque greater? L or R.", "Decide which side descends: L or R.",
    "Think of a seesaw. Which side comes down, L or R?", "At which end does the lever sink? One letter, L or R.", "Is mass times distance larger on L or on R?",
    "Which end will end up lower? L or R", "L or R? The side to which the lever tilts is wanted.", "Give the letter of the side that falls: L or R.",
    "Someone wants to know which end sinks, left or right. Answer L or R.", "The bar tilts. Which side of it goes down? (L/R)",
    "Work out both moments, then say which side goes down: L or R.", "Which side presses down more strongly about the pivot, L or R?",
    "Can you predict the end that goes down? L or R.", "The lever will turn. Does the left side (L) drop, or the right side (R)?",
    "Tilting side: L or R?", "Which half of the lever goes down, L or R?", "Lower end after it is released: L or R?",
)  # fmt: skip
DOWN_TEST = (
    "Which arm hits the ground, L or R?",
    "Is it the left (L) or the right (R) that goes down?",
    "Name the side that sinks: L for left, R for right.",
    "Which side outweighs the other, L or R?",
)

RESULTANT = (
    *crossed((
        "the resultant force", "the net force on the box", "the force that is left over", "the resulting force", "the total force on the box",
        "the remaining force on the box", "the difference between the pulls to the left and to the right", "the size of the resultant",
        "the strength of the net pull", "the magnitude of the resultant", "the combined force on the box", "the unbalanced force",
    ), NEWTONS),
    "Resultant force?", "Net force?", "The forces partly cancel. How many newtons remain?", "Add and subtract the forces: what force results?",
    "How strong is the pull that remains on the box?", "Replace all the forces by a single one. How strong is it, in newtons?",
    "By how many newtons is one side stronger than the other?", "What force, in N, acts on the box in the end?",
    "How much stronger is the winning side, in newtons?", "All forces together are as good as one. How large is that one?",
    "Left against right: by how many newtons do they differ?", "How many newtons would hold the box still?",
    "What extra force on the weaker side would balance the box?", "Subtract the smaller side from the larger. How much force is left?",
    "What is the strength of the force with which the box is pulled off?", "How hard is the box really pulled, in N?",
    "Once left and right are set against each other, what force remains?", "How many newtons are not balanced?",
    "With how many newtons does the box get pulled, all in all?", "Combine the forces along the line. Size of the result?",
    "Ignore the direction: how large is the net force?", "Someone pushes back to keep the box at rest. How hard, in newtons?",
    "Which single force has the same effect? Give its newtons.", "What is the excess of force on the stronger side?",
    "How large is the force that sets the box in motion?", "After the opposite pulls cancel out, how much is left?",
)  # fmt: skip
RESULTANT_TEST = wordings(("the overall force on the box", "the sum of the forces, without its direction"), TEST_FRAMES)
WAY = (
    "Which way does the box move, L or R?", "L or R: where does the box go?", "Does the box start to the left (L) or the right (R)?",
    "Which side pulls harder, L or R?", "To which side is the resultant, L or R?", "Where is the box pulled? L or R",
    "Say L or R: the way of the box.", "Left (L) or right (R): which wins?", "In which direction is the net force? L or R.",
    "The box begins to slide. Which way, L or R?", "Does it go L or R?", "Which direction wins? Write L or R.",
    "Will the box move to the left or to the right? Answer with L or R.", "Where does the resultant force point, L or R?",
    "Compare the pulls. Which are stronger, those to L or those to R?", "On which side is the total force greater, L or R?",
    "The box starts moving. In what direction? L or R.", "Direction of motion: L or R?", "Write L if the box goes left and R if it goes right.",
    "What side has more newtons, L or R?", "If the box can move freely, does it travel to L or to R?", "The stronger pull comes from which side, L or R?",
    "L or R? I want to know where the box is heading.", "Add up each side, then say which one wins: L or R.", "Which way would the box be accelerated, L or R?",
    "Someone lets go of the box. Which way does it set off, L or R?", "Toward which end does the box get drawn? L/R",
    "Which direction do the forces push it in: L for left or R for right?", "The net force acts to the L or to the R?",
    "Is more force directed to the left or to the right? One letter, L or R.", "It is a tug of war. Who wins, L or R?", "Choose L or R: the way the box will go.",
    "Give the direction in which the box moves, as L or R.", "Decide whether the box heads left (L) or right (R).", "Where will it start to move, L or R?",
    "Does the left (L) beat the right (R), or the other way round? Write the winner's letter.", "Net force: L or R?",
    "Please say in which direction the box is going to move: L or R.", "Which letter, L or R, tells the direction of the resultant?",
    "From rest, the box is moved by these forces. To the L or to the R?", "Are the forces stronger on L or on R?",
)  # fmt: skip
WAY_TEST = (
    "Is the box pulled off to L (left) or R (right)?",
    "Name the stronger side: L or R.",
    "Towards which side does it slide, L or R?",
    "Which way will the box be dragged? L for left, R for right.",
)

STRANDS = (
    "How many strands carry the load?", "Count the strands that hold the lower block.", "On how many strands does the load hang?",
    "How many parts of the rope carry the load?", "Number of carrying strands?", "How many lines of rope hold the load?",
    "What is the mechanical advantage?", "By what factor is the force smaller than what hangs below?", "How many ropes pull the load up?",
    "The load is shared by how many strands?", "Give the number of strands at the lower block.", "How many strands end at the lower block?",
    "How many sections of rope support the load?", "Carrying strands: how many?", "Between how many strands is the weight divided?",
    "How many strands bear the weight?", "Count the supporting strands.", "What is the number of supporting ropes?",
    "How many times lighter does the load feel at the rope's end?", "How many times greater is the load than the pull?", "By which number is the load divided?",
    "The rope runs up and down. How many of its strands carry weight?", "How many strands share the load?", "Find the number of rope sections that carry the load.",
    "How many stretches of rope go up from the load?", "The pull is multiplied by what number?", "Mechanical advantage?",
    "With this tackle one pulls how many times less than the load?", "I pull with a force. The load gets how many times that force?",
    "Say how many strands the load hangs from.", "How many bits of rope share the weight?", "Load divided by pull is what number?",
    "What does the tackle multiply the force by?", "Determine how many strands hold up the load.", "The load is carried by several strands. Count them.",
    "Leave out the end that is pulled: how many strands bear the load?", "In this pulley system, how many strands support what hangs below?",
    "How many strands lie between the load and the top?", "What is the ratio of the load to the pull?", "Write down how many strands carry.",
    "A mechanic wants to know how many rope strands hold the lower block. How many?",
)  # fmt: skip
STRANDS_TEST = (
    "Over how many strands is the load spread?",
    "Tell me how many pieces of rope hold the load.",
    "Find the gain in force.",
    "What number of strands holds the load?",
)
FORCE = (
    *crossed((
        "the force {x}", "the pull {x}", "{x}", "the pulling force {x}", "the force {x} on the rope", "the pull {x} at the rope's end",
        "the unknown force {x}", "the strength of the pull {x}", "the force {x} that is needed", "the hand's pull {x}", "the tension {x}",
    ), NEWTONS),
    "{x}?", "{x} = ?", "How hard must one pull? Give {x}.", "What pull {x} holds the load?", "Solve for the pull {x}.",
    "With what force {x} is the rope pulled?", "How many newtons of pull does {x} stand for?", "How many newtons must the hand give, that is {x}?",
    "The rope is pulled with {x}. How many newtons are these?", "A worker pulls with the force {x}. How large must it be?",
    "Pull {x}, in newtons?", "To hold everything up, how large must the pull {x} be?", "What is the least pull {x} that keeps the load up?",
    "How strongly do you have to pull, in N? It is called {x}.", "Someone holds the rope's end. The force is {x}; how much is that?",
    "We are looking for {x}, the force at the rope's end.", "For equilibrium, what is the pull {x}?", "The tackle makes work easy: how small is the pull {x}?",
    "What force at the end of the rope is enough? Call it {x}.", "How big a force does {x} stand for?", "Replace {x} by the right number of newtons.",
    "Which pull {x} keeps things in balance?", "If nothing moves, how many newtons is the pull {x}?", "I pull with {x} newtons. What is {x}?",
    "You hold the free end with {x}. What number is that in N?", "Without friction, how great is the pull {x}?",
)  # fmt: skip
FORCE_TEST = wordings(("the effort {x}", "the force {x}"), TEST_FRAMES)
LOAD = (
    *crossed((
        "the load {x}", "the weight {x} of the load", "{x}", "the weight {x}", "the load {x} on the hook", "the unknown load {x}",
        "the weight {x} that hangs there", "the hanging weight {x}", "the size of the load {x}", "the force {x} with which the load pulls", "the burden {x}",
    ), NEWTONS),
    "{x}?", "{x} = ?", "How heavy is {x}?", "What load {x} does this pull hold?", "Solve for the load {x}.", "What weight {x} is hanging there?",
    "How many newtons does the load weigh? It is called {x}.", "Which load {x} can be held with this pull?", "The load weighs {x}. How many newtons are these?",
    "How heavy a load {x} is in balance with the pull?", "Load {x}, in newtons?", "What can be lifted with this pull? Give {x}.",
    "How much load, called {x}, does the tackle hold up?", "A weight {x} hangs from the tackle. How much does it weigh, in N?",
    "The pull is known, the load {x} is not. Find it.", "Someone lifts the load {x}. How heavy is it?", "For equilibrium, what is the load {x}?",
    "From the pull, find out the load {x}.", "If nothing moves, how many newtons is the load {x}?", "With this pull, how large a load {x} stays up?",
    "How many newtons of load does {x} stand for?", "We are looking for {x}, the weight of the load.", "Replace {x} by the right number of newtons.",
    "Which weight {x} keeps things in balance?", "How much does the thing called {x} weigh, in newtons?", "Without friction, what load {x} does the pull carry?",
)  # fmt: skip
LOAD_TEST = wordings(("the heavy load {x}", "the load {x}"), TEST_FRAMES)
ROPE = (
    "The load is lifted by {h} m. How many metres of rope are pulled?", "To lift the load {h} m, how much rope must be pulled?",
    "How many metres of rope does one pull for {h} m of height?", "The load rises {h} m. How far does the hand move?",
    "Lift: {h} m. Rope pulled: how many metres?", "How long a piece of rope comes out when the load goes up {h} m?",
    "Raise the load by {h} m. Rope needed?", "For a lift of {h} m, what length of rope is drawn?", "{h} m up for the load is how many metres of pull?",
    "How far must the rope's end be pulled to raise the load {h} m?", "We want the load {h} m higher. How much rope do we pull?",
    "If the load climbs {h} m, how many metres of rope run out?", "The load is to rise by {h} m. What length of rope has to be pulled, in metres?",
    "Calculate the rope that must be pulled to bring the load up {h} m.", "How many metres does the pulled end travel while the load rises {h} m?",
    "Up {h} m goes the load. And the end of the rope: how many metres?", "I need the load {h} m up. How many metres do I have to pull?",
    "A worker raises the load by {h} m. How many metres of rope does he pull in?", "Load: {h} m higher. Length of rope pulled?",
    "To move the load {h} m upward, pull how many metres?", "After the load has gone up {h} m, how many metres of rope have been pulled?",
    "Height gained: {h} m. Metres pulled: ?", "When the load is hoisted {h} m, what distance does the pulling hand cover?",
    "What distance must the hand move if the load is to move {h} m?", "How much rope is used up in lifting the load by {h} m?",
    "Someone wants the load to go {h} m higher. How long is the piece of rope to pull?", "The lower block moves {h} m up. By how much does the rope's end move?",
    "By how many metres must you pull so that the load rises {h} m?", "One saves force but pulls longer: how many metres for {h} m of rise?",
    "Every strand gets {h} m shorter. How much rope is that altogether?", "Pull until the load is {h} m higher. How many metres was that?",
    "How many metres of rope go through your hands as the load rises {h} m?", "The load gains {h} m in height. Find the length of rope pulled.",
    "Let the load come up by {h} m. What length has been pulled out?", "Rope pulled when the load is raised by {h} m?",
    "In order to raise the load {h} m, by how many metres is the rope drawn?", "Could you work out how much rope to pull to lift the load {h} m?",
    "You lift the load {h} m with this tackle. State the metres of rope you pull.", "The way of the load is {h} m. What is the way of the hand, in metres?",
    "Find out how many metres of rope it takes to get the load {h} m up.",
)  # fmt: skip
ROPE_TEST = (
    "The load has to go up {h} m. Tell me the metres of rope.",
    "By how many metres does the free end move for {h} m of lift?",
    "Somebody hoists the load {h} m. How much rope passes the hands?",
    "Rope to pull for {h} m of height?",
)

CLOCKWISE = (
    "Which gears turn {way}?", "Name the gears that go {way}.", "List all gears that turn {way}.", "{way}: which gears?",
    "Which of the gears run {way}?", "What gears move {way}?", "Give the letters of the gears that turn {way}.",
    "The arrow shows how one gear turns. Which ones turn {way}?", "Find every gear going {way}.", "Which wheels turn {way}?",
    "Who turns {way}?", "Gears turning {way}?", "Which gears rotate {way}?", "Which gears spin {way}?", "What are the letters of all gears that rotate {way}?",
    "Write the letters of those gears whose turning is {way}.", "For each gear find its direction. Which ones go {way}?",
    "Say which gears are moving {way}.", "All the gears that turn {way}, in alphabetical order?", "Neighbours turn opposite ways. Which gears turn {way}?",
    "One gear drives the others. Which of them all end up turning {way}?", "Some gears go one way, some the other. Which go {way}?",
    "Which cogwheels run {way}?", "I am looking for the gears that revolve {way}. Which are they?", "Direction {way}: list the gears.",
    "Sort the gears by direction and give those that turn {way}.", "Determine all gears with a {way} motion.", "Which gears have a {way} rotation?",
    "Mark the gears that turn {way}. Which letters are marked?", "In this train of gears, which ones go {way}?", "{way} turning gears are which?",
    "Could you list the gears that are rotating {way}?", "Which letters belong to gears going {way}?", "Once it all runs, which wheels revolve {way}?",
    "A mechanic asks what gears turn {way}. List them.", "Show me the gears that move {way}, by letter.", "Who among the gears goes {way}?",
    "The gears are set in motion. Which of them turn {way}?", "Please write down all gears that run {way}.", "Which ones are going {way}?",
    "Do any gears turn {way}? List them all.",
)  # fmt: skip
CLOCKWISE_TEST = (
    "Tell me which wheels spin {way}.",
    "Pick out the gears that rotate {way}.",
    "Seen from here, which gears go {way}?",
    "Spinning {way}: name them.",
)
TURNS = (
    "{a} turns {n} times. How many times does {b} turn?", "When {a} makes {n} turns, how many does {b} make?",
    "{n} turns of {a} are how many of {b}?", "Turn {a} {n} times. How often does {b} go round?", "How many turns does {b} make for {n} of {a}?",
    "Gear {a} goes round {n} times, and {b}?", "{a}: {n} turns. {b}: how many?", "How often does {b} turn while {a} turns {n} times?",
    "Give the turns of {b} when {a} turns {n} times.", "Numbers are teeth. {a} turns {n} times; how many times does {b}?",
    "If {a} turns {n} times, what number of turns does {b} make?", "After {n} turns of {a}, how many has {b} done?",
    "Number of turns of {b} when {a} is turned {n} times?", "Gear {a} rotates {n} times. How many rotations does gear {b} make?",
    "How many revolutions of {b} belong to {n} of {a}?", "{a} revolves {n} times. And gear {b}: how often?", "Calculate how often {b} turns if {a} turns {n} times.",
    "Let {a} go round {n} times. Count the turns that {b} makes.", "Suppose {a} makes {n} full turns. What does {b} make?",
    "Somebody turns gear {a} exactly {n} times. How many times has {b} turned?", "Turns of {a}: {n}. Turns of {b}: ?", "I spin {a} {n} times; {b} spins how often?",
    "Work out the number of turns of {b}, given that {a} turns {n} times.", "{b} is moved by {a}. With {n} turns of {a}, it goes round how many times?",
    "While {a} does {n} full circles, how many are done by {b}?", "How many full circles does {b} make during {n} turns of {a}?",
    "Using the teeth: {a} does {n} turns, {b} how many?", "What is the number of rotations of gear {b} when gear {a} makes {n}?",
    "The gears run until {a} has turned {n} times. How many turns is that for {b}?", "{n} times round for {a} means how many times round for {b}?",
    "Gear {a} is turned {n} times by hand. How many times does gear {b} go round?", "The teeth are counted. For {n} revolutions of {a}, how many does {b} need?",
    "If gear {a} completes {n} turns, gear {b} completes how many?", "Find how many times {b} goes round as {a} goes round {n} times.",
    "Could you say how often {b} rotates when {a} rotates {n} times?", "A machine turns {a} {n} times a minute. How many times a minute does {b} turn?",
    "Set {a} in motion for {n} turns. By how many turns does {b} move?", "We turn gear {a}: {n} times. How many turns do we see at {b}?",
    "Given {n} rotations at {a}, how many rotations are there at {b}?", "How many times has gear {b} gone round once {a} has made {n} turns?",
)  # fmt: skip
TURNS_TEST = (
    "Somebody cranks {a} {n} times. Count the turns of {b}.",
    "{b} turns how often during {n} rounds of {a}?",
    "By teeth: {n} rounds of {a} make how many of {b}?",
    "Tell me the rounds of {b} for {n} rounds of {a}.",
)

STRETCH = (
    *crossed((
        "the extension of the spring", "the stretch", "how far the load stretches the spring", "the extra length with the load",
        "the increase in length", "the spring's extension", "the stretch of the spring under the load", "the change of the spring's length",
        "the difference of the two lengths", "the additional length", "the amount by which the spring gets longer",
    ), (
        "What is #?", "Find #.", "Work out #.", "Calculate #.", "Give #.", "Which number is #?", "Can you find #?", "@ is wanted.",
        "Determine #.", "I would like to know #.", "@: how many centimetres?", "Compute #.", "We need #.", "Could you please work out #?",
        "What do you get for #?", "Let me know #.", "My homework is to find #.", "Wanted: #.", "Someone wants to know #.",
        "Do you know #?", "Write down #.", "Figure out #.", "@ - what is it?", "Your task is to calculate #.",
    )),
    "Stretch?", "By how much does the spring stretch?", "How much longer is the spring with the load?", "How far does the load pull the spring out?",
    "By how many centimetres does it get longer?", "How many centimetres does the load add?", "The load is hung on. How much longer does the spring become?",
    "With the load it is longer. By how much?", "How far is the spring extended?", "By how much do the two lengths differ?",
    "Compare the spring with and without the load: what is the difference in length?", "Take the bare length from the loaded length. What is left?",
    "How many cm longer does the weight make the spring?", "How much does it give way under the load?", "What length is added by the load?",
    "I hang the load on. How many centimetres does its end go down?", "A spring gets longer under a load. Here, by how much?",
    "How strongly is the spring stretched, in cm?", "Under the load, the spring extends by how much?", "How far down does the lower end move because of the load?",
    "Take the load off. By how much does the spring shrink?", "How much shorter is the spring when nothing hangs on it?",
    "Loaded length minus bare length?", "How much does the spring lengthen?", "Someone measures the stretch. What do they find?",
    "The extension is how many centimetres?", "Say by how much the load lengthens the spring.", "What has the spring gained in length, in cm?",
)  # fmt: skip
STRETCH_TEST = wordings(("the growth in length", "the extension"), TEST_FRAMES)
