#!/usr/bin/python3
"""analysis/fetch_dataset.py against a small server of the two APIs that it uses."""
import contextlib
import hashlib
import http.server
import importlib.util
import io
import json
import pathlib
import tempfile
import threading
import unittest
import urllib.parse

ROOT = pathlib.Path(__file__).resolve().parents[2]
SPEC = importlib.util.spec_from_file_location("fetch_dataset", ROOT / "analysis/fetch_dataset.py")
fetch_dataset = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(fetch_dataset)

COMMIT = "0123456789abcdef0123456789abcdef01234567"


def hellaswag_row(number):
    return {"ind": number, "activity_label": "Roof [header] shingle", "ctx_a": "A man is [step] up", "ctx_b": "he",
            "endings": [f"goes {number} [title] on.", "  sits.", "falls.", "sings."], "label": str(number % 4)}


ROWS = {
    ("own/hella", "default", "validation"): [hellaswag_row(number) for number in range(250)],
    ("own/arc", "Easy", "test"): [{"id": f"M{number}", "question": "Why?", "answerKey": "2",
                                   "choices": {"text": ["a", "b"], "label": ["1", "2"]}} for number in range(3)],
    ("own/arc", "Hard", "test"): [{"id": "H", "question": "How?", "answerKey": "A",
                                   "choices": {"text": ["a"], "label": ["A"]}}],
    ("own/piqa", "plain", "train"): [{"goal": "Eat", "sol1": "fork", "sol2": "naïve", "label": 1}],
}


class Server(http.server.BaseHTTPRequestHandler):
    """`faults` changes what the next answers are like."""
    faults = {}

    def log_message(self, *_):
        pass

    def answer(self, value, status=200):
        body = json.dumps(value).encode()
        self.send_response(status)
        if "no_header" not in self.faults:
            self.send_header("X-Revision", self.faults.get("revision", COMMIT))
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self):
        url = urllib.parse.urlparse(self.path)
        given = dict(urllib.parse.parse_qsl(url.query))
        if self.faults.get("busy", 0) > 0:
            self.faults["busy"] -= 1
            return self.answer({"error": "busy"}, 503)
        if url.path.startswith("/api/datasets/"):
            known = url.path.endswith("/revision/main") or url.path.endswith("/revision/" + COMMIT)
            return self.answer({"sha": COMMIT} if known else {"error": "Invalid rev id"}, 200 if known else 404)
        if url.path == "/splits":
            return self.answer({"splits": [{"dataset": name, "config": config, "split": split}
                                           for name, config, split in ROWS if name == given["dataset"]]})
        rows = ROWS[given["dataset"], given["config"], given["split"]]
        offset, length = int(given["offset"]), int(given["length"])
        entries = [{"row_idx": index, "row": row, "truncated_cells": self.faults.get("truncated", [])}
                   for index, row in list(enumerate(rows))[offset:offset + min(length, 100)]]
        return self.answer({"rows": entries, "num_rows_total": len(rows), "partial": self.faults.get("partial", False)})


class FetchDataset(unittest.TestCase):
    def setUp(self):
        Server.faults = {}
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Server)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"
        self.directory = tempfile.TemporaryDirectory()
        self.output = pathlib.Path(self.directory.name) / "new" / "set.jsonl"

    def tearDown(self):
        self.server.shutdown()
        self.server.server_close()
        self.directory.cleanup()

    def fetch(self, *arguments):
        """Rows written, or the message of the refusal."""
        with contextlib.redirect_stderr(io.StringIO()), contextlib.redirect_stdout(io.StringIO()):
            try:
                fetch_dataset.main([*arguments, "-o", str(self.output), "--endpoint", self.url, "--hub", self.url,
                                    "--wait", "0.001"])
            except SystemExit as stop:
                return str(stop)
        return [json.loads(line) for line in self.output.read_text(encoding="utf-8").splitlines()]

    def provenance(self):
        return json.loads(pathlib.Path(str(self.output) + ".provenance.json").read_text())

    def test_all_pages_with_ids_and_the_recipe(self):
        rows = self.fetch("own/hella", "--split", "validation", "--recipe", "hellaswag")
        self.assertEqual(len(rows), 250)
        self.assertEqual([row["id"] for row in rows], [f"validation-{number}" for number in range(250)])
        self.assertEqual(rows[6]["query"], "Roof shingle: A man is up He")
        self.assertEqual(rows[6]["choices"], ["goes 6.  on.".replace("  ", " "), "sits.", "falls.", "sings."])
        self.assertEqual(rows[6]["gold"], 2)
        self.assertEqual(rows[6]["label"], "2")
        provenance = self.provenance()
        self.assertEqual(provenance["revision"], COMMIT)
        self.assertEqual(provenance["rows"], 250)
        self.assertTrue(provenance["revision_confirmed_by_server"])
        self.assertEqual(provenance["sha256"], hashlib.sha256(self.output.read_bytes()).hexdigest())
        self.assertIn("dataset=own%2Fhella", provenance["url"])

    def test_a_digest_pins_the_file(self):
        self.fetch("own/piqa", "--split", "train", "--recipe", "piqa")
        digest = self.provenance()["sha256"]
        before = self.output.read_bytes()
        rows = self.fetch("own/piqa", "--split", "train", "--recipe", "piqa", "--sha256", digest, "--revision", COMMIT)
        self.assertEqual(rows[0]["choices"], ["fork", "naïve"])
        self.assertEqual(rows[0]["query"], "Question: Eat\nAnswer:")
        self.assertEqual(rows[0]["gold"], 1)
        refusal = self.fetch("own/piqa", "--split", "train", "--sha256", digest)
        self.assertIn("not " + digest, refusal)
        self.assertEqual(self.output.read_bytes(), before)

    def test_arc_keeps_its_ids_and_finds_the_gold(self):
        rows = self.fetch("own/arc", "--config", "Easy", "--recipe", "arc")
        self.assertEqual([row["id"] for row in rows], ["M0", "M1", "M2"])
        self.assertEqual(rows[0]["gold"], 1)
        self.assertEqual(rows[0]["choices"]["text"], ["a", "b"])

    def test_refusals_write_nothing(self):
        cases = [
            ({}, ["own/arc"], "more than one configuration has the split 'test'; there are: --config Easy --split test"),
            ({}, ["own/arc", "--config", "None"], "no such configuration"),
            ({}, ["own/piqa", "--split", "test"], "no such configuration"),
            ({}, ["own/piqa", "--split", "train", "--revision", "v9"], "HTTP 404"),
            ({}, ["own/piqa", "--split", "train", "--recipe", "arc"], "row 0: the recipe arc does not fit"),
            ({"revision": "f" * 40}, ["own/piqa", "--split", "train"], "holds revision ffff"),
            ({"partial": True}, ["own/piqa", "--split", "train"], "only a part"),
            ({"truncated": ["goal"]}, ["own/piqa", "--split", "train"], "cut ['goal'] short"),
            ({"busy": 1000}, ["own/piqa", "--split", "train"], "HTTP 503"),
        ]
        for faults, arguments, message in cases:
            Server.faults = dict(faults)
            self.assertIn(message, self.fetch(*arguments))
            self.assertFalse(self.output.exists())
        self.server.shutdown()
        self.server.server_close()
        self.assertIn("internet", self.fetch("own/piqa", "--split", "train"))

    def test_a_busy_server_is_asked_again(self):
        Server.faults = {"busy": 3}
        self.assertEqual(len(self.fetch("own/piqa", "--split", "train")), 1)

    def test_an_unnamed_revision_is_said(self):
        Server.faults = {"no_header": True}
        self.fetch("own/piqa", "--split", "train")
        self.assertFalse(self.provenance()["revision_confirmed_by_server"])

    def test_help_has_an_example(self):
        with contextlib.redirect_stdout(io.StringIO()) as text, self.assertRaises(SystemExit):
            fetch_dataset.main(["--help"])
        self.assertIn("Rowan/hellaswag", text.getvalue())


if __name__ == "__main__":
    unittest.main()
