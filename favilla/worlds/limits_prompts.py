"""What people ask that no family teaches, by level and topic, and the words that fill the gaps.

TRAIN[level][topic], TEST[level][topic]: wordings; a topic of TEST is in no wording of TRAIN. `{x}` stands for a draw from
FILLERS["x"], `{nonsense}` for a meaningless string. Level 1: plain English. Level 2: other languages, translation, code.
Level 3: worded as the families word their questions, but about the world. Level 4: longer requests around a given text.
"""

from __future__ import annotations

Topics = dict[str, tuple[str, ...]]

FILLERS: dict[str, tuple[str, ...]] = {
    "country": ("Peru", "France", "Japan", "Kenya", "Norway", "Brazil", "Canada", "Egypt", "India", "Poland", "Chile", "Ghana",
                "Spain", "Turkey", "Iran", "Cuba", "Nepal", "Austria"),
    "country2": ("Mexico", "Italy", "China", "Sweden", "Greece", "Vietnam", "Ireland", "Morocco", "Finland", "Bolivia"),
    "city": ("Rome", "Oslo", "Paris", "Lima", "Cairo", "Delhi", "Tokyo", "Boston", "Berlin", "Madrid", "Vienna", "Sydney",
             "Lagos", "Dublin", "Prague", "Seoul"),
    "city2": ("London", "Athens", "Moscow", "Lisbon", "Quito", "Bern", "Hanoi", "Toronto"),
    "person": ("Einstein", "Mozart", "Cleopatra", "Newton", "Shakespeare", "Darwin", "Napoleon", "Picasso", "Gandhi", "Lincoln",
               "Beethoven", "Marie Curie", "Columbus", "Plato", "Galileo"),
    "animal": ("dog", "whale", "spider", "horse", "eagle", "snake", "lion", "shark", "bat", "camel", "frog", "elephant", "crab",
               "penguin", "octopus"),
    "food": ("bread", "pizza", "soup", "porridge", "rice", "cheese", "chocolate", "salad", "curry", "pasta", "tea", "jam"),
    "sport": ("football", "tennis", "chess", "hockey", "golf", "rugby", "boxing", "swimming", "cricket", "skiing"),
    "job": ("doctor", "pilot", "teacher", "baker", "lawyer", "farmer", "actor", "nurse", "painter", "writer"),
    "thing": ("phone", "car", "laptop", "bicycle", "camera", "fridge", "guitar", "watch", "printer", "tent", "sofa", "lamp"),
    "thing2": ("television", "boat", "drill", "heater", "clock", "coat", "piano", "router"),
    "work": ("Hamlet", "Faust", "the Odyssey", "the Mona Lisa", "Don Quixote", "Moby Dick", "the Magic Flute", "Dracula", "Carmen",
             "War and Peace"),
    "idea": ("freedom", "gravity", "love", "money", "democracy", "time", "luck", "justice", "energy", "beauty", "inflation", "hope"),
    "subject": ("music", "history", "the sea", "football", "robots", "spring", "school", "travel", "cats", "winter", "the moon"),
    "planet": ("Mars", "Venus", "Saturn", "Jupiter", "Neptune", "Mercury", "Uranus"),
    "event": ("the French Revolution", "the First World War", "the moon landing", "the fall of Rome", "the Olympic Games of 1936",
              "the Black Death", "the Boston Tea Party"),
    "year": ("1066", "1492", "1789", "1812", "1848", "1914", "1929", "1945", "1969", "1989", "2001"),
    "name": ("Anna", "Ben", "Clara", "David", "Emma", "Felix", "Greta", "Hugo", "Ines", "Jonas"),
    "day": ("today", "tomorrow", "this week", "next Monday", "this morning", "on Sunday"),
    "lang": ("French", "German", "Spanish", "Italian", "Dutch", "Latin", "Greek", "Polish", "Swedish", "Turkish", "Portuguese"),
    "phrase": ("good morning", "thank you", "where is the station", "I am hungry", "see you soon", "the house is red",
               "my name is Anna", "how much is it", "I love you", "it is cold"),
    "land": ("Frankreich", "Spanien", "Polen", "Japan", "Italien", "Norwegen", "Peru", "Kanada"),
    "tier": ("der Hund", "der Wal", "die Katze", "der Adler", "das Pferd", "die Maus"),
    "pays": ("France", "Espagne", "Allemagne", "Chine", "Italie", "Suisse"),
    "pais": ("Francia", "Alemania", "Italia", "Chile", "Egipto", "Cuba"),
    "paese": ("Francia", "Germania", "Spagna", "Grecia", "Svizzera", "Austria"),
    "pais_pt": ("Portugal", "Brasil", "Angola", "Espanha", "Alemanha", "Peru"),
    "n": tuple(str(number) for number in range(2, 60)),
    "v": ("x", "y", "n", "k", "a", "b", "acc", "tmp", "total", "item"),
}  # fmt: skip

TRAIN: dict[int, Topics] = {
    1: {
        "geography": (
            "What is the capital of {country}?", "Which river flows through {city}?", "Is {city} in {country}?",
            "Which countries border {country}?", "What language do people speak in {country}?", "Tell me about {country}.",
            "What is {city} famous for?", "How far is it from {city} to {city2}?",
        ),
        "history": (
            "Who was {person}?", "When was {person} born?", "What happened in {year}?", "Why did {event} happen?",
            "What did {person} discover?", "Who ruled {country} in {year}?", "How did {person} die?",
        ),
        "nature": (
            "What does a {animal} eat?", "How long does a {animal} live?", "Can a {animal} swim?", "Why is the sky blue?",
            "Is a {animal} a mammal?", "Where do {animal}s live?", "Do {animal}s sleep in winter?",
        ),
        "opinion": (
            "What do you think of {person}?", "Do you like {food}?", "Is {sport} better than {subject}?", "What is your favourite {food}?",
            "Should I buy a new {thing}?", "Who is the best {job} in {country}?", "Which is nicer, {city} or {city2}?",
            "Is {idea} more important than money?",
        ),
        "small talk": (
            "Hello, how are you?", "What is your name?", "Who made you, {name}?", "Are you a human or a {thing}?",
            "Good morning! I am {name}. And you?", "Do you have feelings about {subject}?", "Tell me a joke about a {animal}.",
            "Are you awake, my friend {name}?",
        ),
        "writing": (
            "Write a poem about {subject}.", "Write a short story about a {animal} and a {job}.", "Invent a name for a {thing} shop.",
            "Sing a song about {city}.", "Make up a riddle about a {thing}.", "Write a birthday card for {name}.",
            "Give me an essay on {idea}.",
        ),
        "meaning": (
            "What is {idea}?", "Explain {idea} to me.", "What does the word {idea} mean?", "Why do people need {idea}?",
            "Define {idea} in one sentence.",
        ),
        "art": (
            "Who wrote {work}?", "What is {work} about?", "Who painted {work}?", "How does {work} end?", "Is {work} worth it?",
        ),
        "nonsense": ("{nonsense}", "{nonsense} {nonsense}", "{nonsense}?", "What about {nonsense}?", "{nonsense}! {nonsense}!"),
    },
    2: {
        "translation": (
            "Translate into {lang}: {phrase}.", 'How do you say "{phrase}" in {lang}?', "{phrase}, in {lang}, please?",
            "What is the {lang} word for {animal}?", 'Say "{phrase}" in {lang}.', "How is {food} called in {lang}?",
            'Which language is "{nonsense}"?',
        ),
        "German": (
            "Was ist die Hauptstadt von {land}?", "Wie viele Menschen leben in {land}?", "Was frisst {tier}?", "Wie alt wird {tier}?",
            "Kannst du mir helfen, {name}?", "Wer war {person}?", "Wie wird das Wetter in {land}?", "Erz\xe4hl mir etwas \xfcber {land}.",
            "Wie geht es dir, {name}?", "Schreib ein Gedicht \xfcber {land}.",
        ),
        "Spanish": (
            "\xbfCu\xe1l es la capital de {pais}?", "\xbfQui\xe9n fue {person}?", "Hola, me llamo {name}. \xbfC\xf3mo est\xe1s?",
            "\xbfCu\xe1ntos habitantes tiene {pais}?", "\xbfQu\xe9 tiempo hace en {pais}?", "Escribe un poema sobre {pais}.",
            "\xbfD\xf3nde est\xe1 {city}?",
        ),
        "French": (
            "Quelle est la capitale de {pays} ?", "Qui \xe9tait {person} ?", "Bonjour {name}, comment vas-tu ?",
            "Combien d'habitants compte {pays} ?", "Quel temps fait-il \xe0 {city} ?", "Raconte-moi une histoire sur {city}.",
            "O\xf9 se trouve {city} ?",
        ),
        "Italian": (
            "Qual \xe8 la capitale di {paese}?", "Chi era {person}?", "Ciao {name}, come stai?", "Che tempo fa a {city}?",
            "Quanti abitanti ha {paese}?", "Raccontami qualcosa di {paese}.",
        ),
        "code": (
            "What does this Haskell do?\nmain = print (foldr (+) {n} [{v} | {v} <- [1..{n}]])",
            "Explain this SQL:\nSELECT {v} FROM t JOIN u ON t.id = u.id WHERE {v} > {n};",
            "What does this Prolog program answer?\np({v}, {n}). q(X) :- p({v}, X).",
            "Fix this C++:\nstd::vector<int> {v}({n}); {v}.push(1)", "What does this Rust print?\nlet {v} = vec![{n}; 3]; dbg!({v});",
            "Explain:\nMOV AX, {n}\nADD AX, BX\nINT 21h", "10 PRINT {n}\n20 GOTO 10\nWhat does this BASIC program do?",
            "What is wrong here?\n<div class='{v}'><p>{n}</div>", "Read this Perl: my ${v} = join '', map {{ chr }} ({n}, 65);",
            "IDENTIFICATION DIVISION. PROGRAM-ID. {v}. What is this?", "Write a {v} function in Java that opens a file.",
        ),
        "news": (
            "What is the news {day}?", "Who won the {sport} match {day}?", "What is the weather like in {city} {day}?",
            "What time is it in {city} now?", "Who is the president of {country} now?", "What does a {thing} cost {day}?",
            "Is the shop in {city} open {day}?", "How are the trains to {city} running {day}?",
        ),
        "advice": (
            "How do I cook {food}?", "How can I learn {lang}?", "How do I repair a {thing}?", "What should I wear in {city} {day}?",
            "How do I become a {job}?", "My {thing} is broken. What can I do?", "How can I sleep better?",
            "Plan a trip to {city} for {n} days.", "What should I give {name} for a birthday?",
        ),
    },
    3: {
        "counts of the world": (
            "How many people live in {country}?", "How many legs does a {animal} have?", "How many {animal}s are there in {country}?",
            "How many moons has {planet}?", "How many players are in a {sport} team?", "Count the letters in the name of the king of {country}.",
            "How many bones does a {animal} have?", "How many years did {person} live?", "How many books did {person} write?",
            "What is the number of islands of {country}?",
        ),
        "sizes of the world": (
            "Which is larger, {country} or {country2}?", "What is the value of a {thing}?", "Which country has the highest mountain?",
            "How much larger is {city} than {city2}?", "Which {thing} is the cheapest?", "Name the largest lake of {country}.",
            "What is the sum of the ages of {person} and {name}?", "How tall was {person}?", "Which planet is largest after {planet}?",
            "Which weighs more, a {animal} or a {thing}?", "How old is {name}?", "What is the age of {city}?",
        ),
        "colours of the world": (
            "What colour is the sky on {planet}?", "Which colour is the flag of {country}?", "What colour is a {animal}?",
            "Which colour do most {thing}s have?", "What is the most common colour of a {thing} in {country}?",
            "What colour were the eyes of {person}?", "Of which colour is {food}?",
        ),
        "places of the world": (
            "Where is {city}?", "Where is {name}?", "Where do I buy a {thing} in {city}?", "Point at {country} on the globe.",
            "Which city is north of {city}?", "What is right of {country} on the map?", "Find {name} in {city}.",
            "Which node of the internet is in {city}?", "Start in {city} and go west for {n} days. Where are you?",
            "Which street leads from {city} to {city2}?", "What do you reach from {city} by train?",
        ),
        "lists of the world": (
            "Sort by weight: {animal}, {thing}, {food}.", "Reverse the order of the last {n} kings of {country}.",
            "List the {n} largest cities of {country}.", "What is the first word of {work}?", "Which item would {person} take?",
            "Take the best players of {country} and sort them.", "Put in order of time: {event}, {person}, {work}.",
            "What is the last line of {work}?", "Name the second president of {country}.", "What comes after {work}?",
        ),
        "readings of the world": (
            "What does the sign in {city} say?", "Read page {n} of {work}.", "What is written on the coins of {country}?",
            "Which number does {name} have?", "What is the number of my house in {city}?", "What is the phone number of {name}?",
            "Read me the price of the {thing} in {city}.", "What does the label of my {thing} say?",
        ),
        "tables of the world": (
            "What is the Price of {food} in {country}?", "Which row of seats is best in {city}?", "Whose Score was highest in {sport}?",
            "What is {name}'s salary?", "What is the total rent in {city}?", "By how much did prices rise in {country} in {year}?",
            "What was the Rank of {country} in {sport}?",
        ),
    },
    4: {
        "summary": (
            'Sum up this text in one line: "{name} went to {city}, met a {job} and bought a {thing}. Then it rained."',
            'What is the moral of this? "A {animal} and a {animal} shared {food}. In the end nobody was happy."',
            'Give this story a title: "{name} lost the {thing} in {city}. A {job} found it."',
            'What happens next? "{name} opened the door of the old {thing} and saw a {animal}."',
        ),
        "rewriting": (
            'Make this more polite: "{name}, give me the {thing} now."', 'Rewrite as {person} would say it: "I like {food}."',
            'Correct the style: "Me and {name} was in {city} for {n} days."', 'Turn this into a poem: "{name} sells {food} in {city}."',
            'Make it shorter without losing the feeling: "I miss {city}, I miss {name}, I miss {food}."',
        ),
        "letters": (
            "Write a letter to {name}, a {job} in {city}, and say that the {thing} has not come.",
            "Answer this mail: \"Dear {name}, can we meet in {city} {day}? Yours, the {job}\"",
            "Write a complaint about a {thing} that broke after {n} days, bought in {city}.",
            "Draft a speech of {n} minutes on {idea} for a {job}.",
        ),
        "comparison": (
            "{country} has {n} players and {country2} has more. Who will win at {sport}, and why?",
            "Here are two things: a {thing} and a {thing2}. Which would {person} choose?",
            "{name} says {idea} matters, the {job} says it does not. Who is right?",
            "I have {n} euros. Is that enough for a {thing} in {city}?",
            "Between {city} and {city2}, where should a {job} live?",
        ),
        "mixed languages": (
            "Translate and then answer: Wie hei\xdft die Hauptstadt von {land}?", "My friend wrote: \"Tu viens \xe0 {city} ?\" What does it mean?",
            "Answer in {lang}: what is {idea}?", "{name} dijo: \"Me gusta {city}\". Explain it in {lang}.",
            "Spell {phrase} in {lang} and say how it sounds.", "Correct my {lang}: Ich bin gehen nach {city} mit {name}.",
            "Ich habe {n} Euro und will nach {land}. Was kostet eine Reise?", "J'ai {n} ans et j'habite \xe0 {city}. Quel m\xe9tier choisir ?",
        ),
        "cooking": (
            "I have {n} eggs, some {food} and an oven. What can I cook for {name}?",
            "A recipe for {food} for {n} people, please, without nuts.", "My {food} tastes of nothing. What did I do wrong in {city}?",
            "List what I need to buy for {food} and {food}.",
        ),
        "riddles": (
            "A {animal} walks into a bar in {city}. What does it say?", "What has {n} teeth and cannot bite? Hint: {name} has one.",
            "If a {animal} were a {thing}, what would {person} be?", "Why did the {animal} cross the road to {city}?",
        ),
        "long code": (
            "class {v} {{ private int {v}; public int get() {{ return {v} * {n}; }} }}\nWrite a test for this Java class.",
            "(define ({v} n) (if (= n 0) {n} ({v} (- n 1))))\nWhat is this language, and is it fast?",
            "Port this Fortran to Go:\nDO 10 I = 1, {n}\n10 {v} = {v} + I", "git rebase failed at commit {n}. What do I type now?",
            "My browser shows error {n} on the page {v}. Why?", "Is {v}[{n}] = malloc({n}) a memory leak in C?",
        ),
    },
}  # fmt: skip

TEST: dict[int, Topics] = {
    1: {
        "medicine": (
            "Is {food} healthy for a child?", "My knee hurts. Which pill helps?", "How is a cold treated?",
            "Does a {animal} bite make you ill?",
        ),
        "religion": ("Does God exist?", "Which faith has most followers in {country}?", "What happens to us after death?"),
        "music": ("Hum a tune by {person}.", "How is a violin tuned?", "Which chord follows G major?"),
        "law": ("Is it legal to keep a {animal} in {country}?", "Can {name} sue the {job}?", "What is the fine for parking in {city}?"),
        "feelings": ("I feel lonely {day}.", "{name} does not love me any more.", "Cheer me up!"),
    },
    2: {
        "Portuguese": (
            "Qual \xe9 a capital de {pais_pt}?", "Ol\xe1 {name}, tudo bem?", "Quantas pessoas moram em {pais_pt}?",
            "Conta-me uma hist\xf3ria sobre {city}.",
        ),
        "Dutch": ("Hoe heet de hoofdstad van {land}?", "Hoe gaat het met jou, {name}?"),
        "Latin": ("Quid est veritas?", "Ubi est {person}?"),
        "spells of a shell": ("sudo rm -rf /tmp/{v}{n}; what would it do?", "awk '{{s+=${n}}} END {{print s}}' {v}.txt"),
        "stocks": ("Will the shares of {thing} makers rise {day}?", "How many euros are {n} dollars {day}?", "Should {name} invest in {food}?"),
    },
    3: {
        "stars": ("How many stars are there in the sky?", "How bright is {planet} {day}?", "Which star is nearest to {planet}?"),
        "chemistry of the kitchen": ("At how many degrees does {food} burn?", "Which acid is in {food}?"),
        "fashion": ("Which colour suits {name}?", "What is the size of {person}'s shoes?", "Which hat is largest in {city}?"),
        "family trees": ("Who is the mother of {person}?", "How many children had {person}?", "Which son of {person} is the youngest?"),
        "traffic": ("How many cars are on the bridge of {city}?", "Which bus leaves first from {city}?"),
    },
    4: {
        "contracts": (
            'What does this mean? "The lessee, {name}, is liable for the {thing} during {n} days."',
            'Is this clause fair: "{name} pays the {job} in {food}"?',
        ),
        "dreams": (
            "Last night I dreamed of a {animal} in {city} that ate my {thing}. What does that mean?",
            "I keep seeing the number {n}. Is it a sign?",
        ),
        "games": (
            "White plays e4, black plays c5. What is the best move for {name}?",
            "Let us play: I am a {job}, you are a {animal}. You begin.",
        ),
        "gardening": (
            "My {n} tomatoes in {city} have brown leaves since Sunday. Which disease is it?",
            "When do I sow carrots in {country}, and how deep?",
        ),
        "advertising": (
            "Invent a slogan for a {thing} that {name} sells in {city} for {n} euros.",
            "Write {n} reasons to buy {food} from {country}.",
        ),
    },
}  # fmt: skip

# Asked about a picture that looks like a photograph.
PHOTO_TRAIN: dict[int, Topics] = {
    1: {
        "description": (
            "Describe this photo.", "What is in this photo?", "Who is this?", "What do you see here?", "What does this photo show?",
            "Is that {name} in the photo?", "Is this a {animal}?", "Is this {city}?", "Tell me about this picture.",
            "Describe the picture to {name}.", "What is this?", "Name it.",
        ),
    },
    2: {
        "circumstances": (
            "Where was this photo taken?", "When was this photo taken?", "Was this taken in {city} or in {city2}?",
            "Which season is it in this picture?", "What breed is the {animal} in this photo?", "Which brand is the {thing}?",
            "Is {name} happy in this picture?", "How old is the person in this photo?", "What is the weather in this picture?",
            "Who painted this, {person}?",
        ),
        "caption": ("Write a caption for this photo.", "Give this picture a title.", "Write a post about this photo for {name}."),
        "German": ("Was siehst du auf dem Foto?", "Wo wurde das Foto gemacht, in {land}?", "Beschreibe das Bild."),
        "Spanish": ("\xbfQu\xe9 ves en esta foto?", "Describe la foto, {name}.", "\xbfEs una foto de {pais}?"),
        "French": ("Que vois-tu sur cette photo ?", "D\xe9cris cette image.", "Est-ce une photo de {pays} ?"),
        "Italian": ("Che cosa vedi in questa foto?", "Descrivi la foto.", "\xc8 una foto di {paese}?"),
    },
    3: {
        "counts of a photo": (
            "How many people are in this photo?", "How many {animal}s do you see in the photo?", "Count the {thing}s in the background.",
            "How many trees are behind {name}?",
        ),
        "places in a photo": (
            "Where is {name} in this photo?", "What is left of the {animal}?", "Which {thing} is nearest to the person?",
            "Who is at the right, {name} or {person}?",
        ),
        "colours of a photo": (
            "What colour is the {thing} in the photo?", "Which colour has {name}'s coat?", "What colour are the eyes of the {animal}?",
        ),
        "readings of a photo": (
            "What is the value of the {thing} in this photo?", "Which row does {name} sit in?", "What does the sign behind {name} say?",
        ),
    },
    4: {
        "advice on a photo": (
            "Is this a good photo for my {job} application in {city}?", "Can I sell this picture in {city} for {n} euros?",
            "What should I change in this photo before I send it to {name}?", "Which camera took this, and was it a {thing}?",
        ),
        "story of a photo": (
            "Tell the story of this photo: {name}, a {animal}, and {city}.", "What happened {n} minutes before this photo was taken?",
            "What will {name} do after this picture?", "Does this picture stand for {idea}? Say why.",
        ),
        "mixed languages": (
            "Describe this photo in {lang}.", "Beschreibe das Foto auf {lang}, please.", "How would one title this picture in {lang}?",
        ),
    },
}  # fmt: skip

PHOTO_TEST: dict[int, Topics] = {
    1: {
        "medicine of a photo": ("Is this skin ill?", "Does {name} look pale here?", "Is this tooth healthy?"),
        "safety of a photo": ("May I eat this?", "Is this {animal} dangerous?", "Would you touch what is shown?"),
    },
    2: {
        "Portuguese": ("O que voc\xea v\xea nesta foto?", "Descreve a imagem, {name}."),
        "Dutch": ("Wat zie je op deze foto?", "Is dit {city} op de foto?"),
        "money of a photo": ("What would a print of this cost?", "How much did {name} pay for that {thing}?"),
    },
    3: {
        "materials": ("Is the {thing} made of wood or of steel?", "Which fabric is this?"),
        "botany": ("How many petals has this flower?", "Which tree grows behind the {thing}?"),
    },
    4: {
        "art history": ("Which school of painting does this belong to, and did {person} know it?", "Compare this with {work}."),
        "law of a photo": ("May {name} print this without asking the {job}?", "Who owns the rights to this after {n} years?"),
    },
}  # fmt: skip

# Asked about a picture of shapes, a table, icons or a screen, whose facts do not answer it.
ABOUT_TRAIN: Topics = {
    "reasons": (
        "Why does this look so?", "Who made this picture?", "What do you think of it?", "Is this true for {country}, too?",
        "Who would like this picture, {name} or {person}?", "Does it remind you of {city}?", "Is it beautiful?",
    ),
    "uses": (
        "How much would this cost in {city}?", "What should {name} do with it?", "Can a {job} use this?", "Which program drew this?",
        "Will it be the same in {n} years?", "Write a story about what you see.",
    ),
    "the world": (
        "How many people live in {country}?", "What colour is the sky on {planet}?", "Who was {person}?", "What does a {animal} eat?",
        "Where is {city}?", "Which is larger, {country} or {country2}?",
    ),
}  # fmt: skip

ABOUT_TEST: Topics = {
    "origins": ("Out of which book was this copied?", "In which year was this drawn?"),
    "feelings about it": ("Does this make {name} sad?", "What mood is it in?"),
    "rights": ("Am I allowed to print this in {country}?", "Whose property is it?"),
}  # fmt: skip
