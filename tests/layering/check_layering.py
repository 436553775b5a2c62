#!/usr/bin/env python3
"""Fails on an include or a CMake target that the table of layers in docs/architecture.md does not allow, on a circle of
layers, and on mpi.h, hdf5.h or dnnl.hpp outside their layer.

check_layering.py ROOT        checks the project at ROOT
check_layering.py --self-test shows that each kind of mistake is found
"""
import pathlib
import re
import sys
import tempfile
import textwrap

# Headers that one layer only may include.
OWNED_HEADERS = {
    "mpi": re.compile(r"mpi(-ext)?\.h$"),
    "io": re.compile(r"(hdf5(_hl)?|H5\w*)\.h$"),
    "ops": re.compile(r"(oneapi/)?dnnl.*\.(h|hpp)$"),
}
FORBIDDEN_NAMES = {"utils", "util", "common", "helpers", "helper", "misc"}
INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]')


def read_table(architecture):
    """{layer: layers it may include}, core with everyone, from the Markdown table headed `layer | may include directly`."""
    allowed = {"core": set()}
    inside = False
    for line in architecture.read_text().splitlines():
        cells = [cell.strip() for cell in line.strip().strip("|").split("|")]
        if len(cells) == 2 and cells[0] == "layer" and cells[1].startswith("may include directly"):
            inside = True
        elif inside and not line.startswith("|"):
            break
        elif inside and not set(cells[0]) <= set("-: "):
            for layer in cells[0].split(", "):
                allowed[layer] = set() if cells[1] == "nothing more" else set(cells[1].split(", "))
    if len(allowed) == 1:
        raise SystemExit(f"{architecture}: no table '| layer | may include directly ... |'")
    for layer, uses in allowed.items():
        if uses == {"anything"}:
            allowed[layer] = set(allowed) - {layer}
        elif layer != "core":
            uses.add("core")
    return allowed


def read_includes(root):
    """(file, line number, quote or angle, header) of every include under src."""
    for path in sorted((root / "src").rglob("*")):
        if path.suffix not in {".cpp", ".hpp", ".h", ".inc"}:
            continue
        for number, line in enumerate(path.read_text().splitlines(), 1):
            if found := INCLUDE.match(line):
                yield path, number, found[1], found[2]


def layer_of(root, path):
    return path.relative_to(root / "src").parts[0]


def check_includes(root, allowed):
    arrows = {}
    for path, number, quote, header in read_includes(root):
        place = f"{path.relative_to(root)}:{number}"
        layer = layer_of(root, path)
        if layer not in allowed:
            yield f"{place}: layer '{layer}' is not in the table"
            continue
        for owner, pattern in OWNED_HEADERS.items():
            if pattern.match(header) and layer != owner and quote == "<":
                yield f"{place}: only {owner}/ may include <{header}>"
        if quote == '"' and "/" in header:
            target = header.split("/")[0]
            if target == layer:
                continue
            if target not in allowed[layer]:
                yield f"{place}: {layer} must not include {target} (\"{header}\")"
            arrows.setdefault(layer, set()).add(target)
    yield from check_circle(arrows, "includes")


def check_cmake(root, allowed):
    text = re.sub(r"#.*", "", (root / "CMakeLists.txt").read_text())
    arrows = {}
    for name, arguments in re.findall(r"allometer_layer\(\s*(\w+)([^)]*)\)", text):
        words = arguments.split()
        uses = []
        if "USES" in words:
            for word in words[words.index("USES") + 1:]:
                if word in {"PUBLIC", "PRIVATE"}:
                    break
                uses.append(word)
        arrows[name] = set(uses)
        if name not in allowed:
            yield f"CMakeLists.txt: layer '{name}' is not in the table"
            continue
        for target in uses:
            if target not in allowed[name]:
                yield f"CMakeLists.txt: {name} must not use {target}"
    if not arrows:
        yield "CMakeLists.txt: no allometer_layer(...) found"
    for path, number, quote, header in read_includes(root):
        layer, target = layer_of(root, path), header.split("/")[0]
        if quote == '"' and "/" in header and target != layer and target not in arrows.get(layer, set()):
            yield f"{path.relative_to(root)}:{number}: includes {target}, which CMakeLists.txt does not give to {layer}"
    yield from check_circle(arrows, "CMake targets")


def check_circle(arrows, what):
    done, path = set(), []

    def visit(layer):
        if layer in path:
            return path[path.index(layer):] + [layer]
        if layer in done:
            return None
        path.append(layer)
        for target in sorted(arrows.get(layer, ())):
            if circle := visit(target):
                return circle
        path.pop()
        done.add(layer)
        return None

    for layer in sorted(arrows):
        if circle := visit(layer):
            yield f"circle of {what}: " + " -> ".join(circle)
            return


def check_names(root):
    for path in sorted((root / "src").rglob("*")):
        if path.stem in FORBIDDEN_NAMES:
            yield f"{path.relative_to(root)}: name it after what it holds"


def check(root):
    allowed = read_table(root / "docs" / "architecture.md")
    return (list(check_circle(allowed, "the table")) + list(check_includes(root, allowed)) +
            list(check_cmake(root, allowed)) + list(check_names(root)))


def self_test():
    table = """\
        # Architecture

        | layer | may include directly (and core) |
        |---|---|
        | mpi, io, ops | nothing more |
        | model | ops, io |
        | cli | anything |
        """
    good = {
        "docs/architecture.md": table,
        "CMakeLists.txt": "allometer_layer(core PRIVATE fmt)\nallometer_layer(io USES core)\nallometer_layer(mpi USES core)\n"
                          "allometer_layer(ops USES core)\nallometer_layer(model USES core ops io # and no more\n PRIVATE fmt)\n"
                          "allometer_layer(cli USES core model mpi)\n",
        "src/core/error.hpp": "#pragma once\n",
        "src/io/file.cpp": '#include <hdf5.h>\n#include "core/error.hpp"\n',
        "src/ops/linear.cpp": "#include <dnnl.hpp>\n",
        "src/mpi/session.cpp": "#include <mpi.h>\n",
        "src/model/load.cpp": '#include <vector>\n#include "io/file.hpp"\n#include "model/load.hpp"\n',
        "src/cli/main.cpp": '#include "model/load.hpp"\n#include "mpi/session.hpp"\n',
    }
    cmake = good["CMakeLists.txt"]
    cases = [
        ({}, None),
        ({"src/ops/bad.cpp": '\n#include "model/load.hpp"\n'}, 'src/ops/bad.cpp:2: ops must not include model ("model/load.hpp")'),
        ({"src/core/bad.hpp": '#include "io/file.hpp"\n'}, "src/core/bad.hpp:1: core must not include io"),
        ({"src/model/bad.cpp": "#include <mpi.h>\n"}, "src/model/bad.cpp:1: only mpi/ may include <mpi.h>"),
        ({"src/cli/bad.cpp": "#  include <hdf5_hl.h>\n"}, "src/cli/bad.cpp:1: only io/ may include <hdf5_hl.h>"),
        ({"src/model/bad.hpp": "#include <oneapi/dnnl/dnnl.hpp>\n"}, "only ops/ may include <oneapi/dnnl/dnnl.hpp>"),
        ({"src/extra/new.cpp": "#include <vector>\n"}, "layer 'extra' is not in the table"),
        ({"src/cli/bad.cpp": '#include "io/file.hpp"\n'}, "includes io, which CMakeLists.txt does not give to cli"),
        ({"CMakeLists.txt": cmake.replace("ops USES core", "ops USES core io")}, "CMakeLists.txt: ops must not use io"),
        ({"CMakeLists.txt": cmake.replace("ops USES core", "ops USES core model")},
         "circle of CMake targets: model -> ops -> model"),
        ({"docs/architecture.md": textwrap.dedent(table).replace("| mpi, io, ops | nothing more |",
                                                                 "| mpi, io | nothing more |\n| ops | model |")},
         "circle of the table: model -> ops -> model"),
        ({"src/io/utils.hpp": "#pragma once\n"}, "src/io/utils.hpp: name it after what it holds"),
    ]
    for change, expected in cases:
        with tempfile.TemporaryDirectory() as folder:
            root = pathlib.Path(folder)
            for name, text in {**good, **change}.items():
                path = root / name
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(textwrap.dedent(text))
            mistakes = check(root)
        found = not mistakes if expected is None else any(expected in mistake for mistake in mistakes)
        if not found:
            raise SystemExit(f"self-test: {change} should give {expected!r}, gave {mistakes}")
    print(f"self-test: {len(cases)} cases")


def main():
    if sys.argv[1:] == ["--self-test"]:
        self_test()
        return
    root = pathlib.Path(sys.argv[1])
    mistakes = check(root)
    for mistake in mistakes:
        print(mistake)
    if mistakes:
        raise SystemExit(f"{len(mistakes)} breaks of the layering (docs/architecture.md has the table)")
    print(f"{sum(1 for _ in read_includes(root))} includes are as docs/architecture.md allows")


if __name__ == "__main__":
    main()
