"""How the families of geometry ask, kind by kind, for training; what only the test split asks stands with the drawings.

A wording is a sentence of its own, or a frame around the name of what is wanted. None holds a digit: the data have them.
"""

from __future__ import annotations

from collections.abc import Sequence

# "#": what is wanted; "@": the same at the start of a sentence
FRAMES = (
    "What is #?", "Find #.", "Work out #.", "@?", "Calculate #.", "Give #.", "How much is #?", "Which number is #?",
    "Can you find #?", "@ is wanted.", "Determine #.", "I would like to know #.", "Compute #.", "State #.",
    "Please calculate #.", "Could you please work out #?", "@ = ?", "We are looking for #.", "Someone wants to know #.",
    "What number do you get for #?", "What does # come to?", "What would # be?", "Let us find #.", "Figure out #.",
    "The question here is: what is #?", "Write down #.", "Do you mind working out #?", "I need #. Can you get it?",
    "My homework asks for #.", "From what is given, find #.", "Using what you know here, calculate #.",
    "All that is asked for is #.", "@ remains to be found.", "Do you know #?", "Obtain #.", "Get # for me.",
    "Say what # is.", "I cannot work out #. Can you?", "Our teacher wants #. What do I write?", "Wanted: #.",
    "Could you tell me what # is?", "Try to find #.", "What about #? A number will do.", "@ - which number is it?",
    "Given all this, what must # be?", "A friend asked me about #. What should I answer?", "Just # and nothing else.",
    "Derive #.", "Nobody has told us #. Find it.", "Next, find #.", "What value do you find for #?", "@: how much?",
)  # fmt: skip
# for what has a size, and is not one
SIZES = ("How large is #?", "How big is #?", "What size has #?", "Measure #.", "How many degrees has #?")
SIZED = (*FRAMES, *SIZES[:-1])
DEGREES = (
    *FRAMES, *SIZES, "How many degrees is #?", "In degrees, what is #?", "Give # in degrees.",
    "@ in degrees?", "@: how many degrees?",
)  # fmt: skip
A_SIZE = ("the size", "the measure", "the value", "the number", "the length", "the total", "the sum")


def varied(own: Sequence[str], things: Sequence[str], frames: Sequence[str] = FRAMES) -> tuple[str, ...]:
    """The sentences, and every frame around two of the things, which take turns."""
    framed = []
    for i, frame in enumerate(frames):
        fit = [thing for thing in things if not (frame in SIZES and thing.startswith(A_SIZE))]
        for thing in (fit[i % len(fit)], fit[(i + 1 + i // len(fit) % (len(fit) - 1)) % len(fit)]):
            framed.append(frame.replace("#", thing).replace("@", thing[0].upper() + thing[1:]))
    return tuple(dict.fromkeys((*framed, *own)))


# A letter stands for what is wanted.
LETTER = (
    "Solve for {x}.", "Which number does {x} stand for?", "What must {x} be?", "Replace {x} by a number.",
    "What number belongs in the place of {x}?", "Instead of {x} there should be a number. Which one?",
    "The letter {x} hides a number. Which one?", "{x} is not given. Work it out.", "What does {x} equal?",
    "{x} equals what?", "Put a number in for {x}.", "Everything but {x} is known. What is {x}?", "Which value has {x}?",
    "What is meant by {x}? Say the number.", "{x}, what is it?", "Let {x} be what we look for. Find its value.",
    "For {x} I need a number.", "Please evaluate {x}.", "If all is right, what is {x}?", "So what is {x}?",
    "Can {x} be worked out? If so, give the number.", "Which number should be written where {x} stands?",
    "How much must {x} be?", "There is an unknown, {x}. Find it.", "{x} is the unknown here. What is its value?",
    "The other numbers tell you {x}. What is it?", "One quantity is still called {x}. Give its size.",
    "The number for {x} got lost. What was it?", "Someone wrote {x} instead of a number. Which number is right?",
)  # fmt: skip
X_ANGLE = (
    *LETTER,
    "How many degrees does {x} stand for?", "How many degrees is {x}?", "How wide is angle {x}?", "How wide open is {x}?",
    "{x} in degrees?", "What would a protractor show at {x}?", "If you measured angle {x}, what would you read?",
    "An angle has only a letter, {x}. How large is it?", "An angle bears the name {x}. What is its measure?",
    "Angle {x} is not measured but worked out. What is it?", "How far must you turn for angle {x}, in degrees?",
    "Give the degrees of {x}.", "The other angles are known, {x} is not. Find {x}.", "By how many degrees does {x} open?",
    "Without measuring, say how large angle {x} is.", "I want {x} in degrees.", "What is the measure of {x}, in degrees?",
    "Think about the angles. What is {x}?", "Which angle, in degrees, is {x}?",
)  # fmt: skip
X_ANGLES = (
    "{x}", "angle {x}", "the angle {x}", "the value of {x}", "the size of angle {x}", "the angle marked {x}",
    "the measure of angle {x}", "the angle with the letter {x}", "the missing angle {x}",
    "the angle that has the name {x}", "the opening {x}",
)  # fmt: skip
FAN = varied(
    (
        *X_ANGLE,
        "The angles lie side by side. How large is {x}?", "When the known angles are taken away, how large is an angle {x}?",
        "The angles touch one another. So how large is {x}?", "No room is left between the angles. How many degrees has {x}?",
        "All the angles together are known, so what is {x}?", "Rays leave one point. How large is the angle {x}?",
        "How many degrees are there in a part called {x}?",
    ),
    X_ANGLES, DEGREES,
)  # fmt: skip
PARALLEL = varied(
    (
        *X_ANGLE,
        "Two of the lines are parallel. How large is {x}?", "The lines never meet, so what is {x}?",
        "Since two lines are parallel, {x} can be found. What is it?", "Use the parallel lines to find {x}.",
        "With parallel lines, how large must {x} be?", "What do the parallels tell you about {x}? Its size, please!",
        "Compare the angles at the parallels. What is {x}?", "Which angle do the lines form at {x}?",
    ),
    X_ANGLES, DEGREES,
)  # fmt: skip
INNER = varied(
    (
        "How many degrees has the triangle at {v}?", "At {v}, how large is the angle of the triangle?",
        "How wide is the corner {v}?", "What angle do the two sides make that meet at {v}?", "Corner {v}: how many degrees?",
        "Two sides of the triangle meet at {v}. What is the angle between them?", "{v} is one of the corners. How large is its angle?",
        "Look at corner {v}. What is the angle inside?", "How many degrees are there inside the triangle at {v}?",
        "The triangle has an angle at {v}. Calculate it.", "We know enough about the triangle to find its angle at {v}. What is it?",
        "How sharp or blunt is the corner {v}, in degrees?", "With a protractor at {v}, what would you read inside the triangle?",
        "Which angle does the triangle have at its vertex {v}?", "Vertex {v}: what angle?", "How large is {v}?",
        "What is the measure of angle {v}?", "I am missing the angle at {v}. How many degrees is it?",
        "Nobody has measured the corner {v} yet. What is its angle?", "The angles of a triangle depend on one another. So what is the one at {v}?",
        "What must the angle at {v} be for the triangle to close?", "Inside, at {v}, the angle is what?", "Angle at {v}, in degrees?",
        "Give the degrees at {v}, inside the triangle.", "If I stand in corner {v} and look from one side to the other, by how many degrees do I turn?",
        "Solve the triangle for the angle at {v}.", "How wide is corner {v} in the interior of the triangle?", "By how many degrees do the sides at {v} open?",
        "For corner {v}, please give the angle.", "The sides meet in {v}. At which angle?", "Some angles are given. Use them to get angle {v}.",
        "Without measuring, say how large the angle at {v} is.", "A carpenter must cut corner {v} of the triangle. At which angle?",
        "What angle belongs to {v}?", "{v} - how many degrees?", "Angle {v} = ?",
    ),
    ("angle {v}", "the angle at {v}", "the size of the angle at corner {v}", "the missing angle {v}", "the triangle's angle at {v}",
     "the interior angle at {v}", "the angle inside the triangle at {v}", "the measure of angle {v}", "the angle with its vertex at {v}",
     "the angle between the two sides at {v}", "the unknown angle at corner {v}", "the inner angle of corner {v}"),
    DEGREES,
)  # fmt: skip
OUTER = varied(
    (
        "At {v} a side is extended. How many degrees are there outside the triangle?", "At {v}, how large is the angle on the outside?",
        "A side is continued beyond {v}. What angle does it make with the other side?", "Corner {v}, outside: how many degrees?",
        "Not the inner angle at {v}, but the one beside it outside: how large is it?", "What is left of a half turn at {v} besides the inner angle?",
        "Extend a side past {v}. How large is the angle that appears outside the triangle?", "Outside angle {v}?",
        "The side goes on beyond {v}. How many degrees lie between it and the other side?", "Exterior angle, corner {v}?",
        "How many degrees must be added to the inner angle at {v} to make a half turn?", "What does the exterior angle at {v} measure?",
        "The triangle has an exterior angle at its vertex {v}. Calculate it.", "Look at the extended side at corner {v}. Which angle is there outside the triangle?",
        "Vertex {v}: what is its exterior angle?", "Next to the triangle's angle at {v} is another one, outside. How large is it?",
        "With the side made longer at {v}, which angle do you see outside?", "Give the degrees at {v}, but outside the triangle.",
        "I walk along a side and turn into the next one at {v}. By how many degrees do I turn?", "How wide is the outside angle, corner {v}?",
        "For corner {v}, please give the exterior angle.", "Use the given angles to get the exterior one at {v}.",
        "Which angle completes the interior angle at {v} to a half turn?", "On the outside, at {v}, the angle is what?",
        "Without measuring, say how large the angle outside the triangle at {v} is.", "The supplement of the inner angle at {v} is how large?",
        "What angle is there between one side at {v} and the other side made longer?", "Is the exterior angle at {v} known? Work it out.",
        "I am missing the exterior angle at {v}. How many degrees is it?", "Where the side goes on past {v}, outside the triangle, how many degrees are there?",
    ),
    ("the outside angle at {v}", "the exterior angle at {v}", "the angle outside of the triangle at {v}", "the exterior angle of corner {v}",
     "the triangle's exterior angle at {v}", "the angle outside corner {v}", "the external angle at {v}",
     "the angle between the extended side and the other side at {v}", "the angle beside the triangle at {v}", "the angle that lies outside at {v}"),
    DEGREES,
)  # fmt: skip

# "%": rectangle, triangle or L-shape
AREA = (
    "How much area does the % cover?", "How large an area has the %?", "How many square units does the % cover?",
    "How many square units is the %?", "What area lies within the %?", "What area do the sides of the % enclose?",
    "Area of the %?", "Area = ?", "Area?", "A = ?", "Somebody paints the whole %. How many square units are that?",
    "Measure the % in square units.", "How big is the % in square units?", "The % is cut out of paper. What is its area?",
    "The % is a piece of land. What area has it?", "A lawn looks like this. How many square units of grass are there?",
    "How much surface has the %?", "What is the surface inside the outline?", "Say how much area there is inside the %.",
    "The sides are known. What is the area?", "From the lengths, what area do you get?", "Use the lengths to work out the area.",
    "How much cloth is needed to cover the % exactly?", "What is the content of the % in square units?", "Find out how much the % covers.",
    "What area has it?", "How many unit squares would make up the area of the %?", "The % has which area?",
    "Which area belongs to the %?", "A floor is shaped like the %. How large is its surface?", "Area wanted!",
    "Please give me the area of the %.", "Not the perimeter but the area: what is it?", "Multiply as needed and give the area of the %.",
    "How much room is there inside the %, in square units?", "What number of square units does the % contain?",
    "The sheet is a %. How many square units of paper is it?", "I have to know how large the % is. Its area, that is.",
)  # fmt: skip
AREAS = (
    "the area of the %", "the area", "the %'s area", "the area inside the %", "the surface area of the %", "the area covered by the %",
    "the area that the sides enclose", "the size of the % in square units", "the surface inside the %",
    "the area of the whole %", "its area",
)  # fmt: skip
AROUND = (
    "How long is the outline of the %?", "How long is the edge of the %, all the way round?", "How far is it once around the %?",
    "What length has the border of the %?", "An ant walks once around the % along its edge. How far does it go?",
    "How much string goes once around the %?", "How long a fence is needed around the %?", "What is the perimeter?",
    "A ribbon is laid along every side of the %. How long is it?", "Add up the lengths of the sides of the %.",
    "Walk round the % along its border. What length is that?", "Perimeter of the %?", "P = ?", "Perimeter = ?",
    "How long is the boundary of the %?", "Starting in one corner, I go right round the %. How far have I walked?",
    "If the outline of the % were one straight piece of wire, how long would it be?", "The sides are known. What is the perimeter?",
    "How much is it all the way round?", "Use the lengths to work out the perimeter.", "What is obtained if the sides of the % are added?",
    "How long are all the sides of the % together?", "What is the length of all edges, added up?", "The % has which perimeter?",
    "Not the area but the perimeter: what is it?", "A frame is built along the border of the %. How much wood is that?",
    "What is the circumference of the %?", "One lap around the % is how long?", "Say how long the outline is.",
    "From the lengths, what perimeter do you get?", "The garden looks like this. How long is the hedge all around it?",
    "How many units do you go when you follow the edge once around?", "Which perimeter belongs to the %?", "Perimeter wanted!",
    "Trace the % with a pencil, once around. How long is the line?", "I have to know how long the border is, all of it.",
    "Please give me the perimeter of the %.", "Go around and add. What is the total?", "The outside edge of the % measures how much in total?",
)  # fmt: skip
AROUNDS = (
    "the perimeter of the %", "the way around the %", "the length of the outline", "the %'s perimeter", "the length of the border of the %",
    "the length of all sides of the %", "the length of the way around the %", "the length of the boundary of the %",
    "the length of one lap around the %", "the circumference of the %", "its perimeter",
)  # fmt: skip
X_LENGTH = (
    *LETTER,
    "How long is {x}?", "What length has {x}?", "How many units long is {x}?", "A length is only called {x}. How long is it?",
    "How long must {x} be?", "What would a ruler show for {x}?", "Which length does {x} stand for?", "{x} is a length. Which one?",
    "Calculate how long {x} is.", "One length has no number, only the letter {x}. How much is it?", "The length {x} was not measured. What is it?",
    "Without measuring, say how long {x} is.", "How long has {x} to be so that everything fits?", "I want to know how long {x} is.",
    "Length {x}?", "What is the extent of {x}?", "How many units is {x}?", "The lengths all fit. So how long is {x}?",
)  # fmt: skip
X_LENGTHS = (
    "{x}", "the length {x}", "the length marked {x}", "the value of {x}", "the missing length {x}", "the measure of {x}",
    "the length that {x} stands for", "the number behind {x}", "the length with the letter {x}", "the size of {x}",
)  # fmt: skip
X_SIDES = (
    *X_LENGTHS,
    "side {x}",
    "the side marked {x}",
    "the length of side {x}",
    "the side with the letter {x}",
    "the missing side {x}",
)


def _of(shape: str, texts: Sequence[str]) -> tuple[str, ...]:
    return tuple(text.replace("%", shape) for text in texts)


RECT_AREA = varied(
    (
        *_of("rectangle", AREA),
        "Width times height: how large is the area?", "Multiply width and height.", "What is the product of the two sides?",
        "How many tiles, each one unit by one unit, cover the rectangle?", "Width times height is what?",
        "A rug is a rectangle like this. How many square units does it cover?", "Multiply how wide it is by how high it is.",
    ),
    _of("rectangle", AREAS), (*SIZED, "Width times height: how large is #?"),
)  # fmt: skip
RECT_PERIMETER = varied(
    (
        *_of("rectangle", AROUND),
        "Twice the width and twice the height: how much is that?", "Add all four sides of the rectangle.", "What are the four sides together?",
        "Add width and height and double the result.", "Two sides are known, and the other two are the same. What is the sum of all four?",
    ),
    (*_of("rectangle", AROUNDS), "the sum of the four sides"),
)  # fmt: skip
RECT_SIDE = varied(
    (
        *X_LENGTH,
        "A side of the rectangle is called {x}. How long is it?", "How long is the rectangle's side {x}?", "One side is {x}. Find its length.",
        "Which length must side {x} have?", "Side {x} of the rectangle: how long?", "The rectangle has a side without a number, {x}. What is it?",
        "Use what you know about the rectangle to find side {x}.", "Work backwards: how long is side {x}?",
    ),
    X_SIDES, SIZED,
)  # fmt: skip
RECT_LEFT = varied(
    (
        "A hole is cut out. How much area is left?", "How much of the rectangle remains when the hole is cut out?",
        "Subtract the hole from the rectangle. What area remains?", "Take the hole away. How many square units are left?",
        "Without the hole, how large is the area?", "How large is the rectangle less its hole?", "Area of the large rectangle minus area of the hole?",
        "What area does the frame have?", "How many square units has the ring between the outer and the inner rectangle?",
        "The middle is empty. How much area does the rest cover?", "How much paper remains after the hole is cut?",
        "I paint everything but the hole. How many square units is that?", "What is the difference of the two areas?",
        "By how much is the outer area larger than the inner one?", "What part of the area, in square units, is not hole?",
        "A window is cut into a wall. How much wall remains, in square units?", "A pond lies in a garden like this. How large is the garden without it?",
        "Area without the hole?", "Outer area minus inner area = ?", "Large minus small: what area?", "A wooden frame looks like this. What is its area?",
        "How many square units of the big rectangle lie outside the hole?", "The hole does not count. What is the area?",
        "Remove the inner rectangle. What area do you keep?", "Between the outer edge and the hole, how much area is there?",
        "How much area surrounds the hole?", "Say how much is left of the area once the hole has gone.", "The frame covers how many square units?",
        "What area remains?", "From the whole area, subtract that of the hole.", "How much material does the frame take, in square units?",
        "Work out both areas and give their difference.", "Cut away the inner part. How large is the remainder?",
        "If the hole is left out, how many square units does the shape have?", "Please subtract the small area from the large one.",
        "How much is covered, not counting the hole?", "The rectangle has an opening in it. What is the area of what is there?",
    ),
    ("the area of the frame", "the area that is left without the hole", "the area between the two rectangles",
     "the large area minus the small one", "the area outside the hole", "the remaining area", "the rest of the area without the hole",
     "the difference between the two areas", "the area of the rectangle without its hole", "the area of the ring",
     "the area that remains when the hole is cut out"),
    SIZED,
)  # fmt: skip
TRI_AREA = varied(
    (
        *_of("triangle", AREA),
        "Half of base times height: how much is it?", "Base and height are known. What is the area?", "What is half the product of base and height?",
        "Multiply base and height, then take half.", "A sail is a triangle like this. How much cloth is it, in square units?",
        "The height stands on the base. What area does that make?",
    ),
    _of("triangle", AREAS), SIZED,
)  # fmt: skip
TRI_PERIMETER = varied(
    (
        *_of("triangle", AROUND),
        "Add all three sides.", "What do you get when you add the three lengths?", "The three sides together: how much?",
        "How long are the three sides in total?", "What are the three sides together?", "Three sides, one sum: what is it?",
    ),
    (*_of("triangle", AROUNDS), "the sum of all three sides", "the total of the three lengths"),
)  # fmt: skip
TRI_SIDE = varied(
    (
        *X_LENGTH,
        "The area of the triangle is known. How long is {x}?", "Work backwards from the area: how long is {x}?",
        "Half of base times height is the area. So what is {x}?", "Use the triangle's area to find {x}.",
        "Base or height, one of them is called {x}. How long is it?", "With this area, how long must {x} be?",
        "What length {x} gives the triangle that area?", "In the triangle, one length is {x}. Find it.",
    ),
    X_LENGTHS, SIZED,
)  # fmt: skip
L_SIDE = varied(
    (
        *X_LENGTH,
        "A side of the L is called {x}. How long is it?", "How long is side {x} of the L?", "The L has a side without a number, {x}. What is it?",
        "Which length must side {x} have?", "Use the other sides of the L to find {x}.", "Side {x}: how long?",
        "What is left of the whole length for {x}?", "Subtract to find the side {x}.", "One side of the L-shape is {x}. Find its length.",
    ),
    X_SIDES, SIZED,
)  # fmt: skip
L_PERIMETER = varied(
    (
        *_of("L-shape", AROUND[::2]), *_of("L", AROUND[1::2]),
        "Add all six sides of the L.", "What are the six sides together?", "The L has six sides. How long are they in total?",
        "Walk along all six sides. How far is that?",
    ),
    (*_of("L", AROUNDS[::2]), *_of("L-shape", AROUNDS[1::2]), "the perimeter", "the sum of the six sides"),
)  # fmt: skip
L_AREA = varied(
    (
        *_of("L-shape", AREA[::2]), *_of("L", AREA[1::2]),
        "Cut the L into two rectangles. What is their area together?", "Two rectangles make the L. How large are they together?",
        "Arm and foot together: what area?", "The arm and the foot make an L. How large is its area?",
        "A room is shaped like an L. How many square units has its floor?",
    ),
    (*_of("L", AREAS), "the area of the L-shape"), SIZED,
)  # fmt: skip

COORDINATE = varied(
    (
        "Read {a}'s position on the {axis} axis.", "Along the {axis} axis, where is {a}?", "Where on the {axis} axis does {a} stand?",
        "{a}: {axis} = ?", "{axis} of {a}?", "For {a}, what is {axis}?", "What {axis} does {a} have?", "How much is {axis} at {a}?",
        "In the {axis} direction, how far from zero is {a}?", "Point {a}: which {axis}?", "Which number on the {axis} axis belongs to {a}?",
        "I need only the {axis} of {a}.", "{a} has two coordinates. Give {axis}.", "Of the two coordinates of {a}, what is {axis}?",
        "Go from {a} to the {axis} axis. Which number stands there?", "At {a}, {axis} equals what?", "Look at {a}. What is its {axis}?",
        "Which {axis} coordinate has {a}?", "What does the {axis} axis say for {a}?", "How large is {axis} for the point {a}?",
        "Where is {a}? Only {axis} is asked for.", "Read off {axis} for {a}.", "Project {a} onto the {axis} axis. Where does it land?",
        "Point {a} lies at which {axis}?", "Name the {axis} coordinate that belongs to {a}.", "If {a} is (x, y), what number is {axis}?",
        "Someone wants to enter {a} in a table. What goes under {axis}?", "What should I write for the {axis} of {a}?",
        "The position of {a} in {axis}?", "On the {axis} scale, {a} is at what number?", "{a}, {axis} only?",
        "Take the point {a} and say how much {axis} is.", "Which value of {axis} goes with {a}?", "{axis} for {a}: what is it?",
        "A pin is stuck into {a}. What is its {axis} coordinate?", "Please look up {axis} for the point {a}.",
    ),
    ("the {axis} coordinate of {a}", "{a}'s {axis} coordinate", "the {axis} of point {a}", "{a}'s {axis}", "the {axis} of {a}",
     "the position of {a} along the {axis} axis", "the place of {a} on the {axis} axis", "the {axis} that belongs to {a}",
     "the coordinate of {a} in the {axis} direction", "the {axis} entry for {a}"),
)  # fmt: skip
AT = (
    "Which point is at {p}?", "Which point lies at {p}?", "Name the point with coordinates {p}.", "{p}: which point?", "What is at {p}?",
    "Which letter stands at {p}?", "Find the point at {p}.", "The point {p} has which name?", "Who lives at {p}?",
    "Go to {p}. Which point is there?", "Give the letter of the point {p}.", "Where x and y are {p}, which point is it?",
    "Which point has the position {p}?", "What is the name of the point with coordinates {p}?", "{p} belongs to which point?",
    "{p}?", "The coordinates are {p}. Which point is meant?", "What letter marks the place {p}?", "Whose coordinates are {p}?",
    "I am standing at {p}. What is the point called?", "Who is at home at {p}?", "Can you see which point is located at {p}?",
    "Please name the point that lies at {p}.", "A point sits exactly at {p}. Say its letter.", "Say which letter is found at {p}.",
    "Which of these points is located at {p}?", "There is a treasure at {p}. Which point marks it?", "Identify the point at {p}.",
    "What do we call the point at {p}?", "Look for {p}. What is the letter there?", "One of the points is {p}. Which one?",
    "State the letter of the point whose coordinates are {p}.", "Write down the letter that stands at {p}.", "Point with coordinates {p} = ?",
    "Start at the origin and go to {p}. Where do you arrive? Give the letter.", "I wrote down {p} but forgot the letter. Which was it?",
    "Someone wants to know which point is at {p}.", "We need the point at {p}. Its letter?", "Letter at {p}?",
    "Match {p} with its point.", "Which point do the coordinates {p} describe?", "The address is {p}. Who lives there?",
    "A ship reports its position as {p}. At which point is it?", "Of all the points, which one is at {p}?", "At {p} there is a point. Which?",
    "Determine which point has coordinates {p}.", "To which point does {p} lead?", "My pencil is on {p}. Which letter is beside it?",
    "Pick the point that lies at {p}.", "Could you tell me who stands at {p}?", "Which point does one find if one goes to {p}?",
    "First number x, second number y: {p}. Which point is this?", "The pair {p} gives which point?", "Only one point fits {p}. Which?",
)  # fmt: skip
DISTANCE = varied(
    (
        "How far is {a} from {b}?", "How far apart are {a} and {b}?", "How far is it from {a} to {b}?", "{a} to {b}: how far?",
        "How many units lie between {a} and {b}?", "How long is the line from {a} to {b}?", "How long is the segment {a}{b}?",
        "Join {a} and {b}. How long is the line?", "Distance {a}{b}?", "{a} and {b}: what distance?", "From {a} to {b}, how many units?",
        "I walk straight from {a} to {b}. How far do I go?", "A line runs from {a} to {b}. What is its length?", "Measure from {a} to {b}.",
        "How many units away from {a} is {b}?", "What length has the segment with the ends {a} and {b}?", "How many units must I go from {a} to be at {b}?",
        "If I draw a line between {a} and {b}, how long will it be?", "A rope is tied between {a} and {b}. How long is it?",
        "What separates {a} from {b}? Give the number of units.", "Count the units from {a} to {b}.", "{a} and {b} are how many units apart?",
        "How long is the stretch between {a} and {b}?", "Getting from {a} to {b} takes how many units?", "An ant crawls straight from {a} to {b}. How far is that?",
        "By how much must {a} be moved to land on {b}?", "Lay a ruler from {a} to {b}. What does it show, in units?",
        "How long is the straight way between {a} and {b}?", "Two points, {a} and {b}. What is their distance?", "Say how many units there are from {a} to {b}.",
        "How far would a bird fly from {a} to {b}?", "Please measure how far {a} lies from {b}.",
    ),
    ("the distance from {a} to {b}", "the distance between {a} and {b}", "the length of the line from {a} to {b}",
     "the number of units between {a} and {b}", "the length of the segment from {a} to {b}", "the straight way from {a} to {b}",
     "the stretch between {a} and {b}", "the space between points {a} and {b}", "the distance of {b} from {a}", "the length of segment {a}{b}"),
)  # fmt: skip
MIDDLE = varied(
    (
        "Halfway between {a} and {b} lies a point. What is its {axis}?", "Where is the middle of {a} and {b} on the {axis} axis?",
        "Go half of the way from {a} to {b}. What is {axis} there?", "Cut the line from {a} to {b} in half. At which {axis} is the cut?",
        "{a} and {b} have a midpoint. Give its {axis}.", "Midpoint of {a} and {b}: {axis} = ?", "Find the middle between {a} and {b}. Only its {axis} is asked for.",
        "What is the mean of the {axis} coordinates of {a} and {b}?", "Average the {axis} coordinates of {a} and {b}.",
        "Add {axis} of {a} and {axis} of {b}, then take half.", "Which {axis} has the point midway between {a} and {b}?",
        "A point is as far from {a} as from {b}, on the line between them. What is its {axis}?", "The centre of {a}{b} has which {axis}?",
        "Two friends at {a} and {b} meet in the middle. At which {axis}?", "Exactly between {a} and {b}, what is {axis}?",
        "Fold {a} onto {b}. At which {axis} is the middle of the two?", "Bisect the segment {a}{b}. Which {axis} do you get?",
        "What {axis} does the middle of the segment from {a} to {b} have?", "Let M be midway from {a} to {b}. What is {axis} at M?",
        "{axis} of the midpoint between {a} and {b}?", "Between {a} and {b}, right in the centre, {axis} is what?",
        "A tree stands midway between {a} and {b}. How much is its {axis}?", "I stop halfway from {a} to {b}. What is my {axis} coordinate?",
        "Mark the midpoint of {a} and {b} and read off {axis}.", "The segment {a}{b} has a centre. Where is it along {axis}?",
        "Which number on the {axis} axis belongs to the middle of {a} and {b}?", "Taking only {axis}, what lies halfway between {a} and {b}?",
        "Split the way from {a} to {b} into two equal parts. At which {axis} do they meet?", "In {axis}, where is the centre of {a} and {b}?",
        "Please look for the midpoint of {a}{b} and say how much {axis} is.",
    ),
    ("the {axis} coordinate of the midpoint of {a} and {b}", "the {axis} of the point halfway between {a} and {b}",
     "the {axis} coordinate of the middle of {a}{b}", "the {axis} of the centre of segment {a}{b}", "the {axis} midway between {a} and {b}",
     "the mean {axis} of {a} and {b}", "the average of the {axis} coordinates of {a} and {b}", "the midpoint's {axis} for {a} and {b}",
     "the {axis} of the point in the middle between {a} and {b}", "the {axis} where the line from {a} to {b} is halved"),
)  # fmt: skip
WAY = varied(
    (
        "How many unit steps along the lines lead from {a} to {b}?", "Moving along grid lines only, how far is it from {a} to {b}?",
        "How many steps does it take from {a} to {b} if you may only follow the lines?", "No diagonals: how far is {a} from {b}?",
        "Streets run along the lines of the grid. How many blocks is it from {a} to {b}?", "Across and then up or down, how far is it from {a} to {b}?",
        "A taxi drives from {a} to {b} by the shortest route along the lines. How far does it go?", "Add the steps in x and the steps in y from {a} to {b}.",
        "From {a} to {b} in unit steps, never diagonally: how many at the very least?", "How long is the shortest path from {a} to {b} on the lines of the grid?",
        "A beetle can only crawl on grid lines. How many units is it from {a} to {b} at the very least?", "Stay on the lines. How many steps from {a} to {b} at the least?",
        "How far apart are {a} and {b} if you go only sideways and up or down?", "What is the smallest number of steps along the lines between {a} and {b}?",
        "I go from {a} to {b}, first along x, then along y. How many units is that in all?", "Count the unit steps on the shortest path along lines from {a} to {b}.",
        "City blocks from {a} to {b}?", "With moves of one unit left, right, up or down, how many take you from {a} to {b}? The fewest.",
        "The distance in x plus the distance in y between {a} and {b}: how much?", "Without ever leaving the lines, how long is the shortest way from {a} to {b}?",
        "Ants follow the grid. How many units is their shortest trip from {a} to {b}?", "{a} to {b} along the grid, shortest way: how many steps?",
        "How many edges of grid squares must I follow to reach {b} from {a}, at the very least?", "Drive from {a} to {b} on the grid's streets without detours. How far?",
        "What is the taxi distance between {a} and {b}?", "Add up how far {a} and {b} are apart in x and in y.",
        "A robot moves one unit at a time, along x or along y. How many moves does it need from {a} to {b}?",
        "If diagonal moves are forbidden, how many single steps separate {a} and {b}?", "Walking on lines alone from {a} to {b}, how many steps are needed at the very least?",
    ),
    ("the shortest way from {a} to {b} along grid lines", "the number of steps from {a} to {b} along the lines",
     "the number of unit steps from {a} to {b} along the lines", "the length of the shortest path along grid lines from {a} to {b}",
     "the distance from {a} to {b} in city blocks", "the distance along the lines between {a} and {b}", "the least number of steps along lines from {a} to {b}",
     "the sum of the x distance and the y distance of {a} and {b}", "the shortest route without diagonals from {a} to {b}",
     "the taxi distance from {a} to {b}"),
)  # fmt: skip
BETWEEN = varied(
    (
        "A rectangle with sides along the grid has {a} and {b} as opposite corners. What is its area?",
        "Draw the upright rectangle that has {a} and {b} at opposite corners. How large is its area?",
        "How many grid squares lie in the rectangle from corner {a} to the opposite corner {b}?", "Multiply the x distance of {a} and {b} by their y distance.",
        "How many unit squares does the rectangle between {a} and {b} hold?", "{a} and {b} are opposite corners of an upright rectangle. Area?",
        "What area does the upright rectangle from {a} to {b} cover?", "Frame {a} and {b} with a rectangle along the grid lines that has them as corners. What is its area?",
        "Let {a}{b} be the diagonal of an upright rectangle. How many square units does it cover?", "Width times height of the upright rectangle between {a} and {b}?",
        "A field has its corners at {a} and, diagonally opposite, at {b}; its sides follow the grid. What is its area?",
        "Select the area from {a} to {b} as with a mouse. How many square units is the selected rectangle?",
        "How large is the rectangle that {a} and {b} span, with sides parallel to the axes?", "With sides along the axes and {a} opposite of {b}, what area has the rectangle?",
        "Count the squares of the grid in the upright rectangle that has {a} and {b} as opposite corners.",
        "How many square units lie between {a} and {b}, in the rectangle along the grid lines?", "What is the product of how far {a} and {b} are apart in x and in y?",
        "The smallest upright rectangle around {a} and {b} has which area?", "Span an upright rectangle from {a} to {b}. How many squares of the grid does it fill?",
        "Area of the rectangle with diagonal {a}{b}, sides along the grid?", "A carpet reaches from corner {a} to the opposite corner {b}, straight along the grid. What area does it cover?",
        "I draw an upright rectangle starting at {a} and ending at {b}. How large is its area?", "Upright rectangle, opposite corners {a} and {b}: how many square units?",
        "One corner is {a}, the opposite one {b}, and all sides follow grid lines. What is the area of the rectangle?",
        "Take the difference in x and the difference in y of {a} and {b} and multiply them, without signs.",
    ),
    ("the area of the rectangle with opposite corners {a} and {b}", "the area of the upright rectangle between {a} and {b}",
     "the area of the upright rectangle with diagonal {a}{b}", "the number of grid squares in the upright rectangle from {a} to {b}",
     "the area spanned by {a} and {b} along the grid lines", "the x distance times the y distance of {a} and {b}",
     "the area of the smallest upright rectangle that holds {a} and {b}", "the surface of the upright rectangle from {a} to {b}"),
)  # fmt: skip
