#!/usr/bin/env python3
"""Writes story_text.jsonl beside this script: short stories of our own for trying Allometer without any data.

    python3 jobs/random/make_story_text.py

The same 96 stories every time: each is put together from parts chosen by its number, so no random numbers are used.
"""
import json
import pathlib

HEROES = [
    ("Mia", "she", "her", "a small girl"), ("Oskar", "he", "his", "an old fisherman"),
    ("Nila", "she", "her", "a young baker"), ("Tariq", "he", "his", "a quiet boy"),
    ("Berta", "she", "her", "a brown hen"), ("Juno", "she", "her", "a grey cat"),
    ("Piet", "he", "his", "a tall miller"), ("Sol", "he", "his", "a little donkey"),
]
PLACES = ["by the river", "on a green hill", "near the harbour", "at the edge of the forest", "in a narrow street",
          "beside the old bridge"]
THINGS = ["a blue kite", "a copper bell", "a basket of pears", "a wooden boat", "a red scarf", "a round mirror",
          "a lost key", "a paper lantern", "a jar of honey", "a silver whistle", "a broken clock", "a map of the valley"]
TROUBLES = ["the wind took it away", "it fell into the water", "nobody could lift it", "a dog ran off with it",
            "the rain made it heavy", "a branch held it high up"]
HELPERS = ["a kind neighbour", "two sparrows", "the postman", "a clever goat", "a sleepy owl", "three children",
           "the ferryman"]
DEEDS = ["brought a long ladder", "tied a rope to it", "sang until it came back", "pulled with all their strength",
         "waited for the sun"]
QUESTIONS = ["Can you help me?", "What shall we do now?", "Do you think it is lost?", "Who will come with me?"]
ENDINGS = [
    "They ate warm bread and laughed until the stars came out.",
    "From then on {name} shared {thing} with everyone in the village.",
    "That night {name} slept deeply and dreamed of the sea.",
    "{name} gave {helper} a small gift and walked home.",
    "Nobody forgot that day, and they told it every winter.",
    "The next morning {name} set out again with a light heart.",
    "In the evening they all sat together and watched the moon.",
    "{name} learned that a friend is worth more than {thing}.",
]


def bare(thing):
    return thing.split(" ", 1)[1]


def story(number):
    name, subject, possessive, kind = HEROES[number % 8]
    place = PLACES[(number // 8 + number) % 6]
    thing = THINGS[(5 * number + number // 12) % 12]
    helper = HELPERS[(3 * number + number // 7) % 7]
    the_thing = "the " + bare(thing)
    sentences = [
        f"{name} was {kind} who lived {place}.",
        f"One day {subject} found {thing} and took it home.",
        f"{subject.capitalize()} was very proud of it and showed it to {possessive} friends.",
        f"But then {TROUBLES[(number // 3) % 6]}, and {name} was sad.",
        f"\"{QUESTIONS[number % 4]}\" {subject} asked {helper}.",
        f"So {helper} {DEEDS[(number // 2) % 5]}, and soon {name} had {the_thing} again.",
        ENDINGS[(number + number // 8) % 8].format(name=name, thing=the_thing, helper=helper),
    ]
    # Some stories are shorter, and some begin a new line where the trouble starts.
    if number % 3 == 0:
        del sentences[2]
    if number % 5 == 0:
        del sentences[-3]
    cut = 3 if number % 3 else 2
    joined = " ".join(sentences[:cut]) + ("\n" if number % 2 else " ") + " ".join(sentences[cut:])
    return joined


def main():
    stories = [story(number) for number in range(96)]
    assert len(set(stories)) == len(stories)
    path = pathlib.Path(__file__).parent / "story_text.jsonl"
    with open(path, "w", encoding="utf-8") as file:
        for number, text in enumerate(stories):
            file.write(json.dumps({"id": number, "text": text}) + "\n")


if __name__ == "__main__":
    main()
