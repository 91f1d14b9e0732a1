#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Counts the blocks that QEMU translates from its start to main of hello.

usage: bench/blocks.py [--machine microvm|q35] [--top N]

Under TCG the time to main is mostly that of translation: every piece of code
that runs, up to the next branch, is translated once, and again for another
state of the processor ("again" in the output).  The count does not depend on
the load of this machine: time is counted in instructions.
"""

import argparse
import bisect
import collections
import os
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

import compare  # noqa: E402
from linux_guest import OUT, ROOT  # noqa: E402

KERNEL_START = 0xffffffff80000000
FIRMWARE_END = 0x100000
FUNCTION_MAX = 0x4000


class Symbols:
    """Functions of an ELF file by address."""

    def __init__(self, path):
        done = subprocess.run(["nm", "-n", path], capture_output=True,
                              text=True, check=True)
        found = [line.split() for line in done.stdout.splitlines()]
        self.rows = [(int(row[0], 16), row[2]) for row in found
                     if len(row) == 3 and row[1] in "tTwWiI"]

    def name(self, address):
        at = bisect.bisect_right(self.rows, (address, "~")) - 1
        if at < 0 or address - self.rows[at][0] > FUNCTION_MAX:
            return "?"
        return self.rows[at][1]


def boot(guest, machine, log):
    command = guest.command(machine, 1, 128, "hello")
    command[command.index("tcg,thread=multi")] = "tcg"
    command += ["-icount", "shift=5,sleep=off", "-D", log, "-d", "in_asm"]
    output, _ = compare.run_to_end(command, compare.HANG_LIMIT)
    if output is None or compare.MARK.decode() not in output:
        sys.exit(f"the guest did not reach main:\n{output}")


def translations(log):
    """The address of each block, in order."""
    at_code = False
    with open(log, encoding="utf-8", errors="replace") as lines:
        for line in lines:
            if line.startswith("IN:"):
                at_code = True
            elif at_code and line.startswith("0x"):
                yield int(line[2:].split(":")[0], 16)
                at_code = False


def main():
    parser = argparse.ArgumentParser(usage=__doc__)
    parser.add_argument("--machine", choices=tuple(compare.MACHINES),
                        default="microvm")
    parser.add_argument("--top", type=int, default=40)
    options = parser.parse_args()
    subprocess.run(["make", "-s", "-C", os.path.join(ROOT, "bench"),
                    f"OUT={OUT}"], check=True)
    guest = compare.linnet()
    kernel = Symbols(os.path.join(os.path.dirname(guest.kernel),
                                  "kernel.elf"))
    program = Symbols(os.path.join(OUT, "hello"))
    with tempfile.TemporaryDirectory() as folder:
        log = os.path.join(folder, "log")
        boot(guest, options.machine, log)
        blocks = list(translations(log))
    total, again = collections.Counter(), collections.Counter()
    parts = collections.Counter()
    seen = set()
    for address in blocks:
        if address >= KERNEL_START:
            part, name = "kernel", kernel.name(address)
        elif address < FIRMWARE_END or 0xf0000000 <= address < 1 << 32:
            part, name = "firmware", "firmware"
        else:
            part, name = "program", program.name(address) + " (hello)"
            if name.startswith("?"):  # a BIOS that has moved up
                part, name = "firmware", "firmware"
        if name == "main (hello)":
            break
        parts[part] += 1
        total[name] += 1
        if address in seen:
            again[name] += 1
        seen.add(address)
    print(f"{sum(parts.values())} blocks before main: "
          + ", ".join(f"{part} {n}" for part, n in parts.items())
          + f"; {sum(again.values())} of them again")
    for name, count in total.most_common(options.top):
        print(f"{count:6d} {again[name]:6d}  {name}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
