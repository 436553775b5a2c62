#!/usr/bin/env python3
"""Compares two results files of Allometer record by record, to the last bit.

usage: compare_results.py EXPECTED.h5 ACTUAL.h5

Compared: the cells of the job (status, number of questions) and, for every answered question, log-likelihoods, greedy
flags, token counts, generated text and every metric. Left out: timings, costs and provenance. Cells that are no longer
in the job are left out too. Exit code 0: identical; 1: different, with the first differences; 2: cannot be read.
"""

import re
import sys

import h5py
import numpy

# Per record or per request or generation of a record; metrics are added by name.
PER_RECORD = ["context_tokens", "truncated"]
PER_REQUEST = ["log_likelihood", "is_greedy", "num_tokens"]


def text(value):
    return value.decode() if isinstance(value, bytes) else str(value)


def read(path):
    """{cell name: (status, {question id: {column: exact bytes or text}})} of the only job of a file."""
    with h5py.File(path) as file:
        group = file[next(iter(file))]
        # "exact_match,strict-match" is the column exact_match_strict_match.
        names = {re.sub("[^A-Za-z0-9_]", "_", text(name)) for name in group["metric_name"][:]}
        metrics = [column for name in sorted(names) for column in (name, name + "_weight")]
        columns = {name: group[name][:] for name in PER_RECORD + PER_REQUEST + metrics + ["record_question"]}
        generated = group["generated"][:] if "generated" in group else []
        spans = {name: (group[name + "_row_start"][:], group[name + "_row_size"][:])
                 for name in ("request", "generation", "record")}
        question_ids = [text(name) for name in group["question_id"][:]]
        in_job = group["in_job"][:]
        status = group["status"][:]
        cells = {}
        for cell in range(len(in_job)):
            if not in_job[cell]:
                continue
            name = (f"{text(group['cell_variant'][cell])} {text(group['cell_task'][cell])}, "
                    f"{group['num_fewshot'][cell]} shots, seed {group['seed'][cell]}, {text(group['sampler'][cell])}")
            start, size = (int(bound[cell]) for bound in spans["record"])
            records = {}
            for record in range(start, start + size):
                values = {column: columns[column][record].tobytes() for column in PER_RECORD + metrics}
                first, count = (int(bound[record]) for bound in spans["request"])
                for column in PER_REQUEST:
                    values[column] = columns[column][first:first + count].tobytes()
                first, count = (int(bound[record]) for bound in spans["generation"])
                values["generated"] = [text(answer) for answer in generated[first:first + count]]
                question = question_ids[columns["record_question"][record]]
                if question in records:
                    raise ValueError(f"{path}: question {question} stands twice in cell {name}")
                records[question] = values
            cells[name] = (int(status[cell]), records)
        return cells


def shown(column, value):
    if isinstance(value, bytes) and len(value) % 8 == 0 and column not in ("is_greedy", "num_tokens"):
        return numpy.frombuffer(value, dtype="f8").tolist()
    return value


def differences(expected, actual):
    for name in sorted(expected.keys() | actual.keys()):
        if name not in expected or name not in actual:
            yield f"cell {name} is only in the {'second' if name in actual else 'first'} file"
            continue
        (status, records), (other_status, others) = expected[name], actual[name]
        if status != other_status:
            yield f"cell {name}: status {status} against {other_status}"
        for question in sorted(records.keys() | others.keys()):
            if question not in records or question not in others:
                yield f"cell {name}: question {question} is only in the {'second' if question in others else 'first'} file"
                continue
            for column, value in records[question].items():
                if value != others[question].get(column):
                    yield (f"cell {name}, question {question}, {column}: {shown(column, value)} against "
                           f"{shown(column, others[question].get(column))}")


def main():
    if len(sys.argv) != 3:
        print(__doc__, file=sys.stderr)
        return 2
    try:
        expected, actual = read(sys.argv[1]), read(sys.argv[2])
    except (OSError, KeyError, ValueError) as error:
        print(f"cannot compare: {error}", file=sys.stderr)
        return 2
    found = list(differences(expected, actual))
    for line in found[:20]:
        print(line)
    total = sum(len(records) for _, records in expected.values())
    print(f"{len(expected)} cells, {total} records: {len(found)} differences" if found
          else f"{len(expected)} cells, {total} records: identical")
    return 1 if found or total == 0 else 0


if __name__ == "__main__":
    sys.exit(main())
