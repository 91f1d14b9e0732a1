#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Checks that the text is there: READMEs, links, reasons.

usage: scripts/check_docs.py        closes with "N passed, N failed"

1. Every folder of the root, and every room (a folder with a module.mk below
   core, drivers, fs, net, arch), has a README.md of at most README_MAX lines,
   its own or that of the folder above for rooms of one or two files.
2. Relative links of Markdown files lead to something.
3. Every line of tests/disabled.list has a reason behind its name.
4. Soft budgets: sources over FILE_MAX lines fail, unless they are tables.
"""

import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
README_MAX = 70
FILE_MAX = 1000
LINK = re.compile(r"\[[^\]]*\]\(([^)#:]+)(?:#[^)]*)?\)")


def tracked():
    out = subprocess.run(["git", "ls-files"], cwd=ROOT, check=True, text=True,
                         capture_output=True).stdout
    return [ROOT / line for line in out.splitlines()]


def main():
    passed = failed = 0
    problems = []
    files = tracked()
    tops = sorted({p.relative_to(ROOT).parts[0] for p in files
                   if len(p.relative_to(ROOT).parts) > 1})
    for top in tops:
        if top.startswith("."):
            continue
        readme = ROOT / top / "README.md"
        if not readme.exists():
            problems.append(f"{top}: no README.md")
        elif len(readme.read_text().splitlines()) > README_MAX:
            problems.append(f"{top}/README.md: longer than a screen")
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
