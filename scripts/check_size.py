#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Builds the default and the tiny kernel and checks that they stay small.

usage: scripts/check_size.py        closes with "N passed, N failed"
"""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LIMITS = {"default": 1024 << 10, "tiny": 400 << 10}  # bytes, stripped


def main():
    passed = failed = 0
    for config, limit in LIMITS.items():
        subprocess.run(["make", "-s", "-j2", f"CONFIG={config}", "kernel"],
                       cwd=ROOT, check=True, stdout=subprocess.DEVNULL)
        kernel = ROOT / f"build/{config}.x86_64/kernel-stripped.elf"
        size = kernel.stat().st_size
        if size <= limit:
            passed += 1
        else:
            failed += 1
        print(f"{config}: {size >> 10} KiB of {limit >> 10}")
    # build/last is what was asked for last: the default again.
    subprocess.run(["make", "-s", "-j2", "kernel"], cwd=ROOT, check=True,
                   stdout=subprocess.DEVNULL)
    print(f"{passed} passed, {failed} failed")
    return 0 if failed == 0 else 1


if __name__ == "__main__":
    sys.exit(main())
