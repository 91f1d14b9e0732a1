#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Checks that the text is there: READMEs, links, reasons.

usage: scripts/check_docs.py        closes with "N passed, N failed"

1. These folders have a README.md of at most README_MAX lines: those of the
   root, those in tests/, and every room (a folder with a module.mk) outside of
   arch/x86_64 with ROOM_MIN or more sources; the folder above describes the
   smaller ones.
2. Relative links of Markdown files lead to something.
3. Sources that READMEs and docs/ name in backquotes exist: their path is that
   of a file, or the end of one.
4. Every line of tests/disabled.list has a reason behind its name.
5. Soft budgets: sources over FILE_MAX lines fail, unless they are tables.
"""

import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
README_MAX = 50
ROOM_MIN = 3
FILE_MAX = 1000
SOURCE = re.compile(r"`([\w./-]+\.(?:c|h|S|py|def|list|lds|mk|json))`")
LINK = re.compile(r"\[[^\]]*\]\(([^)#:]+)(?:#[^)]*)?\)")


def tracked():
    out = subprocess.run(["git", "ls-files"], cwd=ROOT, check=True, text=True,
                         capture_output=True).stdout
    return [ROOT / line for line in out.splitlines()]


def folders_with_readme(files):
    """The folders of rule 1, relative to the root."""
    names = [path.relative_to(ROOT) for path in files]
    wanted = {name.parts[0] for name in names if len(name.parts) > 1}
    wanted |= {"/".join(name.parts[:2]) for name in names
               if name.parts[0] in ("tests", "arch") and len(name.parts) > 2}
    for name in names:
        room = name.parent
        if name.name == "module.mk" and room.parts[:1] != ("arch",):
            sources = [other for other in names if other.parent == room and
                       other.suffix in (".c", ".S")]
            if len(sources) >= ROOM_MIN:
                wanted.add(str(room))
    return sorted(wanted)


def missing_sources(files):
    """Rule 3: how many names were right, and a line for each that was not."""
    names = [f"/{path.relative_to(ROOT)}" for path in files]
    good = 0
    problems = []
    for path in files:
        if path.suffix != ".md" or not path.exists():
            continue
        for source in SOURCE.findall(path.read_text()):
            if any(name.endswith("/" + source) for name in names):
                good += 1
            else:
                problems.append(f"{path.relative_to(ROOT)}: no {source}")
    return good, problems


def main():
    passed = failed = 0
    problems = []
    files = tracked()
    for folder in folders_with_readme(files):
        readme = ROOT / folder / "README.md"
        if not readme.exists():
            problems.append(f"{folder}: no README.md")
        elif len(readme.read_text().splitlines()) > README_MAX:
            problems.append(f"{folder}/README.md: longer than a screen")
        else:
            passed += 1
    for path in files:
        if path.suffix == ".md" and path.exists():
            for target in LINK.findall(path.read_text()):
                if not (path.parent / target).exists():
                    problems.append(f"{path.relative_to(ROOT)}: no {target}")
                else:
                    passed += 1
        if path.suffix in (".c", ".h", ".py") and path.exists():
            lines = path.read_text().count("\n")
            if lines > FILE_MAX:
                problems.append(f"{path.relative_to(ROOT)}: {lines} lines")
            else:
                passed += 1
    good, wrong = missing_sources(files)
    passed += good
    problems += wrong
    disabled = ROOT / "tests/disabled.list"
    if disabled.exists():
        for line in disabled.read_text().splitlines():
            if line.strip() and not line.startswith("#"):
                if len(line.split(None, 1)) < 2:
                    problems.append(f"disabled.list: no reason: {line}")
                else:
                    passed += 1
    failed = len(problems)
    print("\n".join(problems) if problems else "texts are in order")
    print(f"{passed} passed, {failed} failed")
    return 0 if failed == 0 else 1


if __name__ == "__main__":
    sys.exit(main())
