#!/usr/bin/python3
"""Writes the task fixtures in data/ and what lm-evaluation-harness makes of them, in data/expected.json.

    /usr/bin/python3 tests/tasks/make_expected.py [--check]

An oracle for the C++ code that shares nothing with it: prompts with jinja2 and Python's random, following
lm-evaluation-harness's ConfigurableTask (fewshot_context, build_qa_turn, construct_requests, process_results) and
ContextSampler; metrics with numpy and re as its metric functions have them. With --check nothing is written, and the
exit code says whether data/ is what this script writes.
"""
import argparse
import ast
import functools
import itertools
import json
import pathlib
import random
import re
import string
import sys
import unicodedata

import jinja2
import numpy as np

DATA = pathlib.Path(__file__).parent / "data"
ENVIRONMENT = jinja2.Environment(undefined=jinja2.StrictUndefined, keep_trailing_newline=True)


@functools.lru_cache
def compiled(template):
    return ENVIRONMENT.from_string(template)


def apply_template(template, doc):
    return compiled(template).render(**doc)


class Oracle:
    """One task as lm-evaluation-harness runs it. `splits`: name -> documents."""

    def __init__(self, config, splits):
        self.config = config
        self.splits = splits
        self.test = splits[config.get("test_split") or config["validation_split"]]
        fewshot = config.get("fewshot_config", {})
        name = config.get("fewshot_split")
        if name:
            self.pool = splits[name]
        elif "samples" in fewshot:
            self.pool = fewshot["samples"]
        else:
            for key in ("training_split", "validation_split", "test_split"):
                if config.get(key):
                    self.pool = splits[config[key]]
                    break
        self.same_split = name == config.get("test_split")
        self.target_delimiter = config.get("target_delimiter", " ")
        self.fewshot_delimiter = config.get("fewshot_delimiter", "\n\n")
        self.sampler = fewshot.get("sampler", "default")
        self.features = {key for doc in self.test for key in doc}

    def filled(self, key, doc, value=None):
        value = self.config.get(key) if value is None else value
        if isinstance(value, int):
            return value
        if value in self.features:
            return doc[value]
        return apply_template(value, doc)

    def text(self, doc, override=None):
        value = self.filled("doc_to_text", doc, override)
        if isinstance(value, str) and value.isdigit() and "doc_to_choice" in self.config:
            return ast.literal_eval(value)
        return value

    def target(self, doc, override=None):
        raw = self.config["doc_to_target"] if override is None else override
        value = self.filled("doc_to_target", doc, override)
        if isinstance(raw, int) or raw in self.features:
            return value
        if value.isdigit() and "doc_to_choice" in self.config:
            return ast.literal_eval(value)
        if len(value) >= 2 and value[0] == "[" and value[-1] == "]":
            try:
                return ast.literal_eval(value)
            except (SyntaxError, ValueError):
                return value
        return value

    def choices(self, doc):
        value = self.config["doc_to_choice"]
        if isinstance(value, list):
            return [apply_template(choice, doc) for choice in value]
        if isinstance(value, dict):
            return list(value.values())
        if value in self.features:
            return doc[value]
        return ast.literal_eval(apply_template(value, doc))

    def demonstration(self, doc):
        fewshot = self.config.get("fewshot_config", {})
        question = self.text(doc, fewshot.get("doc_to_text"))
        choices = self.choices(doc) if "doc_to_choice" in self.config else None
        answer = self.target(doc, fewshot.get("doc_to_target"))
        if choices and isinstance(question, int):
            question, choices = choices[question], None
        if answer == "":
            return question
        if isinstance(answer, list):
            answer = answer[0]
        if choices and isinstance(answer, int):
            answer = choices[answer]
        delimiters = (fewshot.get("target_delimiter", self.target_delimiter),
                      fewshot.get("fewshot_delimiter", self.fewshot_delimiter))
        return question + delimiters[0] + str(answer) + delimiters[1]

    def sample(self, rng, doc, count):
        if self.sampler == "first_n":
            return [other for other in self.pool if not self.same_split or other != doc][:count]
        if not self.same_split:
            return rng.sample(self.pool, count)
        return [other for other in rng.sample(self.pool, count + 1) if other != doc][:count]

    def requests(self, num_fewshot, seed):
        """Per document a list of [context, continuation]."""
        rng = random.Random(seed)
        result = []
        for doc in self.test:
            before = apply_template(self.config.get("description", ""), doc)
            if num_fewshot > 0:
                before += "".join(self.demonstration(other) for other in self.sample(rng, doc, num_fewshot))
            result.append(self.document_requests(doc, before))
        return result

    def document_requests(self, doc, before):
        output_type = self.config.get("output_type", "generate_until")
        if output_type == "loglikelihood_rolling":
            return [["", self.target(doc)]]
        question = self.text(doc)
        if output_type == "loglikelihood":
            return [[before + question, self.target(doc)]]
        if output_type == "generate_until":
            return [[before + question, ""]]
        choices = self.choices(doc)
        if isinstance(question, int):
            pairs = [[before + choice, f"{self.target_delimiter}{self.target(doc)}"] for choice in choices]
        else:
            pairs = [[before + question, f"{self.target_delimiter}{choice}"] for choice in choices]
        if any(metric["metric"] == "acc_mutual_info" for metric in self.config.get("metric_list", [])):
            pairs += [["", f"{self.target_delimiter}{choice}"] for choice in choices]
        return pairs

    def gold(self, doc):
        choices = self.choices(doc)
        question = self.text(doc)
        gold = question if isinstance(question, int) else self.target(doc)
        if isinstance(gold, str):
            gold = choices.index(gold)
        return gold if isinstance(gold, list) else [gold]

    def choice_metrics(self, doc, responses):
        choices = self.choices(doc)
        lls = np.array([log_likelihood for log_likelihood, _ in responses])
        is_greedy = [greedy for _, greedy in responses]
        unconditional = lls[len(choices):]
        lls = lls[:len(choices)]
        gold = self.gold(doc)
        chars = np.array([float(len(choice)) for choice in choices])
        sizes = np.array([float(len(choice.encode())) for choice in choices])
        values = {
            "acc": float(np.argmax(lls) in gold),
            "acc_norm": float(np.argmax(lls / chars) in gold),
            "acc_bytes": float(np.argmax(lls / sizes) in gold),
            "exact_match": float(any(is_greedy[index] for index in gold)),
            "nll": -float(lls[gold[0]]),
        }
        if len(unconditional):
            values["acc_mutual_info"] = float(np.argmax(lls - unconditional) in gold)
        return values


# ---- fixtures ----------------------------------------------------------------------------------------------------

WORDS = ["apple", "Stuhl", "naïve", "東京", "river", "it's", 'a "quoted" one', "back\\slash", "two words", "ß", "🙂 smile",
         "line\nbreak"]


def science(rng, count, start=0):
    """ARC's rows; labels are letters or digits."""
    docs = []
    for number in range(start, start + count):
        size = 4 if number % 5 else 3
        labels = list("ABCD" if number % 3 else "1234")[:size]
        choices = {"text": rng.sample(WORDS, size), "label": labels}
        gold = rng.randrange(size)
        docs.append({"id": f"Q{number}", "question": f"Which {WORDS[number % len(WORDS)]}, number {number}?",
                     "choices": choices, "gold": gold, "answer": choices["text"][gold]})
    return docs


def coreference(rng, count):
    """Winogrande's rows after its transform: the choices are contexts."""
    docs = []
    for number in range(count):
        docs.append({"id": number, "contexts": [f"{name} thanked {number} because" for name in ("Ann", "Bodo")],
                     "answer": rng.randrange(2), "rest": f"of the {WORDS[number % len(WORDS)]}."})
    return docs


def trivia(rng, count):
    docs = []
    for number in range(count):
        aliases = rng.sample(WORDS, 1 + number % 3)
        docs.append({"id": number, "question": f"What is {number}?", "aliases": aliases, "answer": str(number),
                     "topic": WORDS[number % 4]})
    return docs


def fixtures():
    """name -> (config, splits, [(num_fewshot, seed), ...])"""
    rng = random.Random(7)
    many = [(0, 1234), (1, 1234), (6, 1234), (3, 2**40 + 5)]
    metrics = [{"metric": name} for name in ("acc", "acc_norm", "acc_bytes", "acc_mutual_info", "exact_match", "nll")]
    common = {"output_type": "multiple_choice", "doc_to_text": "Question: {{question}}\nAnswer:"}
    return {
        # The pool is the test set; more documents than the 21 + 4^3 up to which Python samples from a list.
        "same_split": ({**common, "doc_to_choice": "{{choices.text}}", "doc_to_target": "{{gold}}", "test_split": "test",
                        "fewshot_split": "test", "metric_list": metrics},
                       {"test": science(rng, 88)}, many),
        # HellaSwag's form: neither test nor few-shot split is named, which counts as the same split.
        "no_test_split": ({**common, "doc_to_choice": "{{choices['text']}}", "doc_to_target": "answer",
                           "training_split": "train", "validation_split": "validation",
                           "metric_list": metrics[:3]},
                          {"train": science(rng, 20, 100), "validation": science(rng, 12)}, many),
        "own_split": ({**common, "doc_to_choice": "{{choices.text}}", "doc_to_target": "gold", "test_split": "test",
                       "fewshot_split": "train", "target_delimiter": " = ", "fewshot_delimiter": "\n---\n",
                       "description": "About {{question}}\n\n", "metric_list": metrics},
                      {"train": science(rng, 33, 100), "test": science(rng, 15)}, many),
        "contexts": ({"output_type": "multiple_choice", "doc_to_text": "{{answer}}", "doc_to_choice": "contexts",
                      "doc_to_target": "{{rest}}", "test_split": "test", "fewshot_split": "test",
                      "metric_list": metrics},
                     {"test": coreference(rng, 25)}, [(0, 1234), (2, 1234), (5, 9)]),
        "generation": ({"output_type": "generate_until", "doc_to_text": "Q: {{question}} ({{topic}})\nA:",
                        "doc_to_target": "{{aliases}}", "test_split": "test", "fewshot_split": "train",
                        "fewshot_config": {"sampler": "first_n"},
                        "generation_kwargs": {"until": ["\n", "Q:"], "max_gen_toks": 7, "do_sample": False}},
                       {"train": trivia(rng, 8), "test": trivia(rng, 10)}, [(0, 0), (3, 0)]),
        "loglikelihood": ({"output_type": "loglikelihood", "doc_to_text": "{{question}}", "doc_to_target": " {{answer}}",
                           "validation_split": "validation", "fewshot_split": "train"},
                          {"train": trivia(rng, 9), "validation": trivia(rng, 10)}, [(0, 1234), (4, 1234)]),
        "samples": ({**common, "doc_to_choice": ["no", "yes", "maybe {{topic}}"], "doc_to_target": 1,
                     "test_split": "test",
                     "fewshot_config": {"samples": trivia(rng, 4), "doc_to_text": "Again: {{question}}",
                                        "target_delimiter": ": ", "fewshot_delimiter": "\n"}},
                    {"test": trivia(rng, 7)}, [(0, 1234), (2, 1234), (4, 1234)]),
        "rolling": ({"output_type": "loglikelihood_rolling", "doc_to_target": "{{question}} {{answer}}",
                     "test_split": "test"}, {"test": trivia(rng, 3)}, [(0, 1234)]),
    }


def by_context(pairs):
    """[[context, [continuation, ...]], ...] for pairs whose equal contexts stand together."""
    return [[context, [pair[1] for pair in group]] for context, group in
            itertools.groupby(pairs, key=lambda pair: pair[0])]


def responses_for(count, rng):
    """Made-up answers: log-likelihoods with ties among them, and greedy flags."""
    return [[rng.choice([-1.5, -2.0, -3.25, -7.0, -7.5, -20.0]), rng.random() < 0.4] for _ in range(count)]


def text_cases():
    texts = ["", " ", "one", "one two", " lead", "trail ", "a  b\t\nc", "no\u00a0break", "ideo\u3000graphic", "file\x1cseparator",
             "next\u0085line", "zero\u200bwidth", "thin\u2009space", "line\u2028sep", "東京 タワー", "vt\x0bff\x0c"]
    return [[text, len(re.split(r"\s+", text)), len(text), len(text.encode())] for text in texts]


def exact_match(prediction, reference, regexes_to_ignore=None, ignore_case=False, ignore_punctuation=False,
                ignore_numbers=False):
    prediction, reference = np.array([prediction]), np.array([reference])
    for regex in regexes_to_ignore or []:
        prediction = np.array([re.sub(regex, "", text) for text in prediction])
        reference = np.array([re.sub(regex, "", text) for text in reference])
    if ignore_case:
        prediction, reference = np.char.lower(prediction), np.char.lower(reference)
    for wanted, characters in ((ignore_punctuation, string.punctuation), (ignore_numbers, string.digits)):
        if wanted:
            table = str.maketrans("", "", characters)
            prediction, reference = np.char.translate(prediction, table), np.char.translate(reference, table)
    return float(np.mean(prediction == reference))


def exact_match_cases():
    pairs = [("Paris", "Paris"), ("paris", "Paris"), ("Paris.", "Paris"), (" Paris", "Paris"), ("Paris 7", "Paris "),
             ("The answer is #### 1,234", "1234"), ("ΟΔΟΣ", "οδος"), ("ÄÖÜ", "äöü"), ("$5.", "5"), ("naïve", "naive"),
             ("multi\nline #### 3", "3"), ("a-b", "ab"), ("«a»", "a"), ("１２", ""), ("12", "")]
    options = [{}, {"ignore_case": True}, {"ignore_punctuation": True}, {"ignore_numbers": True},
               {"ignore_case": True, "ignore_punctuation": True, "ignore_numbers": True},
               {"regexes_to_ignore": [",", r"\$", "(?s).*#### ", r"\.$"]},
               {"regexes_to_ignore": [r"^\s+", r"\s+$"]}, {"regexes_to_ignore": [r"\d+", r"\W"], "ignore_case": True}]
    return [{"prediction": prediction, "reference": reference, "options": option,
             "value": exact_match(prediction, reference, **option)}
            for prediction, reference in pairs for option in options]


# ---- lm_eval/filters -----------------------------------------------------------------------------------------------

FALLBACK = "[invalid]"


def selected(pattern, text, group_select):
    """The match that RegexFilter takes, or None. The harness fails on an index out of range; None here."""
    found = re.compile(pattern).findall(text)
    if not -len(found) <= group_select < len(found):
        return None
    match = found[group_select]
    if isinstance(match, tuple):
        match = next((group for group in match if group), None)
    return None if match is None else match.strip()


def multi_choice(step, text, choices):
    def plain(text):
        for pattern in step.get("regexes_to_ignore", []):
            text = re.sub(pattern, "", text)
        if step.get("ignore_case"):
            text = text.lower()
        if step.get("ignore_punctuation"):
            text = "".join(c for c in text if not unicodedata.category(c).startswith("P"))
        return text

    select = step.get("group_select", 0)
    match = selected(step.get("regex_pattern", r"#### (\-?[0-9\.\,]+)"), text, select)
    if match:
        return match
    letters = [chr(ord("A") + i) for i in range(len(choices))]
    shown = [plain(choice.strip()) for choice in choices]
    match = selected("|".join(map(re.escape, shown)), plain(text), select)
    if match:
        return {choice: f"({letter})" for choice, letter in zip(shown, letters)}.get(match, match)
    match = selected(rf":[\s]*({'|'.join(letters)})", text, select)
    return f"({match})" if match else step.get("fallback", FALLBACK)


def filtered(steps, text, choices):
    for step in steps:
        match step["function"]:
            case "regex":
                found = selected(step.get("regex_pattern", r"#### (\-?[0-9\.\,]+)"), text, step.get("group_select", 0))
                text = step.get("fallback", FALLBACK) if found is None else found
            case "multi_choice_regex":
                text = multi_choice(step, text, choices)
            case "remove_whitespace":
                text = text[1:] if text.startswith(" ") else text
            case "lowercase":
                text = text.lower()
            case "uppercase":
                text = text.upper()
            case "map":
                text = step.get("mapping_dict", {}).get(text, step.get("default_value", FALLBACK))
    return text


FILTERS = [
    [{"function": "take_first"}],
    [{"function": "regex"}, {"function": "take_first"}],
    [{"function": "regex", "regex_pattern": r"#### (\-?[0-9\.\,]+)", "fallback": "none  "}],
    [{"function": "regex", "regex_pattern": r"(-?[$0-9.,]{2,})|(-?[0-9]+)", "group_select": -1}, {"function": "take_first"}],
    [{"function": "regex", "regex_pattern": r"(-?[$0-9.,]{2,})|(-?[0-9]+)", "group_select": 1}],
    [{"function": "regex", "regex_pattern": r"(a)|(b)|(?=c)()()", "group_select": -2}],
    [{"function": "regex", "regex_pattern": r"(?<=the answer is )(.*)(?=.)"}, {"function": "take_first"}],
    [{"function": "regex", "regex_pattern": r"\w*", "group_select": -1}],
    [{"function": "regex", "regex_pattern": r"(?s)answer.*?(\s+\S+\s*)"}, {"function": "uppercase"}],
    [{"function": "remove_whitespace"}, {"function": "lowercase"}, {"function": "take_first"}],
    [{"function": "lowercase"}, {"function": "regex", "regex_pattern": r"\b(yes|no)\b"},
     {"function": "map", "mapping_dict": {"yes": "Yes", "no": "No"}}],
    [{"function": "uppercase"}, {"function": "map", "mapping_dict": {"YES": "1"}, "default_value": "0"}],
    [{"function": "multi_choice_regex", "regex_pattern": r"(\([A-Z]\))"}, {"function": "take_first"}],
    [{"function": "multi_choice_regex", "regex_pattern": r"(\([A-Z]\))", "ignore_case": True, "ignore_punctuation": True,
      "group_select": -1}],
    [{"function": "multi_choice_regex", "regexes_to_ignore": [r"[\r\n]", r"\bthe\b"], "ignore_case": True,
      "fallback": "?"}],
]

ANSWERS = ["", " ", "#### 18", "so 3 + 4 = 7.\n#### 1,234.", "It costs $5.50 or 7", "#### -12 and #### 40", "...", "c b a", "cc",
           "the answer is (B).", "So the answer is No.", "the answer is ", " yes", "Yes, no", "YES", "no\u0660 not", "naïve ΟΔΟΣ ß",
           "the red house", "The RED-house!", "answer: B", "Answer:\n  D", "(C) or (A)", "«red house»", "answer\u00a0 x\ty",
           "a+b (c)", "two\nlines\n", "\u2028sep", "١٢ and 34"]

CHOICES = [["red house", "blue", "a+b (c)"], ["x", "blue!", "house", "the red"], ["...", "yes", "yes"]]


def filter_cases():
    return [{"steps": steps, "choices": choices, "text": text, "answer": filtered(steps, text, choices)}
            for steps in FILTERS for text in ANSWERS
            for choices in (CHOICES if steps[0]["function"] == "multi_choice_regex" else CHOICES[:1])]


def regex_cases():
    patterns = [r"a", r"\d+", r"\w*", r"x*", r"(a)|(b)", r"(?P<n>\w)(?P=n)", r"^\s+|\s+$", r".", r"(?s).+", r"(?m)^.", r"$", r"\b",
                r"(?i)YES", r"[^\W\d]+", r"(?<!\w)no", r"a{2,}?", "ü|東", r"\.\d*", r"(?=(\w\w))", r"\n\Z"]
    texts = ["", "aab", "baaa 12 aa", "  lead\nand trail \n", "yes YES Yes", "naïve ü 東京", "no, not no", "1.5 ١٢.", "xx", "\n\n"]
    cases = []
    for pattern in patterns:
        for text in texts:
            found = re.compile(pattern).findall(text)
            cases.append({"pattern": pattern, "text": text, "removed": re.sub(pattern, "", text),
                          "found": [list(match) if isinstance(match, tuple) else [match] for match in found]})
    return cases


def build():
    """path -> text of every file."""
    files = {}
    expected = {"prompts": [], "choices": [], "texts": text_cases(), "exact_match": exact_match_cases(),
                "filters": filter_cases(), "regexes": regex_cases()}
    rng = random.Random(11)
    for name, (config, splits, settings) in fixtures().items():
        for split, docs in splits.items():
            files[f"{name}/{split}.jsonl"] = "".join(json.dumps(doc, ensure_ascii=False) + "\n" for doc in docs)
        written = {"task": name, "dataset_path": name, **config}
        written["fewshot_config"] = {"sampler": "default", **config.get("fewshot_config", {})}
        # JSON is YAML, too.
        files[f"{name}.yaml"] = json.dumps(written, ensure_ascii=False, indent=1) + "\n"
        oracle = Oracle(config, splits)
        for num_fewshot, seed in settings:
            expected["prompts"].append({"task": name, "num_fewshot": num_fewshot, "seed": seed,
                                        "requests": [by_context(pairs) for pairs in
                                                     oracle.requests(num_fewshot, seed)]})
        if config["output_type"] == "multiple_choice":
            for question, doc in enumerate(oracle.test):
                responses = responses_for(len(oracle.document_requests(doc, "")), rng)
                expected["choices"].append({"task": name, "question": question, "responses": responses,
                                            "values": oracle.choice_metrics(doc, responses)})
    files["expected.json"] = json.dumps(expected, ensure_ascii=False, indent=0) + "\n"
    return files


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true", help="compare with data/ instead of writing")
    arguments = parser.parse_args()
    stale = []
    for name, text in build().items():
        path = DATA / name
        if arguments.check:
            if not path.exists() or path.read_text(encoding="utf-8") != text:
                stale.append(name)
            continue
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    if stale:
        sys.exit("out of date: " + ", ".join(stale))


if __name__ == "__main__":
    main()
