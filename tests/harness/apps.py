#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Runs programs of this machine in guests and compares what they print.

usage: tests/harness/apps.py [OPTION]... [PATTERN]...

  --vmm microvm|q35   machine model          --cpus N       CPUs of each guest
  --fs rofs|ramfs     form of the image      --isolate      ring 3
  --config NAME       kernel configuration   --jobs N       guests at a time (2)
  --tables DIR        where the tables are (tests/apps)
  --kernel-arg ARG    option for the kernel  --json FILE    results as JSON
  --no-build          do not build the programs of tests/apps first
  --list              print the names        --verbose      print passed rows too
  --retry             what fails runs once more alone; passed then: flaky

A PATTERN is a shell pattern for the rows' names.  Ends with one line
"N passed, N failed".  The form of a row is described in table.py.
"""

import fnmatch
import glob
import json
import os
import subprocess
import sys

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

from harness import table  # noqa: E402
from harness.guest import ROOT  # noqa: E402
from linnet.arguments import Option, Parser, parse_count  # noqa: E402
from linnet.errors import Failure  # noqa: E402

OPTIONS = [
    Option("--vmm", "NAME", default="microvm", choices=("microvm", "q35",
                                                        "pc")),
    Option("--cpus", "N"),
    Option("--fs", "FORM", choices=("rofs", "ramfs")),
    Option("--isolate"),
    Option("--config", "NAME", default="default"),
    Option("--jobs", "N", default="2"),
    Option("--tables", "DIR", default=os.path.join(ROOT, "tests/apps")),
    Option("--kernel-arg", "ARG", many=True),
    Option("--json", "FILE"),
    Option("--no-build"),
    Option("--list"),
    Option("--retry"),
    Option("--verbose"),
    Option("-h --help"),
]


def main():
    values, patterns = Parser("tests/harness/apps.py", OPTIONS, 2).parse(
        sys.argv[1:])
    if values.help:
        print(__doc__)
        return 0
    rows = table.load(sorted(glob.glob(os.path.join(values.tables,
                                                    "*.json"))))
    if patterns:
        rows = [r for r in rows if any(fnmatch.fnmatch(r["name"], p)
                                       for p in patterns)]
    if values.list:
        print("\n".join(row["name"] for row in rows))
        return 0
    if not values.no_build and \
            os.path.exists(os.path.join(values.tables, "Makefile")):
        subprocess.run(
            ["make", "-s", "-C", values.tables,
             f"OUT={os.path.join(ROOT, 'build/tests/apps')}"], check=True)
    machine = {"vmm": values.vmm, "isolate": bool(values.isolate),
               "config": values.config, "retry": bool(values.retry),
               "kernel_args": values.kernel_arg}
    if values.cpus:
        machine["cpus"] = parse_count(values.cpus, "--cpus", 1, 255)
    if values.fs:
        machine["fs"] = values.fs
    report = table.run_table(
        rows, jobs=parse_count(values.jobs, "--jobs", 1, 64),
        report=table.Report(bool(values.verbose)), **machine)
    if values.json:
        with open(values.json, "w", encoding="utf-8") as file:
            json.dump(report.rows, file, indent=1)
    return report.close()


if __name__ == "__main__":
    try:
        sys.exit(main())
    except (Failure, table.BadTable) as error:
        sys.exit(f"apps: {error}")
