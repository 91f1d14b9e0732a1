#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Boots the kernel in QEMU and looks at what it prints and how it ends.

usage: tests/boot/boot_test.py      closes with "N passed, N failed"

A guest that does not end by itself within HANG_LIMIT seconds has hung: a
failure, with its console shown.
"""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
KERNEL = ROOT / "build/last/kernel-stripped.elf"
HANG_LIMIT = 120
STATUS_DONE = 33  # isa-debug-exit: (0x10 << 1) | 1

MACHINES = {
    "microvm": "microvm,x-option-roms=off,pit=off,pic=off,acpi=off",
    "q35": "q35",
}

# (memory, kernel command line, text that the console must show)
CASES = [
    ("8M", "--verbose /bin/ls -l", "memory: "),
    ("64M", "/bin/ls -l", "/bin/ls: this kernel cannot run programs yet"),
    ("5G", "--verbose /bin/ls", "memory: 51"),
    ("64M", "--bogus /bin/ls", "unrecognized option: bogus"),
    ("64M", "--help", "usage: [OPTION]"),
    ("64M", "--verbose", "nothing to run"),
    ("64M", "\"unterminated", "cannot parse the command line"),
    ("64M", "--verbose " + "--env=A=b " * 200 + "/bin/ls", "memory: "),
]


def boot(machine, memory, line):
    command = ["qemu-system-x86_64", "-M", MACHINES[machine], "-accel", "tcg",
               "-cpu", "max", "-m", memory, "-nodefaults", "-display", "none",
               "-no-reboot", "-serial", "stdio",
               "-device", "isa-debug-exit,iobase=0xf4,iosize=4",
               "-kernel", str(KERNEL), "-append", line]
    try:
        result = subprocess.run(command, stdin=subprocess.DEVNULL, text=True,
                                stdout=subprocess.PIPE, errors="replace",
                                stderr=subprocess.STDOUT, timeout=HANG_LIMIT,
                                check=False)
    except subprocess.TimeoutExpired as hang:
        return (hang.stdout or b"").decode(errors="replace"), "hang"
    return result.stdout, result.returncode


def main():
    passed = failed = 0
    for machine in MACHINES:
        for memory, line, expected in CASES:
            console, status = boot(machine, memory, line)
            if status == STATUS_DONE and expected in console:
                passed += 1
                continue
            failed += 1
            print(f"FAIL {machine} -m {memory} {line[:60]!r}: status "
                  f"{status}, expected {expected!r} in:\n{console}")
    print(f"{passed} passed, {failed} failed")
    return 0 if failed == 0 else 1


if __name__ == "__main__":
    sys.exit(main())
