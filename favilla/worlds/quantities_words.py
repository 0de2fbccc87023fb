"""How the family `quantities` asks: what is told and what is asked, combined freely; those for the test alone end in `_test`.

Here are the doses, and all kinds together; `quantities_wordings` has the others.
"""

from __future__ import annotations

from favilla.worlds.quantities_wordings import TIMES_AND_UNITS, Words

DOSES: dict[str, Words] = {
    "per_kg": Words(
        told=(
            "The dose is {dose} mg per kg. Weight: {weight} kg.", "{dose} mg for each kg; a patient of {weight} kg.",
            "Someone of {weight} kg gets {dose} mg per kg.", "Body weight {weight} kg, dose {dose} mg/kg.",
            "Prescribed: {dose} mg per kg. The patient weighs {weight} kg.", "A child of {weight} kg receives {dose} mg per kg.",
            "The rule is {dose} mg per kg of body weight. Body weight: {weight} kg.", "Weight: {weight} kg. For each kg, {dose} mg.",
            "My dog is {weight} kg. The vet prescribes {dose} mg per kg.",
            "For every kg of weight, {dose} mg are given; the animal has {weight} kg.", "{weight} kg, {dose} mg/kg.",
            "The scales show {weight} kg, the leaflet says {dose} mg per kg.", "Per kg you take {dose} mg, and you weigh {weight} kg.",
            "A nurse prepares {dose} mg per kg for someone who has {weight} kg.",
        ),
        asked=(
            "How many mg?", "Dose in mg?", "How much is that in mg?", "Give the mg.", "What is the dose in mg?", "How many mg are given?",
            "Total dose in mg?", "Calculate the dose, in mg.", "Find the amount of mg.", "Tell me how many mg that is.", "mg altogether?",
            "How many mg must be given?", "What quantity is needed, in mg?", "Work out the mg.", "The full dose has how many mg?",
            "Somebody needs the number of mg.", "How large is the dose (mg)?",
        ),
        told_test=(
            "A calf weighs {weight} kg and needs {dose} mg for every kg.",
        ),
        asked_test=(
            "How many mg does that make?", "What amount in mg is right?",
        ),
        asked_first=(
            "How many mg are needed?", "What dose should be given, in mg?", "Calculate the mg.", "Please find the right number of mg.",
        ),
        whole=(
            "How many mg does a patient of {weight} kg get at {dose} mg per kg?", "What is the dose, in mg, for {weight} kg at {dose} mg/kg?",
            "At {dose} mg per kg, how many mg are given for {weight} kg?",
            "If each kg calls for {dose} mg, how many mg belong to {weight} kg?", "Dose for {weight} kg with {dose} mg per kg, in mg?",
            "Someone weighs {weight} kg. How many mg are right for them at {dose} mg per kg?",
            "Calculate {dose} mg/kg for {weight} kg. How many mg?",
        ),
    ),
    "tablets": Words(
        told=(
            "Dose {dose} mg, tablets of {strength} mg.", "One tablet has {strength} mg. {dose} mg are needed.",
            "Tablets hold {strength} mg each; give {dose} mg.", "Needed: {dose} mg. Each tablet: {strength} mg.",
            "The doctor orders {dose} mg. A tablet contains {strength} mg.",
            "A patient is to get {dose} mg. In stock: tablets of {strength} mg.",
            "Each tablet contains {strength} mg. The patient takes {dose} mg.", "Prescription: {dose} mg. Tablet: {strength} mg.",
            "With tablets of {strength} mg, {dose} mg have to be reached.", "The dose is {dose} mg; a single tablet has {strength} mg.",
            "Tablets come with {strength} mg each. Someone must take {dose} mg.", "Wanted {dose} mg, tablet strength {strength} mg.",
            "I must take {dose} mg, and my tablets have {strength} mg.", "The pack says {strength} mg a tablet. The order is {dose} mg.",
        ),
        asked=(
            "How many tablets?", "Number of tablets?", "How many are taken?", "Tablets to give?", "How many tablets is that?",
            "How many tablets are needed?", "How many tablets must be taken?", "Tell me the number of tablets.", "That is how many tablets?",
            "Calculate how many tablets to take.", "Find the number of tablets.", "How many tablets does the patient swallow?",
            "How many tablets make up the dose?", "What number of tablets is right?", "I want to know how many tablets that means.",
            "How many tablets are put in the cup?", "Tablets?",
        ),
        told_test=(
            "On the box stands {strength} mg per tablet, on the note {dose} mg.",
        ),
        asked_test=(
            "How many of them does it take?", "Count the tablets that are needed.",
        ),
        asked_first=(
            "How many tablets are needed?", "What number of tablets should be given?", "Work out the tablets.",
            "The nurse asks how many tablets to hand out.",
        ),
        whole=(
            "How many tablets of {strength} mg make {dose} mg?", "For {dose} mg, how many tablets with {strength} mg are taken?",
            "If one tablet has {strength} mg, how many tablets give {dose} mg?", "{dose} mg with tablets of {strength} mg: how many tablets?",
            "To get {dose} mg from tablets of {strength} mg each, how many do you need?",
            "How many {strength} mg tablets are needed for a dose of {dose} mg?",
            "Someone needs {dose} mg and has tablets of {strength} mg. How many should they take?",
        ),
    ),
    "millilitres": Words(
        told=(
            "Dose {dose} mg. The syrup has {strength} mg in {volume} ml.", "{volume} ml hold {strength} mg. {dose} mg are needed.",
            "A liquid: {strength} mg per {volume} ml. The patient gets {dose} mg.",
            "The doctor orders {dose} mg. In {volume} ml there are {strength} mg.",
            "A solution contains {strength} mg in {volume} ml. Needed: {dose} mg.", "Strength: {strength} mg/{volume} ml. Dose: {dose} mg.",
            "A child takes {dose} mg of a juice with {strength} mg per {volume} ml.",
            "Prescribed {dose} mg; the bottle says {strength} mg in {volume} ml.",
            "Each {volume} ml of syrup contain {strength} mg. Someone takes {dose} mg.",
            "The drops have {strength} mg per {volume} ml, and {dose} mg have to be given.",
            "{strength} mg are dissolved in {volume} ml. The patient gets {dose} mg.",
            "Wanted {dose} mg, on hand {strength} mg per {volume} ml.",
            "I need {dose} mg of a medicine that has {strength} mg per {volume} ml.",
        ),
        asked=(
            "How many ml?", "Volume in ml?", "How much is that in ml?", "Give the ml.", "How many ml are needed?", "How many ml is that?",
            "What volume should be given, in ml?", "Tell me the ml.", "Find the volume in ml.", "Calculate how many ml to give.",
            "That is how many ml?", "How many ml do you fill into the syringe?", "How many ml contain the dose?",
            "What is the right number of ml?", "ml?", "How many ml must the patient drink?", "I need to know the ml.",
        ),
        told_test=(
            "There are {strength} mg in every {volume} ml, and {dose} mg are wanted.",
        ),
        asked_test=(
            "How many ml must be measured out?", "What volume, in ml, is right?",
        ),
        asked_first=(
            "How many ml should be given?", "Find the volume of the dose in ml.", "How much liquid is it, in ml?",
            "The nurse wants to know how many ml to draw up.",
        ),
        whole=(
            "How many ml contain {dose} mg if {volume} ml contain {strength} mg?",
            "For {dose} mg, how many ml of a syrup with {strength} mg per {volume} ml are taken?",
            "With {strength} mg in {volume} ml, how many ml give {dose} mg?",
            "If {volume} ml of a liquid have {strength} mg, in how many ml are {dose} mg?",
            "What volume in ml holds {dose} mg at {strength} mg per {volume} ml?", "{strength} mg : {volume} ml = {dose} mg : ? ml",
        ),
    ),
    "per_kg_tablets": Words(
        told=(
            "{dose} mg per kg, weight {weight} kg, tablets of {strength} mg.",
            "Someone of {weight} kg gets {dose} mg/kg. A tablet has {strength} mg.",
            "Tablets: {strength} mg. Dose: {dose} mg per kg. Weight: {weight} kg.",
            "A patient weighs {weight} kg and is given {dose} mg per kg. One tablet contains {strength} mg.",
            "Weight {weight} kg, dose {dose} mg per kg, each tablet {strength} mg.",
            "The dose is {dose} mg/kg. The patient has {weight} kg and the tablets have {strength} mg.",
            "For every kg, {dose} mg are taken, as tablets of {strength} mg. Body weight: {weight} kg.",
            "Order: {dose} mg per kg for {weight} kg. In stock: tablets of {strength} mg.",
            "My weight is {weight} kg. I take {dose} mg per kg, and each tablet has {strength} mg.",
            "Each tablet contains {strength} mg. A child of {weight} kg is to get {dose} mg for each kg.",
            "{weight} kg, {dose} mg/kg, {strength} mg a tablet.",
            "Given are tablets with {strength} mg, a weight of {weight} kg and a dose of {dose} mg per kg.",
            "The leaflet says {dose} mg per kg, the scales {weight} kg, the pack {strength} mg per tablet.",
        ),
        asked=(
            "How many tablets?", "Number of tablets?", "How many are taken?", "Tablets to give?", "How many tablets is that?",
            "How many tablets are needed?", "How many tablets must be taken?", "Tell me the number of tablets.", "That is how many tablets?",
            "Calculate how many tablets to take.", "Find the number of tablets.", "How many tablets does the patient get?",
            "How many tablets make up the whole dose?", "What number of tablets is right?", "I want to know how many tablets that means.",
            "How many tablets are put in the cup?", "Tablets?",
        ),
        told_test=(
            "A dog of {weight} kg needs {dose} mg for every kg, in tablets with {strength} mg.",
        ),
        asked_test=(
            "How many of them does it take?", "Count the tablets that are needed.",
        ),
        asked_first=(
            "How many tablets are needed?", "What number of tablets should be given?", "Work out the tablets.",
            "The nurse asks how many tablets to hand out.",
        ),
        whole=(
            "How many tablets of {strength} mg does someone of {weight} kg need at {dose} mg per kg?",
            "At {dose} mg per kg, how many tablets of {strength} mg are given to a patient of {weight} kg?",
            "If a tablet has {strength} mg and {dose} mg per kg are wanted, how many tablets are right for {weight} kg?",
            "Someone of {weight} kg must get {dose} mg for each kg. How many {strength} mg tablets are needed?",
            "How many tablets, {strength} mg each, make {dose} mg/kg for a weight of {weight} kg?",
        ),
    ),
    "daily": Words(
        told=(
            "{dose} mg per kg a day, in {times} equal doses. Weight: {weight} kg.",
            "A patient of {weight} kg gets {dose} mg/kg daily, divided by {times}.",
            "Each day {dose} mg for every kg, at {times} times; {weight} kg.",
            "Per day {dose} mg per kg, split into {times} equal doses; weight {weight} kg.",
            "The patient has {weight} kg. The daily dose of {dose} mg per kg is given in {times} equal parts.",
            "Weight: {weight} kg. Daily dose: {dose} mg/kg. Doses a day: {times}.",
            "A child of {weight} kg takes {dose} mg per kg per day, in {times} equal portions.",
            "{dose} mg/kg per day for {weight} kg, {times} doses a day.",
            "For each kg, {dose} mg per day are prescribed. The weight is {weight} kg and there are {times} equal doses.",
            "A dog has {weight} kg and gets {dose} mg per kg daily, in {times} doses of the same size.",
            "I weigh {weight} kg and take {dose} mg per kg each day, spread evenly over {times} times.",
            "Order: {dose} mg per kg and day, divided into {times} doses. Body weight {weight} kg.",
            "The daily amount is {dose} mg per kg. Someone of {weight} kg takes it in {times} equal doses.",
        ),
        asked=(
            "How many mg is one dose?", "mg per dose?", "How much each time, in mg?", "Give one dose in mg.",
            "How many mg does one dose have?", "What is each dose, in mg?", "How large is a single dose in mg?",
            "How many mg are taken each time?", "mg for one dose?", "Calculate the single dose in mg.", "Find how many mg go into each dose.",
            "Tell me the mg of one dose.", "How many mg per dose?", "One of these doses has how many mg?", "I need one dose, in mg.",
            "How much does the patient get each time (mg)?",
        ),
        told_test=(
            "For {weight} kg of body weight and {dose} mg/kg per day, the day's amount is shared among {times} doses.",
        ),
        asked_test=(
            "What does a single dose hold, in mg?", "How many mg are given at a time?",
        ),
        asked_first=(
            "How many mg is each dose?", "Find the single dose in mg.", "How many mg are taken each time?",
            "The nurse wants the size of one dose in mg.",
        ),
        whole=(
            "How many mg per dose does a patient of {weight} kg get with {dose} mg/kg per day in {times} equal doses?",
            "If {dose} mg per kg per day are divided into {times} equal doses, how many mg is each one for {weight} kg?",
            "For {weight} kg at {dose} mg per kg per day, what is one of {times} equal doses in mg?",
            "Someone of {weight} kg needs {dose} mg per kg per day. In {times} equal doses, how many mg are in each?",
        ),
    ),
    "drip": Words(
        told=(
            "{volume} ml run in {hours} h. 1 ml is {drops} drops.", "An infusion: {volume} ml over {hours} h, {drops} drops per ml.",
            "{volume} ml are given within {hours} h with {drops} drops to the ml.",
            "Volume {volume} ml, time {hours} h, {drops} drops per ml.", "A drip of {volume} ml lasts {hours} h. Each ml has {drops} drops.",
            "The doctor orders {volume} ml over {hours} h. The set has {drops} drops per ml.",
            "A patient gets {volume} ml in {hours} h; {drops} drops make 1 ml.",
            "{drops} drops are 1 ml. In {hours} h, {volume} ml should run in.",
            "Infuse {volume} ml in {hours} h. Drop factor: {drops} drops/ml.",
            "{volume} ml of solution go in over {hours} h, with {drops} drops to each ml.",
            "Within {hours} h a bottle of {volume} ml should run through, at {drops} drops per ml.",
            "Time: {hours} h. Amount: {volume} ml. Drops in 1 ml: {drops}.",
            "My patient needs {volume} ml over {hours} h, and my set makes {drops} drops per ml.",
        ),
        asked=(
            "How many drops per minute?", "Drops a minute?", "Set which rate, in drops per minute?", "Rate in drops/min?",
            "What is the rate in drops per minute?", "How many drops are that per minute?", "Find the drop rate per minute.",
            "Calculate the drops per minute.", "Drops per minute?", "Tell me how many drops to set per minute.",
            "To how many drops per minute is it set?", "What is the drip rate (drops/min)?", "In one minute, how many drops are needed?",
            "How fast must it drip, in drops per minute?", "That is how many drops in a minute?", "Work out the speed in drops per minute.",
        ),
        told_test=(
            "A bag of {volume} ml must be empty after {hours} h; the set makes {drops} drops of each ml.",
        ),
        asked_test=(
            "How many drops fall each minute?", "At how many drops a minute does it run?",
        ),
        asked_first=(
            "How many drops per minute are right?", "What is the drip rate in drops/min?", "Find the number of drops per minute.",
            "The nurse must set the drops per minute.",
        ),
        whole=(
            "How many drops per minute give {volume} ml in {hours} h, at {drops} drops per ml?",
            "With {drops} drops per ml, what rate in drops per minute brings {volume} ml in over {hours} h?",
            "If {volume} ml should run in over {hours} h and 1 ml is {drops} drops, how many drops per minute is that?",
            "Drops per minute for {volume} ml over {hours} h ({drops} drops/ml)?",
            "At {drops} drops to the ml, {volume} ml must flow in {hours} h. Calculate the drops per minute.",
        ),
    ),
    "syrup": Words(
        told=(
            "{dose} mg per kg and dose, {times} doses a day for {days} days, {weight} kg; {strength} mg in {volume} ml.",
            "Weight {weight} kg. Each dose {dose} mg/kg, {times} a day, {days} days. The syrup: {strength} mg per {volume} ml.",
            "A syrup has {strength} mg in {volume} ml. Someone of {weight} kg takes {dose} mg/kg {times} times a day for {days} days.",
            "The syrup contains {strength} mg per {volume} ml. A child of {weight} kg takes {dose} mg/kg each time, {times} times a day, {days} days long.",
            "Strength: {strength} mg/{volume} ml. Single dose: {dose} mg per kg. Weight: {weight} kg. Doses a day: {times}. Days: {days}.",
            "A patient weighs {weight} kg. For {days} days, {times} times a day, {dose} mg per kg are given as syrup with {strength} mg in {volume} ml.",
            "{weight} kg, {dose} mg/kg a dose, {times} doses daily, {days} days, {strength} mg per {volume} ml.",
            "Over {days} days there are {times} doses every day, each of {dose} mg per kg. Weight {weight} kg, liquid {strength} mg in {volume} ml.",
            "In {volume} ml there are {strength} mg. I weigh {weight} kg and take {dose} mg per kg {times} times daily for {days} days.",
            "Order: {dose} mg per kg, {times} times a day, {days} days. Patient: {weight} kg. Syrup: {strength} mg in {volume} ml.",
            "One dose is {dose} mg per kg. Someone of {weight} kg gets {times} of them a day for {days} days, from a syrup of {strength} mg per {volume} ml.",
            "The bottle says {strength} mg in {volume} ml, the note {dose} mg per kg {times} times a day for {days} days, the scales {weight} kg.",
        ),
        asked=(
            "How many ml in all?", "Total ml?", "How much syrup is used, in ml?", "Give the whole volume in ml.",
            "How many ml does the whole treatment take?", "How many ml are needed in total?", "What is the total volume in ml?",
            "How many ml for all the days?", "Find the total number of ml.", "Calculate the whole amount of syrup in ml.",
            "All doses together are how many ml?", "Over the whole time, how many ml are used up?", "Tell me the total in ml.",
            "ml in total?", "How much liquid is that overall, in ml?", "From the first dose to the last, how many ml are taken?",
            "I need to know the ml for the complete treatment.",
        ),
        told_test=(
            "For {days} days a child of {weight} kg drinks, {times} times daily, {dose} mg per kg out of a syrup with {strength} mg in {volume} ml.",
        ),
        asked_test=(
            "How many ml are drunk altogether?", "What volume is needed for everything, in ml?",
        ),
        asked_first=(
            "How many ml are used for the complete treatment?", "Find the total volume in ml.", "How many ml of syrup are needed overall?",
        ),
        whole=(
            "How many ml does someone of {weight} kg use up in {days} days with {times} doses a day of {dose} mg/kg, at {strength} mg per {volume} ml?",
            "With {strength} mg in {volume} ml, what total volume in ml gives {dose} mg per kg {times} times a day for {days} days at {weight} kg?",
            "If a patient of {weight} kg takes {dose} mg per kg {times} times a day for {days} days, how many ml of a syrup with {strength} mg in {volume} ml is that?",
        ),
    ),
    "bottles": Words(
        told=(
            "{dose} mg per kg and dose, {times} doses a day for {days} days, {weight} kg; {strength} mg in {volume} ml; bottles of {bottle} ml.",
            "Weight {weight} kg. Each dose {dose} mg/kg, {times} a day, {days} days. The syrup: {strength} mg per {volume} ml, {bottle} ml a bottle.",
            "The syrup contains {strength} mg per {volume} ml and comes in bottles of {bottle} ml. Someone of {weight} kg gets {dose} mg/kg {times} times a day for {days} days.",
            "Strength: {strength} mg/{volume} ml. Bottle: {bottle} ml. Single dose: {dose} mg per kg. Weight: {weight} kg. Doses a day: {times}. Days: {days}.",
            "A patient weighs {weight} kg. For {days} days, {times} times a day, {dose} mg per kg are given as syrup ({strength} mg in {volume} ml, bottles of {bottle} ml).",
            "{weight} kg, {dose} mg/kg a dose, {times} doses daily, {days} days, {strength} mg per {volume} ml, {bottle} ml per bottle.",
            "Over {days} days there are {times} doses every day, each of {dose} mg per kg. Weight {weight} kg, liquid {strength} mg in {volume} ml, bottle size {bottle} ml.",
            "A bottle has {bottle} ml, and in {volume} ml there are {strength} mg. I weigh {weight} kg and take {dose} mg per kg {times} times daily for {days} days.",
            "Order: {dose} mg per kg, {times} times a day, {days} days. Patient: {weight} kg. Syrup: {strength} mg in {volume} ml, {bottle} ml in each bottle.",
            "One dose is {dose} mg per kg. Someone of {weight} kg gets {times} of them a day for {days} days, with {strength} mg per {volume} ml and bottles of {bottle} ml.",
            "The label says {strength} mg in {volume} ml and {bottle} ml a bottle, the note {dose} mg per kg {times} times a day for {days} days, the scales {weight} kg.",
            "Bottles hold {bottle} ml. In every {volume} ml are {strength} mg. Each dose: {dose} mg per kg for {weight} kg, {times} doses a day, {days} days.",
        ),
        asked=(
            "How many bottles are needed?", "Number of bottles to buy?", "Bottles that must be there?", "How many bottles must be opened?",
            "Bottles?", "How many bottles does it take?", "How many bottles does the whole treatment need?",
            "How many bottles are required in total?", "How many bottles have to be bought?",
            "What is the smallest number of bottles that is enough?", "Find the number of bottles.", "Tell me how many bottles to get.",
            "At least how many bottles must one have?", "How many bottles should the chemist hand over?", "Calculate the bottles.",
            "I want to know how many bottles to buy.",
        ),
        told_test=(
            "A child of {weight} kg takes {dose} mg/kg, {times} times a day, {days} days long; {volume} ml have {strength} mg and a bottle {bottle} ml.",
        ),
        asked_test=(
            "How many bottles should be ordered?", "With how many bottles is there enough?",
        ),
        asked_first=(
            "How many bottles must be bought?", "Find the number of bottles that is just enough.", "How many bottles does the treatment use?",
        ),
        whole=(
            "How many bottles of {bottle} ml does someone of {weight} kg need for {days} days with {times} doses a day of {dose} mg/kg, at {strength} mg per {volume} ml?",
            "With {strength} mg in {volume} ml and {bottle} ml a bottle, how many bottles cover {dose} mg per kg {times} times a day for {days} days at {weight} kg?",
            "If a patient of {weight} kg takes {dose} mg per kg {times} times a day for {days} days ({strength} mg in {volume} ml), how many bottles of {bottle} ml are needed?",
        ),
    ),
    "infusion_end": Words(
        told=(
            "An infusion of {volume} ml starts at {start} and runs at {rate} ml/h.", "{volume} ml at {rate} ml per hour, from {start} on.",
            "Start {start}, volume {volume} ml, rate {rate} ml/h.", "The drip is started at {start}: {volume} ml at {rate} ml per hour.",
            "Volume {volume} ml. Rate {rate} ml/h. Started at {start}.", "From {start} on, {rate} ml run in every hour, {volume} ml in all.",
            "A nurse hangs up {volume} ml at {start}. The rate is {rate} ml/h.",
            "It is {start}. An infusion of {volume} ml begins, at {rate} ml/h.",
            "A bottle of {volume} ml runs at {rate} ml per hour; it was started at {start}.",
            "At {rate} ml/h, {volume} ml are given from {start} on.",
            "The pump is set to {rate} ml/h for {volume} ml and switched on at {start}.",
            "Every hour {rate} ml flow in. There are {volume} ml, and the start is at {start}.",
            "A patient gets {volume} ml, beginning at {start}, with {rate} ml per hour.",
        ),
        asked=(
            "At what time is it finished?", "When does it end?", "End time?", "Which time is it when all has run in?",
            "What time is it when it stops?", "Until what time does it run?", "When has everything run in?", "At what time is it over?",
            "Work out the time at which it ends.", "Tell me the time of the end.", "What is the finishing time?", "Finished when?",
            "At what clock time has the last ml gone in?", "When will it be done?",
            "Someone must come back when it is through. At what time?", "Give the clock time at which nothing is left.",
            "When must the next one be ready?",
        ),
        told_test=(
            "At {start} a pump begins to give {volume} ml, {rate} ml each hour.",
        ),
        asked_test=(
            "When is the bag empty?", "What does the clock show at its end?",
        ),
        asked_first=(
            "At what time will it be over?", "Find the end time.", "When is the infusion done?", "Somebody asks until when it runs.",
        ),
        whole=(
            "When do {volume} ml end that start at {start} and run at {rate} ml/h?",
            "If {volume} ml run at {rate} ml per hour from {start} on, at what time are they through?",
            "At what time is an infusion of {volume} ml over if it begins at {start} with {rate} ml/h?",
            "{start} + {volume} ml at {rate} ml/h: end time?", "Starting at {start} with {rate} ml each hour, when have {volume} ml gone in?",
        ),
    ),
}  # fmt: skip
WORDS: dict[str, Words] = {**TIMES_AND_UNITS, **DOSES}
