#!/usr/bin/python3
"""Writes data/instruction_cases.jsonl: responses, instructions, and whether each is followed, strictly and loosely.

    /usr/bin/python3 tests/tasks/make_instruction_cases.py [--check]

An oracle for src/tasks/instructions that shares no code with it: the definitions of IFEval (arXiv:2311.07911 and
google-research/instruction_following_eval) with Python's re, json and str, and NLTK (Debian's python3-nltk) for words and
sentences. NLTK's Punkt gets the two word lists of sentences.cpp, since its trained tables are no part of the package.
Instructions that need the language of a text are not here: instructions_test.cpp has them.

Each type has responses written for its boundaries; beside them every type meets the same few hundred texts put together at
random from pieces that mean something to some type.
"""
import argparse
import json
import pathlib
import random
import re
import sys

import nltk
from nltk.tokenize import punkt

HERE = pathlib.Path(__file__).parent
CASES = HERE / "data" / "instruction_cases.jsonl"
SOURCE = HERE.parents[1] / "src" / "tasks" / "instructions" / "sentences.cpp"


def word_list(name):
    body = re.search(name + r" =(.*?);", SOURCE.read_text(), re.DOTALL).group(1)
    return "".join(re.findall(r'"(.*?)"', body)).split()


def punkt_tokenizer():
    parameters = punkt.PunktParameters()
    parameters.abbrev_types = set(word_list("kAbbreviations"))
    for word in word_list("kSentenceStarters"):
        parameters.ortho_context[word] = punkt._ORTHO_MID_LC
    return punkt.PunktSentenceTokenizer(parameters)


PUNKT = punkt_tokenizer()
WORDS = nltk.tokenize.NLTKWordTokenizer()


def sentences(text):
    return PUNKT.tokenize(text)


def words(text):
    return [word for sentence in sentences(text) for word in WORDS.tokenize(sentence)]


def compare(count, relation, bound):
    return {"less than": count < bound, "at least": count >= bound, "exactly": count == bound}[relation]


def paragraphs_with_stars(text, num_paragraphs):
    parts = [part.strip() for part in re.split(r"\s?\*\*\*\s?", text)]
    if not all(parts[1:-1]):
        return False
    blank_ends = (not parts[0]) + (len(parts) > 1 and not parts[-1])
    return len(parts) - blank_ends == num_paragraphs


def nth_first_word(text, num_paragraphs, nth_paragraph, first_word):
    parts = [part.strip() for part in text.split("\n\n")]
    count = sum(map(bool, parts))
    if nth_paragraph > count or not parts[nth_paragraph - 1]:
        return False
    word = parts[nth_paragraph - 1].split()[0].lstrip("'").lstrip('"')
    word = re.split(r"""[.,?!'"]""", word)[0]
    return count == num_paragraphs and "".join(c.lower() for c in word) == first_word.lower()


def postscript(text, postscript_marker):
    marker = postscript_marker.strip()
    pattern = {"P.P.S": r"\s*p\.\s?p\.\s?s.*$", "P.S.": r"\s*p\.\s?s\..*$"}.get(marker, r"\s*" + marker.lower() + ".*$")
    return bool(re.findall(pattern, text.lower(), flags=re.MULTILINE))


def bullets(text, num_bullets):
    stars = re.findall(r"^\s*\*[^\*].*$", text, flags=re.MULTILINE)
    dashes = re.findall(r"^\s*-.*$", text, flags=re.MULTILINE)
    return len(stars) + len(dashes) == num_bullets


def highlights(text, num_highlights):
    single = [s for s in re.findall(r"\*[^\n\*]*\*", text) if s.strip("*").strip()]
    double = [s for s in re.findall(r"\*\*[^\n\*]*\*\*", text) if s[2:-2].strip()]
    return len(single) + len(double) >= num_highlights


def is_json(text):
    text = text.strip()
    for fence in ("```json", "```Json", "```JSON", "```"):
        text = text.removeprefix(fence)
    try:
        json.loads(text.removesuffix("```").strip())
    except ValueError:
        return False
    return True


def title(text):
    return any(found.lstrip("<").rstrip(">").strip() for found in re.findall(r"<<[^\n]+>>", text))


def two_responses(text):
    parts = [part.strip() for part in text.split("******")]
    if not all(parts[1:-1]):
        return False
    answers = [part for part in parts if part]
    return len(answers) == 2 and answers[0] != answers[1]


def in_order(text, words):
    runs = iter(re.findall(r"\w+", text.lower()))
    return all(word.lower() in runs for word in words)


def ignoring_case(pattern, text):
    return re.findall(pattern, text, flags=re.IGNORECASE)


CHECKS = {
    "keywords:existence": lambda t, keywords: all(re.search(k, t, re.IGNORECASE) for k in keywords),
    "keywords:forbidden_words": lambda t, forbidden_words: not any(
        re.search(r"\b" + word + r"\b", t, re.IGNORECASE) for word in forbidden_words),
    "keywords:frequency": lambda t, keyword, frequency, relation: compare(
        len(re.findall(keyword.strip(), t, re.IGNORECASE)), relation, frequency),
    "keywords:letter_frequency": lambda t, letter, let_frequency, let_relation: compare(
        list(t.lower()).count(letter.strip().lower()), let_relation, let_frequency),
    "keywords:order": in_order,
    "length_constraints:number_sentences": lambda t, num_sentences, relation: compare(
        len(sentences(t)), relation, num_sentences),
    "length_constraints:number_words": lambda t, num_words, relation: compare(
        len(re.findall(r"\w+", t)), relation, num_words),
    "length_constraints:number_paragraphs": paragraphs_with_stars,
    "length_constraints:nth_paragraph_first_word": nth_first_word,
    "detectable_content:number_placeholders": lambda t, num_placeholders:
        len(re.findall(r"\[.*?\]", t)) >= num_placeholders,
    "detectable_content:postscript": postscript,
    "detectable_format:number_bullet_lists": bullets,
    "detectable_format:constrained_response": lambda t: any(
        f"My answer is {word}." in t for word in ("yes", "no", "maybe")),
    "detectable_format:number_highlighted_sections": highlights,
    "detectable_format:multiple_sections": lambda t, section_spliter, num_sections: len(
        re.split(r"\s?" + section_spliter.strip() + r"\s?\d+\s?", t)) - 1 >= num_sections,
    "detectable_format:json_format": is_json,
    "detectable_format:title": title,
    "combination:two_responses": two_responses,
    "combination:repeat_prompt": lambda t, prompt_to_repeat: t.strip().lower().startswith(
        prompt_to_repeat.strip().lower()),
    "startend:end_checker": lambda t, end_phrase: t.strip().strip('"').lower().endswith(end_phrase.strip().lower()),
    "startend:quotation": lambda t: len(t.strip()) > 1 and t.strip()[0] == t.strip()[-1] == '"',
    "change_case:capital_word_frequency": lambda t, capital_frequency, capital_relation: compare(
        sum(word.isupper() for word in words(t)), capital_relation, capital_frequency),
    "punctuation:no_comma": lambda t: "," not in t,
}


def strictly(name, kwargs, text):
    return bool(text.strip()) and bool(CHECKS[name](text, **kwargs))


def loosely(name, kwargs, text):
    lines = text.split("\n")
    kept = [text] + ["\n".join(lines[cut]).strip() for cut in (slice(1, None), slice(0, -1), slice(1, -1))]
    return any(strictly(name, kwargs, variant) for one in kept for variant in (one, one.replace("*", "")))


def counted(name, kwargs, bound, values):
    """The instruction with each of the values for its bound."""
    return [(name, kwargs | {bound: value}) for value in values]


def related(name, kwargs, relation, bound, values):
    return [(name, kwargs | {relation: how, bound: value})
            for how in ("less than", "at least", "exactly") for value in values]


# (instructions, responses) per type: every instruction of an entry meets every response of it.
WRITTEN = [
    (
        [("keywords:existence", {"keywords": ["cat"]}), ("keywords:existence", {"keywords": ["cat", "dog"]}),
         ("keywords:existence", {"keywords": ["c.t"]}), ("keywords:existence", {"keywords": ["ca+t|bird$"]}),
         ("keywords:existence", {"keywords": ["straße"]}), ("keywords:existence", {"keywords": ["^dog"]})],
        ["cat", "Concatenate!", "CAT and DOG", "cut", "c\nt", "caaat", "ca t", "a bird", "a bird\n", "birds", "STRASSE",
         "straße", "STRAßE", "dog", "my dog", "x\ndog", "dogs like cats"],
    ),
    (
        [("keywords:forbidden_words", {"forbidden_words": ["can"]}),
         ("keywords:forbidden_words", {"forbidden_words": ["can", "ride"]}),
         ("keywords:forbidden_words", {"forbidden_words": ["rides?"]}),
         ("keywords:forbidden_words", {"forbidden_words": ["über"]}),
         ("keywords:forbidden_words", {"forbidden_words": ["c++"[:2]]})],
        ["I can.", "I cannot.", "CAN", "a canoe", "can-do", "can_do", "can't", "ride", "rides", "riders", "über", "überall",
         "Über uns", "c", "c+", "no words of it", "é can é", "écan"],
    ),
    (
        related("keywords:frequency", {"keyword": "war"}, "relation", "frequency", [0, 1, 2, 3])
        + related("keywords:frequency", {"keyword": " a. "}, "relation", "frequency", [1, 2]),
        ["war", "War and warm", "wardrobe of a warrior at war", "peace", "aaa", "a.b", "ab ac ad", "warwar"],
    ),
    (
        related("keywords:letter_frequency", {"letter": "q"}, "let_relation", "let_frequency", [0, 1, 2, 3])
        + related("keywords:letter_frequency", {"letter": "#"}, "let_relation", "let_frequency", [2])
        + related("keywords:letter_frequency", {"letter": "É"}, "let_relation", "let_frequency", [1]),
        ["quick", "Queen Q", "qqq", "none", "# # #", "#", "é", "ÉCOLE é", "Q*q\nq"],
    ),
    (
        [("keywords:order", {"words": ["cat", "dog", "sun"]}), ("keywords:order", {"words": ["a", "a"]})],
        ["cat dog sun", "The Cat saw a dog, and the sun.", "dog cat sun", "cat dog", "cats dog sun", "cat cat dog dog sun",
         "cat-dog-sun", "cat_dog_sun", "sun dog cat dog sun", "a", "a b a", "A\nA", "aa"],
    ),
    (
        related("length_constraints:number_sentences", {}, "relation", "num_sentences", [1, 2, 3, 4]),
        ["One.", "One. Two.", "One. Two. Three.", "no stop", "Hi! Who? Me.", "What?! Really?!", "Dr. Smith came. He left.",
         "At 5 p.m. He left.", "At 5 p.m. Tuesday it rained.", "It cost $3.50. It was cheap.", "e.g. this one. And that.",
         "J. R. R. Tolkien wrote. It sold.", "Wait... What?", "Wait... what?", "Wait... Nobody knows.", "1. One\n2. Two",
         "1. one\n2. two", 'He said "Go." Then he left.', "(Yes.) (No.)", "One.Two.Three.", "Line one\nLine two", "A. B. C.",
         "Mr.\nSmith left.", "The U.S. is big. The U.K. is not.", "Is it? (No!) Yes.", "He paid 5. Then 6.", ". . . What",
         "Hm. . . . What", "etc. And so on.", "etc. Bananas.", "etc. and so on.", "Hello.) World.", "One.\n\n\nTwo.\n",
         "Yes.— No.", "well-known.Then", "«Oui.» «Non.»", "I am. \u00a0You are.", "vs. Him.", "It is 3.14. yes", "No. 5. Next.",
         "Half-Inc. Then it.", "‘Yes.’ No.", "He left. -- She stayed.", 'Stop."--She stayed. Now.', "A.M. The end."],
    ),
    (
        related("length_constraints:number_words", {}, "relation", "num_words", [1, 2, 3, 4]),
        ["one", "one two", "one two three", "don't", "a-b c", "snake_case", "¡Hola! ¿Qué?", "3.14", "—", "x² y", "日本語 です",
         "a\u0301 b", "①②", "١٢ ٣", "_"],
    ),
    (
        counted("length_constraints:number_paragraphs", {}, "num_paragraphs", [1, 2, 3]),
        ["a", "a *** b", "a\n***\nb", "a***b***c", "***a***b", "a***b***", "***a***", "a******b", "a *** *** b", "a\n\nb",
         "a ** b", "a **** b", "***", " *** ", "*** ***", "a\n\n***\n\nb", "first\n***\nlast", "a\u3000***\u3000b"],
    ),
    (
        [("length_constraints:nth_paragraph_first_word", {"num_paragraphs": n, "nth_paragraph": i, "first_word": w})
         for n, i, w in ((1, 1, "summary"), (2, 1, "Summary"), (2, 2, "summary"), (3, 3, "summary"), (2, 2, "don't"))],
        ["Summary: a", "summary, a\n\nb", '"Summary" a\n\nb', "a\n\nSUMMARY. b", "a\n\n\n\nsummary b", "\n\na\n\nsummary b",
         "a\n\nb\n\n'\"summary\" c", "a\n\nb\n\n\"'summary' c", "a\nsummary b", "a\n\nsummaryx", "a\n\ndon't", "a\n\n summary",
         "a\n\nsum\"mary", "a\n \nsummary", "a\n\nsummary-like"],
    ),
    (
        counted("detectable_content:number_placeholders", {}, "num_placeholders", [0, 1, 2, 3]),
        ["[a]", "[a] [b]", "[a [b]", "[]", "[a\nb]", "][", "[[a]]", "[a]] [b]", "[x](y) [z]\n[w]", "none", "[[\n[a]"],
    ),
    (
        [("detectable_content:postscript", {"postscript_marker": marker}) for marker in ("P.S.", "P.P.S", "PS:", "N.B")],
        ["Bye.\nP.S. Me", "p.s. me", "P. S. me", "P.S me", "P.P.S me", "P. P. S.", "P.P. S", "p.p.s.", "P.  S.", "PS: me",
         "ps me", "N.B", "nxb", "nothing", "p.\ns. me", "STOP.S. x"],
    ),
    (
        counted("detectable_format:number_bullet_lists", {}, "num_bullets", [0, 1, 2, 3]),
        ["* a", "* a\n* b", "- a\n- b\n- c", "* a\n- b", "** a", "*a\n  * b", "a * b", "*\n- x", "* \n\n* b", "--- \n", "*", "-",
         "1. a", "* a\n** b\n* c", "\n\n\n* a", "\n \n- a\n\n\n", "* a\r\n* b", "***\n* a", "first\n* a\nlast", "- a\x0b- b"],
    ),
    (
        [("detectable_format:constrained_response", {})],
        ["My answer is yes.", "My answer is no.", "My answer is maybe.", "my answer is yes.", "My answer is yes", "Yes.",
         "Well: My answer is no. Sorry.", "*My* answer is no.", "My answer is\nno."],
    ),
    (
        counted("detectable_format:number_highlighted_sections", {}, "num_highlights", [0, 1, 2, 3]),
        ["*a*", "*a* *b*", "**a**", "**a** *b* **c**", "* a", "* *", "** **", "****", "*a\nb*", "*a* b* c*", "***a***", "**a*", "*a**",
         "* a\n* b", "**a** **b**", "** a **b** c **", "*a*b*c*", "**\n**a**"],
    ),
    (
        [("detectable_format:multiple_sections", {"section_spliter": s, "num_sections": n})
         for s in ("Section", "SECTION", " Day ", "[Pp]art") for n in (0, 1, 2, 3)],
        ["Section 1\na\nSection 2\nb", "SECTION 1 SECTION 2", "Section1Section2Section3", "Section A", "section 1", "Day 1\n\nDay 2",
         "Day\n3", "Day  4", "Part 1 part 22", "Section ١", "Section 1 2", "xSection 5x"],
    ),
    (
        [("detectable_format:json_format", {})],
        ['{"a": 1}', '```json\n{"a": [1, 2.5e-3, null, true, "x\\u00e9\\n"]}\n```', '```\n[]\n```', '```JSON[1]```', '```Json\n1```',
         '{"a": 1,}', "{'a': 1}", "[1 2]", '"text"', "12", "012", "-", "-0", "1.", "1.5e", ".5", "NaN", "-Infinity", "[Infinity]", "+1",
         '"a\nb"', '"\\x"', '"\\ud800"', '"\\u12g4"', "{}", "{1: 2}", '{"a" 1}', "[]]", 'Here: {"a": 1}', "```json\n{}", "{}\n```",
         '```\n```json\n{}```', '```json```json\n1', "1e999", "tru", "[1,\u00a02]", "\u00a0[1]\u00a0", "```", '{"a": {"b": [{}]}}',
         "\ufeff{}", "nul", "nulll", "[,]", '"', '{"a":1}{', "Intro\n{}", "Intro\n[1]\nOutro", '"\\', "1E+5", "1e+", "--1", "{"],
    ),
    (
        [("detectable_format:title", {})],
        ["<<a>>", "<< >>", "<<<>>>", "<a>", "<<a\nb>>", "<<>>", "<<a> >", "x <<a>> <<b>>", "<<<<>>>>", "<<<a>>>", "<< a", "a >> b << c",
         "<< >> a >>", "<<>> <<b>>", "<<\u3000>>", "*<<a>>*", "<<<>> >>"],
    ),
    (
        [("combination:two_responses", {})],
        ["a ****** b", "a******a", "a ****** a ", "a ******  ****** b", "******a******b", "a******b******", "a", "******", "a***b",
         "a *** *** b", "a******b******c", "a*******b", "A\n******\na", "x\na******b\ny"],
    ),
    (
        [("combination:repeat_prompt", {"prompt_to_repeat": prompt}) for prompt in ("Say hi.", "  Say hi. \n", "Straße")],
        ["Say hi. Hi!", "say HI.", "  Say hi.", "Say hi", "Hi! Say hi.", "**Say hi.** Hi", "Sure:\nSay hi. Hi", "STRASSE", "straße 1"],
    ),
    (
        [("startend:end_checker", {"end_phrase": phrase}) for phrase in ("Is that all?", " The End. ", '"Bye"')],
        ["Well. Is that all?", "is that ALL?", 'x "Is that all?"', "Is that all? Yes.", "Is that all? \n", "the end.", "The End", "Bye", '"Bye"',
         "x The End.**", "The End.\nSigned", '"The End."" "'],
    ),
    (
        [("startend:quotation", {})],
        ['"a"', '"', '""', ' "a" ', '"a', 'a"', "'a'", "“a”", '"a" "b"', '*"a"*', 'x\n"a"', '"a"\nx', '"é"'],
    ),
    (
        related("change_case:capital_word_frequency", {}, "capital_relation", "capital_frequency", [0, 1, 2, 3, 4]),
        ["NASA", "NASA and ESA", "I am A1", "DON'T", "DON'T\nGO", "don't", "CO-OP", "A,B", "A,1", "CANNOT", "CAN NOT", "U.S. NAVY",
         "IT'S", "IT'S.", "IT'S. NOW", "'TIS", "O'K", "ROCK'N'ROLL", "A/B", "A:B:C", "A--B", "A...B", "A\"B\"C", "(A)[B]{C}", "WE'RE", "We'RE",
         "ÉTÉ", "123", "A'S'", "X'x", "THE DOGS'", "'A B'", "``A''", "A*B*C", "E.G. THIS", "HTML5, CSS3", "GIMME", "GONNA GO", "WANNA",
         "WANNA GO", "SHOULDN'T'VE", "Y'ALL", "A@B", "A&B", "50% OFF", "A_B", "MORE'N", "D'YE", "LEMME", "GOTTA"],
    ),
    ([("punctuation:no_comma", {})], ["a", "a, b", ",", "a; b", "a، b", "first, line\nrest", "rest\nlast, line", "a，b"]),
]

PIECES = [
    " ", " ", " ", "\n", "\n\n", "cat", "dog", "sun", "CAT", "Dog", "Section 1", "SECTION 2", "***", "******", "*", "**", "- ", "* ", "[a]", "[",
    "]", "P.S.", "P.P.S", "<<t>>", "<<", ">>", '"', "'", "(", ")", ".", ".", ". ", "? ", "! ", "...", ",", ", ", ":", ";", "--", "Mr. ", "e.g. ",
    "p.m. ", "J. ", "U.S. ", "The ", "the ", "He ", "Bob ", "3.5", "1. ", "5", "é", "É", "日本", "don't ", "DON'T ", "IT'S ", "CANNOT ", "O'K", "A-B",
    "``", "''", "“", "”", "’", "{", "}", "```", "json", "1", "null", "Summary", "My answer is yes.", "The end.", "_", "\t", "\r", "\u00a0", "inc.", "etc. ",
]


def instructions_for_random_texts(rng):
    """One instruction of each type, its bound near what random texts have."""
    small = rng.randint(0, 4)
    relation = rng.choice(["less than", "at least", "exactly"])
    return [
        ("keywords:existence", {"keywords": rng.sample(["cat", "dog", "the", "[.]{3}", "\\d"], 2)}),
        ("keywords:forbidden_words", {"forbidden_words": rng.sample(["cat", "dog", "the", "he", "sun"], 2)}),
        ("keywords:frequency", {"keyword": rng.choice(["cat", "the", "\\W\\.", "o"]), "relation": relation, "frequency": small}),
        ("keywords:letter_frequency", {"letter": rng.choice("ote*é"), "let_relation": relation, "let_frequency": 2 * small}),
        ("keywords:order", {"words": rng.sample(["cat", "dog", "sun", "the"], 2)}),
        ("length_constraints:number_sentences", {"relation": relation, "num_sentences": small + 1}),
        ("length_constraints:number_words", {"relation": relation, "num_words": 3 * small}),
        ("length_constraints:number_paragraphs", {"num_paragraphs": small + 1}),
        ("length_constraints:nth_paragraph_first_word",
         {"num_paragraphs": 2, "nth_paragraph": rng.randint(1, 2), "first_word": rng.choice(["cat", "the", "he"])}),
        ("detectable_content:number_placeholders", {"num_placeholders": small}),
        ("detectable_content:postscript", {"postscript_marker": rng.choice(["P.S.", "P.P.S"])}),
        ("detectable_format:number_bullet_lists", {"num_bullets": small}),
        ("detectable_format:constrained_response", {}),
        ("detectable_format:number_highlighted_sections", {"num_highlights": small}),
        ("detectable_format:multiple_sections", {"section_spliter": rng.choice(["Section", "SECTION"]), "num_sections": small}),
        ("detectable_format:json_format", {}),
        ("detectable_format:title", {}),
        ("combination:two_responses", {}),
        ("combination:repeat_prompt", {"prompt_to_repeat": rng.choice(["cat", "the", "mr."])}),
        ("startend:end_checker", {"end_phrase": rng.choice(["end.", "cat", "."])}),
        ("startend:quotation", {}),
        ("change_case:capital_word_frequency", {"capital_relation": relation, "capital_frequency": small + 1}),
        ("punctuation:no_comma", {}),
    ]


def groups(num_random):
    """(instructions, responses): every instruction of a group meets every response of it."""
    for instructions, responses in WRITTEN:
        yield instructions, responses + [f"Sure!\n{response}\nBye" for response in responses]
    rng = random.Random(1)
    for _ in range(num_random):
        text = "".join(rng.choices(PIECES, k=rng.randint(1, 40)))
        yield instructions_for_random_texts(rng), [text]


def lines(num_random):
    """One line per group; a verdict is a text of 0 and 1, one for each instruction."""
    for instructions, responses in groups(num_random):
        def verdicts(verify, response):
            return "".join(str(int(verify(name, kwargs, response))) for name, kwargs in instructions)
        yield json.dumps({
            "instruction_id_list": [name for name, _ in instructions],
            "kwargs": [kwargs for _, kwargs in instructions],
            "responses": [{"response": response, "strict": verdicts(strictly, response), "loose": verdicts(loosely, response)}
                          for response in responses],
        }, separators=(",", ":")) + "\n"


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--check", action="store_true", help="write nothing; say whether the file is what this script writes")
    parser.add_argument("--random", type=int, default=40, metavar="N", help="texts put together at random")
    parser.add_argument("--output", type=pathlib.Path, default=CASES)
    arguments = parser.parse_args()
    text = "".join(lines(arguments.random))
    if arguments.check:
        sys.exit(arguments.output.read_text() != text)
    arguments.output.write_text(text)


if __name__ == "__main__":
    main()
