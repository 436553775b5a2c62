#!/usr/bin/env python3
"""Draws score against model size, one panel per task and number of shots, weakest correlation first.

Each panel shows the headline metric of its task over all models; --metric chooses others, --all draws every row of the size
table, those within families too. Reads a results file of Allometer; the statistics must be in it (`allometer run`, `collect` and `analyze` put them there).

Example:
    python3 analysis/size_figure.py stories.h5 -o stories.png
    python3 analysis/size_figure.py stories.h5 --task 'story_c*' --metric acc --columns 2
"""

import argparse
import fnmatch
import sys

from results_file import FAINT, INK, UserError, load_groups, picture_of, save

COLOURS = ["#1b6ca8", "#c1502e", "#3c8d40", "#7b4ea3", "#b8860b", "#008b8b"]


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("results", help="results file (HDF5)")
    parser.add_argument("-o", "--output", help="picture to write: .png, .pdf or .svg (default: the results file's name with .png)")
    parser.add_argument("--task", default="*", help="only tasks that match this pattern, as 'story_*'")
    parser.add_argument("--metric", help="metrics that match this pattern, as 'acc*' (default: the headline of each task)")
    parser.add_argument("--all", action="store_true", help="every row of the size table")
    parser.add_argument("--columns", type=int, help="panels side by side (default: 3, or 2 for four panels)")
    arguments = parser.parse_args()
    if arguments.columns is not None and arguments.columns < 1:
        raise UserError(f"--columns is {arguments.columns}, but must be at least 1")
    return arguments


def load(path):
    """The rows of the size table, in their order, their points, and what N is."""
    rows, points, job = load_groups(path, "analysis_size", "analysis_points", "")
    rows = rows.to_dataframe()
    headline = read_headlines(job)
    rows["is_headline"] = [headline.get(t) == m for t, m in zip(rows.task, rows.metric)]
    return rows, points.to_dataframe(), points.parameters.attrs["long_name"]


def read_headlines(job):
    """{task: the metric that speaks for it: the one that its file names, else the first}"""
    names = job.metric_name.values
    return {task: headline or names[start] for task, headline, start, size
            in zip(job.task.values, job.task_headline.values, job.metric_row_start.values, job.metric_row_size.values)
            if size > 0}


def choose(rows, arguments):
    """The rows that are wanted, in their order; of one measure only the row with the most models, unless all are."""
    rows = rows[[fnmatch.fnmatch(task, arguments.task) for task in rows.task]]
    if arguments.metric is not None:
        rows = rows[[fnmatch.fnmatch(metric, arguments.metric) for metric in rows.metric]]
    if arguments.all:
        return rows
    if arguments.metric is None:
        rows = rows[rows.is_headline]
    measure = ["task", "metric", "num_fewshot", "precision", "random_weights"]
    return rows[rows.num_models == rows.groupby(measure).num_models.transform("max")]


def panel_title(row, several):
    """Task and metric, and whatever tells this panel from the others."""
    title = f"{row.task} · {row.metric}"
    details = []
    if several["num_fewshot"]:
        details.append(f"{int(row.num_fewshot)} shots")
    if several["precision"]:
        details.append(row.precision)
    if several["models"]:
        details.append(row.models)
    elif row.random_weights:
        details.append("random weights")
    return title + ("\n" + ", ".join(details) if details else "")


def panel_text(row):
    """The verdict and the correlation, in words."""
    import math

    arrow = "higher is better" if row.higher_is_better else "lower is better"
    if math.isnan(row.spearman_rho):
        return f"{row.trend} ({arrow})"
    text = f"{row.trend} ({arrow})\n$\\rho$ = {row.spearman_rho:+.2f}, r = {row.pearson_r:+.2f}"
    return text + f", p = {row.spearman_rho_p:.2g} (least {row.spearman_rho_smallest_p:.2g})"


def draw_panel(axes, row, points, several, axis_label):
    import math

    for colour, (family, members) in zip(COLOURS * len(points), points.groupby("family")):
        members = members.sort_values("parameters")
        below = (members.value - members.ci_low).clip(lower=0)
        above = (members.ci_high - members.value).clip(lower=0)
        axes.errorbar(members.parameters, members.value, yerr=[below, above], fmt="o-", color=colour, markersize=4.5,
                      linewidth=1.2, elinewidth=1.0, capsize=2.5, label=family or "no family",
                      markerfacecolor="white" if row.random_weights else colour)
    if not math.isnan(row.chance):
        axes.axhline(row.chance, color=FAINT, linestyle="--", linewidth=1)
        axes.annotate("chance", (1, row.chance), xycoords=("axes fraction", "data"), xytext=(3, 0),
                      textcoords="offset points", ha="left", va="center", fontsize=7, color=FAINT)
    axes.set_xscale("log")
    axes.margins(x=0.08, y=0.2)
    axes.set_title(panel_title(row, several), fontsize=9, color=INK, loc="left")
    axes.set_xlabel(axis_label, fontsize=7.5, color=INK, loc="left")
    axes.text(0, -0.24, panel_text(row), transform=axes.transAxes, fontsize=7.5, color=INK, va="top")
    axes.tick_params(labelsize=7.5, colors=INK)
    axes.grid(axis="y", color="#e6e6e6", linewidth=0.7)
    axes.set_axisbelow(True)
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    if points.family.nunique() > 1:
        axes.legend(fontsize=7, frameon=False)


def draw(rows, points, axis_label, columns, output):
    import matplotlib.pyplot as plt

    several = {name: rows[name].nunique() > 1 for name in ("num_fewshot", "precision", "models")}
    columns = min(columns or (2 if len(rows) == 4 else 3), len(rows))
    lines = -(-len(rows) // columns)
    figure, grid = plt.subplots(lines, columns, figsize=(3.7 * columns, 3.2 * lines + 0.4), squeeze=False)
    for axes in grid.flat[len(rows):]:
        axes.set_visible(False)
    for axes, (index, row) in zip(grid.flat, rows.iterrows()):
        draw_panel(axes, row, points[points.row_index == index], several, axis_label)
    figure.suptitle("Score against model size, weakest correlation first; bars: interval over questions",
                    fontsize=10, color=INK, x=0.01, ha="left", va="top", y=1 - 0.1 / figure.get_figheight())
    figure.tight_layout(rect=(0, 0, 1, 1 - 0.3 / figure.get_figheight()), h_pad=2.0)
    save(figure, output)


def main():
    arguments = parse_arguments()
    rows, points, axis_label = load(arguments.results)
    chosen = choose(rows, arguments)
    if chosen.empty:
        measures = ", ".join(sorted({f"{t}/{m}" for t, m in zip(rows.task, rows.metric)})) or "none"
        raise UserError(f"{arguments.results}: no measure matches task '{arguments.task}' and metric "
                        f"'{arguments.metric or '*'}'; it has: {measures}")
    draw(chosen, points, axis_label, arguments.columns, picture_of(arguments.results, arguments.output))


if __name__ == "__main__":
    try:
        main()
    except UserError as error:
        sys.exit(f"size_figure.py: {error}")
