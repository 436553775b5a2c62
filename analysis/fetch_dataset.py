#!/usr/bin/env python3
"""Writes a split of a Hugging Face data set as JSON Lines, pinned by revision and digest.

Run it where there is internet (a login node); compute nodes then need only the file:

    python3 analysis/fetch_dataset.py Rowan/hellaswag --split validation --recipe hellaswag -o data/hellaswag.jsonl

Beside FILE.jsonl it writes FILE.jsonl.provenance.json: where the rows come from, the revision of the data set (a commit
of its repository), the number of rows and the SHA-256 of the file. To get the very same file elsewhere or later, give
both; anything else is refused, and nothing is written:

    python3 analysis/fetch_dataset.py Rowan/hellaswag --split validation --recipe hellaswag \\
        --revision COMMIT --sha256 DIGEST -o data/hellaswag.jsonl

Every row gets an `id` ("validation-17") unless the data set has one. A recipe adds plain fields that task files can
name, as the tasks of lm-evaluation-harness compute them:

    hellaswag   query, choices, gold    from activity_label, ctx_a, ctx_b, endings, label
    arc         query, gold             from question, choices.label, answerKey (doc_to_choice: "{{choices.text}}")
    piqa        query, choices, gold    from goal, sol1, sol2, label

Needs Python 3.8 and its standard library only. For data sets behind a login set HF_TOKEN.
"""
import argparse
import hashlib
import json
import os
import pathlib
import re
import sys
import tempfile
import time
import urllib.error
import urllib.parse
import urllib.request

ROWS_PER_REQUEST = 100  # the most that the rows API gives
ATTEMPTS = 6


class FetchError(Exception):
    """What the user can mend; printed without a traceback."""


def get(url, wait):
    """JSON and headers of a URL. Busy servers are asked again, after `wait` seconds and then twice as long each time."""
    request = urllib.request.Request(url, headers={"User-Agent": "allometer fetch_dataset"})
    if os.environ.get("HF_TOKEN"):
        request.add_header("Authorization", "Bearer " + os.environ["HF_TOKEN"])
    for attempt in range(ATTEMPTS):
        try:
            with urllib.request.urlopen(request, timeout=60) as response:
                return json.load(response), response.headers
        except urllib.error.HTTPError as error:
            reason = error.read().decode("utf-8", "replace")[:300]
            if error.code not in (429, 500, 502, 503, 504) or attempt + 1 == ATTEMPTS:
                raise FetchError(f"{url}: HTTP {error.code}: {reason}") from None
        except (urllib.error.URLError, TimeoutError, ConnectionError) as error:
            if attempt + 1 == ATTEMPTS:
                raise FetchError(f"{url}: {error}; is there internet on this node?") from None
        except ValueError:
            raise FetchError(f"{url}: the answer is not JSON") from None
        time.sleep(wait * 2**attempt)
    raise AssertionError("not reached")


def query(base, path, **parameters):
    return f"{base.rstrip('/')}/{path}?{urllib.parse.urlencode(parameters)}"


def resolve_revision(arguments):
    """The commit that a branch, tag or commit means."""
    name = urllib.parse.quote(arguments.revision, safe="")
    answer, _ = get(f"{arguments.hub.rstrip('/')}/api/datasets/{arguments.repository}/revision/{name}", arguments.wait)
    if not answer.get("sha"):
        raise FetchError(f"{arguments.repository} has no revision '{arguments.revision}'")
    return answer["sha"]


def choose_config(arguments):
    """--config, or the only one that has the split."""
    answer, _ = get(query(arguments.endpoint, "splits", dataset=arguments.repository), arguments.wait)
    known = [(entry["config"], entry["split"]) for entry in answer["splits"]]
    fitting = [config for config, split in known
               if split == arguments.split and arguments.config in (None, config)]
    if len(fitting) != 1:
        problem = "more than one configuration has" if fitting else "no such configuration has"
        listed = ", ".join(f"--config {config} --split {split}" for config, split in known)
        raise FetchError(f"{arguments.repository}: {problem} the split '{arguments.split}'; there are: {listed}")
    return fitting[0]


def fetch_rows(arguments, config, revision):
    """All rows of the split, and whether the server said that they are of `revision`."""
    rows = []
    verified = True
    while True:
        url = query(arguments.endpoint, "rows", dataset=arguments.repository, config=config, split=arguments.split,
                    offset=len(rows), length=ROWS_PER_REQUEST)
        answer, headers = get(url, arguments.wait)
        served = headers.get("X-Revision")
        verified = verified and served is not None
        if served not in (None, revision):
            raise FetchError(f"the server holds revision {served} of {arguments.repository}, not {revision}: rows of "
                             "other revisions cannot be had from it; leave --revision out for the one it has")
        if answer.get("partial"):
            raise FetchError(f"the server holds only a part of {arguments.repository}; download its files instead")
        for entry in answer["rows"]:
            if entry.get("truncated_cells"):
                raise FetchError(f"row {entry['row_idx']}: the server cut {entry['truncated_cells']} short")
            if entry["row_idx"] != len(rows):
                raise FetchError(f"{url}: expected row {len(rows)}, got row {entry['row_idx']}")
            rows.append(entry["row"])
        total = answer["num_rows_total"]
        print(f"\r{len(rows)} of {total} rows", end="", file=sys.stderr)
        if len(rows) >= total:
            print(file=sys.stderr)
            return rows, verified
        if not answer["rows"]:
            raise FetchError(f"{url}: no rows, though {total} are announced")


# ---- recipes: each returns the fields to add ----------------------------------------------------------------------

def clean_wikihow(text):
    """WikiHow's marks, taken out as lm_eval/tasks/hellaswag/utils.py does."""
    text = text.strip().replace(" [title]", ". ")
    return re.sub("\\[.*?\\]", "", text).replace("  ", " ")


def hellaswag(row):
    context = row["ctx_a"] + " " + row["ctx_b"].capitalize()
    return {"query": clean_wikihow(row["activity_label"] + ": " + context),
            "choices": [clean_wikihow(ending) for ending in row["endings"]],
            "gold": int(row["label"])}


def arc(row):
    return {"query": f"Question: {row['question']}\nAnswer:",
            "gold": row["choices"]["label"].index(row["answerKey"])}


def piqa(row):
    return {"query": f"Question: {row['goal']}\nAnswer:", "choices": [row["sol1"], row["sol2"]],
            "gold": int(row["label"])}


RECIPES = {"hellaswag": hellaswag, "arc": arc, "piqa": piqa}


def prepare(rows, arguments):
    """Rows with an id and the recipe's fields."""
    prepared = []
    for number, row in enumerate(rows):
        row = dict(row)
        row.setdefault("id", f"{arguments.split}-{number}")
        if arguments.recipe:
            try:
                row.update(RECIPES[arguments.recipe](row))
            except (KeyError, ValueError, TypeError, AttributeError) as error:
                raise FetchError(f"row {number}: the recipe {arguments.recipe} does not fit this data set: {error!r}; "
                                 f"the row has {', '.join(row)}") from None
        prepared.append(row)
    return prepared


def write_whole(path, data):
    """The file is there with all of `data`, or it is as it was."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=path.name + ".")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
        os.chmod(temporary, 0o644)
        os.replace(temporary, path)
    except BaseException:
        os.unlink(temporary)
        raise


def fetch(arguments):
    revision = resolve_revision(arguments)
    config = choose_config(arguments)
    rows, verified = fetch_rows(arguments, config, revision)
    prepared = prepare(rows, arguments)
    data = "".join(json.dumps(row, ensure_ascii=False, sort_keys=True) + "\n" for row in prepared).encode("utf-8")
    digest = hashlib.sha256(data).hexdigest()
    if arguments.sha256 and digest != arguments.sha256.lower():
        raise FetchError(f"the rows have SHA-256 {digest}, not {arguments.sha256}: the data or the recipe have changed; "
                         "nothing was written")
    provenance = {
        "url": query(arguments.endpoint, "rows", dataset=arguments.repository, config=config, split=arguments.split),
        "repository": arguments.repository, "config": config, "split": arguments.split, "revision": revision,
        "revision_confirmed_by_server": verified, "recipe": arguments.recipe, "rows": len(prepared), "sha256": digest,
        "fetched": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
    }
    write_whole(arguments.output, data)
    write_whole(arguments.output.with_name(arguments.output.name + ".provenance.json"),
                (json.dumps(provenance, indent=2) + "\n").encode())
    if not verified:
        print("note: the server did not say which revision its rows are of; pin the file by --sha256", file=sys.stderr)
    print(f"{arguments.output}: {len(prepared)} rows\n  --revision {revision}\n  --sha256 {digest}")


def parse_arguments(argv):
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("repository", help="the data set on the hub, as OWNER/NAME")
    parser.add_argument("-o", "--output", type=pathlib.Path, required=True, help="the file to write, FILE.jsonl")
    parser.add_argument("--config", help="configuration (subset); may be left out where only one has the split")
    parser.add_argument("--split", default="test", help="split (default: test)")
    parser.add_argument("--revision", default="main", help="branch, tag or commit of the data set (default: main)")
    parser.add_argument("--sha256", help="refuse the rows unless the file has this digest")
    parser.add_argument("--recipe", choices=sorted(RECIPES), help="fields to add, see above")
    parser.add_argument("--endpoint", default="https://datasets-server.huggingface.co", help="server of the rows API")
    parser.add_argument("--hub", default="https://huggingface.co", help="server of the hub API")
    parser.add_argument("--wait", type=float, default=2, help="seconds before a busy server is asked again")
    arguments = parser.parse_args(argv)
    if arguments.output.suffix != ".jsonl":
        parser.error("--output must be named *.jsonl")
    return arguments


def main(argv=None):
    try:
        fetch(parse_arguments(argv))
    except FetchError as error:
        sys.exit(f"fetch_dataset: {error}")


if __name__ == "__main__":
    main()
