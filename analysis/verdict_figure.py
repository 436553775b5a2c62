#!/usr/bin/env python3
"""Draws what size does to each ability, and to each task if asked: the slope of its rescaled score per ten-fold size.

The bar is the interval over models, the shaded band the margin within which a slope is not worth speaking of, the colour the
verdict; strongest growth first. Reads a results file of Allometer; the statistics must be in it (`allometer run`, `collect` and
`analyze` put them there).

Example:
    python3 analysis/verdict_figure.py pythia.h5 -o pythia.png
    python3 analysis/verdict_figure.py pythia.h5 --task 'arc_*' --task piqa
"""

import argparse
import fnmatch
import sys

from results_file import FAINT, INK, UserError, load_groups, picture_of, save

COLOURS = {"grows": "#1b6ca8", "flat": "#3c8d40", "shrinks": "#c1502e", "U-shaped": "#7b4ea3", "cannot tell": "#9a9a9a"}


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("results", help="results file (HDF5)")
    parser.add_argument("-o", "--output", help="picture to write: .png, .pdf or .svg (default: the results file's name with .png)")
    parser.add_argument("--task", action="append", default=[], metavar="PATTERN",
                        help="also tasks that match this pattern, as 'arc_*'; may be repeated")
    return parser.parse_args()


def choose(rows, patterns):
    """Abilities, then the tasks that are wanted; strongest growth first; without a slope there is nothing to draw."""
    wanted = [kind == "ability" or any(fnmatch.fnmatch(name, pattern) for pattern in patterns)
              for kind, name in zip(rows.kind, rows.name)]
    return rows[wanted].dropna(subset=["slope"]).sort_values(["kind", "slope"], ascending=[True, False])


def label_of(row, shots_differ):
    if row.kind == "ability" or not shots_differ:
        return row["name"]
    return f"{row['name']}, {int(row.num_fewshot)} shots"


def draw_row(axes, height, row):
    colour = COLOURS[row.verdict]
    axes.plot([row.slope_t_low, row.slope_t_high], [height, height], color=colour, linewidth=1.6, solid_capstyle="butt")
    axes.plot(row.slope, height, "o" if row.kind == "ability" else "s", color=colour, markersize=5.5)
    axes.annotate(row.verdict, (1, height), xycoords=("axes fraction", "data"), xytext=(4, 0), textcoords="offset points",
                  va="center", fontsize=8, color=colour)


def draw(rows, output):
    import matplotlib.pyplot as plt

    margin = rows.margin.iloc[0]
    shots_differ = rows[rows.kind == "task"].num_fewshot.nunique() > 1
    figure, axes = plt.subplots(figsize=(7, 0.3 * len(rows) + 1.3))
    axes.axvspan(-margin, margin, color="#eeeeee", zorder=0)
    axes.axvline(0, color=FAINT, linewidth=0.8)
    for height, (_, row) in enumerate(rows.iterrows()):
        draw_row(axes, height, row)
    axes.set_yticks(range(len(rows)), [label_of(row, shots_differ) for _, row in rows.iterrows()], fontsize=8, color=INK)
    axes.set_ylim(len(rows) - 0.4, -0.6)
    axes.set_xlabel(f"rescaled score per ten-fold size, with its interval over models; shaded: within ±{margin:g}",
                    fontsize=8, color=INK)
    axes.tick_params(labelsize=8, colors=INK)
    for side in ("top", "right", "left"):
        axes.spines[side].set_visible(False)
    figure.tight_layout()
    save(figure, output)


def main():
    arguments = parse_arguments()
    rows = load_groups(arguments.results, "analysis_verdict")[0].to_dataframe()
    chosen = choose(rows, arguments.task)
    if chosen.empty:
        raise UserError(f"{arguments.results}: no ability has a slope to draw; --task adds tasks, as --task '*': "
                        f"{', '.join(sorted(set(rows.name[rows.kind == 'task']))) or 'it has none'}")
    draw(chosen, picture_of(arguments.results, arguments.output))


if __name__ == "__main__":
    try:
        main()
    except UserError as error:
        sys.exit(f"verdict_figure.py: {error}")
