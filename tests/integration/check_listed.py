"""Fails when a test method of this folder is missing from its CMakeLists.txt: ctest would never run it."""

import pathlib
import re
import sys

folder = pathlib.Path(sys.argv[1])
listed = (folder / "CMakeLists.txt").read_text().split()
methods = [(file.name, name) for file in sorted(folder.glob("*_test.py"))
           for name in re.findall(r"    def test_(\w+)\(self\)", file.read_text())]
missing = [f"{file}: test_{name}" for file, name in methods if name not in [word.rstrip(")") for word in listed]]
print("\n".join(missing) if missing else f"{len(methods)} methods, all listed")
sys.exit(1 if missing or not methods else 0)
