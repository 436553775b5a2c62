"""Holds the template engine against Debian's jinja2, character by character; where one refuses the other must too.

RENDER_DRIVER names the program that renders; ALLOMETER_SHARED_DATA, if it is set, the folder with templates of published
models (chat_templates/*.jinja).
"""

import json
import os
import pathlib
import subprocess
import tempfile
import unittest

import conversations
import oracle
import snippets

HERE = pathlib.Path(__file__).parent
NUM_CONVERSATIONS = 1000
NUM_SNIPPETS = 6000
# In our messages about what jinja2 has and the engine has not, and about its budget.
OWN_LIMITS = ["not supported", "too many steps", "128 bits"]
TIME_FORMATS = [
    "", "%", "%%", "%%f", "%f", "a%", "%Y-%m-%dT%H:%M:%S.%f%z", "[%z|%Z]", "%d %B %Y", "%A %a %b %j %U %W %w %u", "%I:%M %p", "%c|%x|%X",
    "%-d/%-m", "%e %k", "%y %C", "%G-W%V", "%D %T %R", "%n%t|", "%E", "%Q", "%%%", "%5Y", "é %d 日", "%p" * 300]


def rendered(settings, cases, template=None):
    """The lines of the driver, one for each case."""
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder) / "cases.jsonl"
        path.write_text("".join(json.dumps(case) + "\n" for case in cases), encoding="utf-8")
        command = [os.environ["RENDER_DRIVER"], settings, str(path)] + ([str(template)] if template else [])
        output = subprocess.run(command, capture_output=True, check=False)
    if output.returncode != 0:
        raise AssertionError(f"{template}: {output.stderr.decode()}")
    return [json.loads(line) for line in output.stdout.decode().split("\n")[:-1]]


def agree(expected, actual):
    """Texts and the words of raise_exception must be equal; other errors are worded differently.

    What only we refuse is no agreement: jinja2 fails for another reason.
    """
    if "error" in expected:
        return "error" in actual and not any(words in actual["error"] for words in OWN_LIMITS)
    return expected == actual


class Differential(unittest.TestCase):
    maxDiff = None

    def compare_templates(self, paths):
        generator = conversations.Conversations(20240726)
        contexts = [generator.conversation() for _ in range(NUM_CONVERSATIONS)]
        cases = [{"context": context} for context in contexts]
        environment = oracle.chat_environment()
        for path in paths:
            template = environment.from_string(path.read_text(encoding="utf-8"))
            results = rendered("chat", cases, path)
            self.assertEqual(len(results), len(contexts), path)
            num_texts = 0
            for context, actual in zip(contexts, results):
                expected = oracle.result_of(lambda: template, context)
                num_texts += "text" in expected
                if not agree(expected, actual):
                    self.assertEqual(expected, actual, f"{path.name} with {json.dumps(context, ensure_ascii=False)}")
            # A template that refused everything would prove nothing.
            self.assertGreater(num_texts, NUM_CONVERSATIONS // 10, path.name)

    def test_own_templates(self):
        paths = sorted((HERE / "chat").glob("*.jinja"))
        self.assertGreaterEqual(len(paths), 25)
        self.compare_templates(paths)

    def test_published_templates(self):
        if not os.environ.get("ALLOMETER_SHARED_DATA"):
            self.skipTest("ALLOMETER_SHARED_DATA is not set: no templates of published models")
        paths = sorted((pathlib.Path(os.environ["ALLOMETER_SHARED_DATA"]) / "chat_templates").glob("*.jinja"))
        self.assertGreater(len(paths), 0)
        self.compare_templates(paths)

    def compare_snippets(self, settings, seed):
        generator = snippets.Snippets(seed)
        cases = [{"template": generator.template(), "context": snippets.CONTEXT} for _ in range(NUM_SNIPPETS // 2)]
        environment = oracle.ENVIRONMENTS[settings]()
        num_texts = 0
        for case, actual in zip(cases, rendered(settings, cases), strict=True):
            expected = oracle.result_of(lambda: environment.from_string(case["template"]), case["context"])
            # An address in memory is nothing that could be compared.
            if " object at 0x" in expected.get("text", "") or " at 0x" in expected.get("text", ""):
                self.assertIn("error", actual, case["template"])
                continue
            num_texts += "text" in expected
            if not agree(expected, actual):
                self.assertEqual(expected, actual, case["template"])
        self.assertGreater(num_texts, len(cases) // 4)

    def test_time_formats(self):
        environment = oracle.chat_environment()
        cases = [{"template": "{{ strftime_now(format) }}", "context": {"format": text}} for text in TIME_FORMATS]
        for case, actual in zip(cases, rendered("chat", cases), strict=True):
            expected = oracle.result_of(lambda: environment.from_string(case["template"]), case["context"])
            self.assertEqual(expected, actual, case["context"])

    def test_snippets_of_chats(self):
        self.compare_snippets("chat", 1)

    def test_snippets_of_tasks(self):
        self.compare_snippets("task", 2)


if __name__ == "__main__":
    unittest.main()
