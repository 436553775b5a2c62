"""Fails when a test method of this folder is missing from its CMakeLists.txt: ctest would never run it."""

import pathlib
import re
import sys

folder = pathlib.Path(sys.argv[1])
listed = {}
for file, _, methods in re.findall(r"allometer_integration\((\S+)\s+(\w+)([^)]*)\)", (folder / "CMakeLists.txt").read_text()):
    listed[file] = set(methods.split())
missing, total = [], 0
for file in sorted(folder.glob("*_test.py")):
    methods = set(re.findall(r"    def test_(\w+)\(self\)", file.read_text()))
    total += len(methods)
    missing += [f"{file.name}: {name}" for name in sorted(methods ^ listed.get(file.name, set()))]
print("listed and there are not the same: " + ", ".join(missing) if missing else f"{total} methods, all listed")
sys.exit(1 if missing or not total else 0)
