#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Checks linux/syscalls.def and writes docs/syscalls.md from it.

usage: scripts/check_syscalls.py [--write | --flip]

The table is sorted by the x86-64 number, has no number and no name twice; lines
with status FULL and PARTIAL have a sys_x() in linux/ and the others have none;
PARTIAL ones are named in docs/limits.md; docs/syscalls.md is up to date.  Each
rule of linux/strace_rules.c names calls and arguments that exist.
--write writes that page.  --flip sets ABSENT or FULL from the sources first:
the way out of a merge conflict in the table.  Ends with "N passed, N failed".
"""

import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
TABLE = ROOT / "linux/syscalls.def"
PAGE = ROOT / "docs/syscalls.md"
LINE = re.compile(r"^SYSCALL(\d)\((\w+), (\w+), (\w+), (\w+)(?:, (.*))?\)$")
RULES = ROOT / "linux/strace_rules.c"
RULE = re.compile(r'\b(?:IN|OUT|IN_W|OUT_W|WORDS)\((NULL|"[^,]*),\s*"(\w+)",')
DEFINITION = re.compile(r"^long sys_(\w+)\(", re.MULTILINE)


class Call:
    def __init__(self, match):
        self.count = int(match[1])
        self.name = match[2]
        self.x86 = -1 if match[3] == "NO_NR" else int(match[3])
        self.arm = -1 if match[4] == "NO_NR" else int(match[4])
        self.status = match[5]
        words = match[6].split(", ") if match[6] else []
        self.args = list(zip(words[::2], words[1::2]))


def definitions():
    names = set()
    for source in (ROOT / "linux").glob("*.c"):
        names.update(DEFINITION.findall(source.read_text()))
    return names


def flip(defined):
    lines = []
    for line in TABLE.read_text().splitlines():
        match = LINE.match(line)
        if match:
            have = match[2] in defined
            if have and match[5] == "ABSENT":
                line = line.replace(", ABSENT", ", FULL", 1)
            elif not have:
                line = line.replace(f", {match[5]}", ", ABSENT", 1)
        lines.append(line)
    TABLE.write_text("\n".join(lines) + "\n")


def read_table(errors):
    calls = []
    for number, line in enumerate(TABLE.read_text().splitlines(), 1):
        if not line.startswith("SYSCALL"):
            continue
        match = LINE.match(line)
        if match is None:
            errors.append(f"{TABLE.name}:{number}: not a line of the table")
            continue
        calls.append(Call(match))
    return calls


def check_numbers(calls, errors):
    for key in ("name", "x86", "arm"):
        seen = set()
        for call in calls:
            value = getattr(call, key)
            if value in seen and value != -1:
                errors.append(f"{call.name}: {key} {value} is there twice")
            seen.add(value)
    order = [call.x86 for call in calls]
    if order != sorted(order):
        errors.append("the table is not sorted by the x86-64 number")


def check_status(calls, defined, errors):
    limits = (ROOT / "docs/limits.md").read_text()
    for call in calls:
        have = call.name in defined
        if call.status not in ("FULL", "PARTIAL", "ABSENT"):
            errors.append(f"{call.name}: unknown status {call.status}")
        elif call.status == "ABSENT" and have:
            errors.append(f"{call.name}: ABSENT, but there is a sys_ function")
        elif call.status != "ABSENT" and not have:
            errors.append(f"{call.name}: {call.status} without sys_ function")
        if call.status != "ABSENT" and call.count != len(call.args):
            errors.append(f"{call.name}: SYSCALL{call.count} with "
                          f"{len(call.args)} arguments")
        if call.status == "PARTIAL" and call.name not in limits:
            errors.append(f"{call.name}: PARTIAL, but not in docs/limits.md")
    for name in sorted(defined - {call.name for call in calls}):
        errors.append(f"sys_{name}: no line in the table")


def check_rules(calls, errors):
    by_name = {call.name: call for call in calls}
    for names, arg in RULE.findall(RULES.read_text()):
        if names == "NULL":
            if not any(arg == name for c in calls for _, name in c.args):
                errors.append(f"{RULES.name}: no call has an argument {arg}")
            continue
        for name in re.sub(r'["\s]+', " ", names).split():
            if name not in by_name:
                errors.append(f"{RULES.name}: no call {name}")
            elif arg not in [word for _, word in by_name[name].args]:
                errors.append(f"{RULES.name}: {name} has no argument {arg}")


def page(calls):
    done = [call for call in calls if call.status != "ABSENT"]
    text = ["# System calls", "",
            "Made from linux/syscalls.def by `scripts/check_syscalls.py "
            "--write`.", "",
            f"{len(done)} of {len(calls)} are implemented.  \"partial\": "
            "see [limits](limits.md).  The others return ENOSYS.", "",
            "| call | x86-64 | aarch64 | status |", "|---|---|---|---|"]
    for call in calls:
        if call.status == "ABSENT":
            continue
        args = ", ".join(name for _, name in call.args)
        arm = "" if call.arm < 0 else call.arm
        text.append(f"| {call.name}({args}) | {call.x86} | {arm} | "
                    f"{call.status.lower()} |")
    absent = ", ".join(c.name for c in calls if c.status == "ABSENT")
    text += ["", "Absent: " + absent + ".", ""]
    return "\n".join(text)


def main():
    option = sys.argv[1] if len(sys.argv) > 1 else ""
    errors = []
    defined = definitions()
    if option == "--flip":
        flip(defined)
    calls = read_table(errors)
    check_numbers(calls, errors)
    check_status(calls, defined, errors)
    check_rules(calls, errors)
    text = page(calls)
    if option in ("--write", "--flip"):
        PAGE.write_text(text)
    elif not PAGE.exists() or PAGE.read_text() != text:
        errors.append("docs/syscalls.md is old: scripts/check_syscalls.py "
                      "--write")
    for error in errors:
        print(error)
    print(f"{0 if errors else 1} passed, {1 if errors else 0} failed")
    return 1 if errors else 0


if __name__ == "__main__":
    sys.exit(main())
