#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Runs all checks and closes with one line "N passed, N failed".

usage: scripts/check.py [--fast]

A step is a command.  It counts as one check, or, when its output has a line
"N passed, N failed", as those.  A step that fails without such a line, or runs
longer than its hang limit, is one failure; the next step runs all the same.
The steps that failed are named before the closing line, each with the lines of
its output that say why.
"""

import re
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
HANG_LIMIT = 2400  # seconds: detects hangs, measures nothing
SUMMARY = re.compile(r"^(\d+) passed, (\d+) failed", re.MULTILINE)
# A line that names a failure in the output of one of the steps below.
REASON = re.compile(r"^.*(?:\bFAIL(?:ED)?\b|\bnot ok\b|\berror\b|: no ).*$",
                    re.MULTILINE)
REASONS_SHOWN = 12  # of each step

# (name, command, also in --fast)
STEPS = [
    ("formatting", ["make", "-s", "style"], True),
    ("dependencies", ["python3", "scripts/check_deps.py"], True),
    ("texts", ["python3", "scripts/check_docs.py"], True),
    ("unit tests, gcc", ["make", "-s", "unit-tests"], True),
    ("unit tests, clang",
     ["make", "-s", "unit-tests", "CC=clang", "HOST_OUT=build/host-clang"],
     True),
    ("fuzz targets", ["make", "-s", "fuzz"], False),
    ("headers compile alone", ["python3", "scripts/check_headers.py"], True),
    ("system call table", ["python3", "scripts/check_syscalls.py"], True),
    ("clang-tidy", ["make", "-s", "lint"], False),
    ("kernel sizes", ["python3", "scripts/check_size.py"], False),
    ("kernel, debug", ["make", "-s", "-j2", "kernel", "CONFIG=debug"], False),
    ("kernel, gcc", ["make", "-s", "-j2", "kernel"], True),
    ("kernel, clang",
     ["make", "-s", "-j2", "kernel", "CC=clang", "OUT=build/clang.x86_64"],
     False),
    ("host tools", ["python3", "tests/tools/run_tests.py"], True),
    ("guest boots", ["python3", "tests/boot/boot_test.py"], True),
    ("launcher", ["python3", "tests/boot/launcher_test.py"], True),
    ("exec, shell, terminals", ["python3", "tests/boot/exec_test.py"], True),
    ("ABI on this Linux", ["python3", "tests/abi/run.py", "--host"], True),
    ("ABI in guests, fast",
     ["python3", "tests/abi/run.py", "--matrix", "fast",
      "--retry"], True),
    ("ABI in the other guests",
     ["python3", "tests/abi/run.py", "--matrix", "rest",
      "--retry"], False),
    ("programs to compare with", ["make", "-s", "-C", "tests/apps",
                                  f"OUT={ROOT}/build/tests/apps"], True),
    ("applications", ["tests/harness/apps.py", "--retry"], False),
    ("applications, some",
     ["tests/harness/apps.py", "--retry", "--vmm", "q35", "--cpus", "4",
      "--isolate", "c-*", "cpp*", "go*", "rust*", "sort*", "xz*", "python-*", "node",
      "java-threads", "busybox-sh"], True),
    ("posixtestsuite", ["python3", "tests/posix/run.py", "--retry"], False),
    ("CPython's tests, the quick ones",
     ["python3", "tests/cpython/run.py", "test_posix", "test_select",
      "test_mmap", "test_fcntl"], False),
    ("Go's tests", ["python3", "tests/go/run.py"], False),
    ("stress-ng", ["python3", "tests/stress/run.py", "--fast",
                   "--retry"], False),
]


def run_step(name, command):
    print(f"== {name}: {' '.join(command)}", flush=True)
    try:
        result = subprocess.run(command, stdout=subprocess.PIPE,
                                stderr=subprocess.STDOUT, text=True,
                                errors="replace", stdin=subprocess.DEVNULL,
                                timeout=HANG_LIMIT, check=False)
    except subprocess.TimeoutExpired as hang:
        print(f"HANG after {HANG_LIMIT} s\n{hang.stdout or ''}")
        return 0, 1, [f"HANG after {HANG_LIMIT} s"]
    except OSError as error:
        print(error)
        return 0, 1, [str(error)]
    print(result.stdout, end="", flush=True)
    reasons = (REASON.findall(result.stdout)
               or result.stdout.splitlines()[-REASONS_SHOWN:])
    summaries = SUMMARY.findall(result.stdout)
    if summaries:
        passed, failed = (int(n) for n in summaries[-1])
        if result.returncode != 0 and failed == 0:
            failed = 1
        return passed, failed, reasons
    return (1, 0, []) if result.returncode == 0 else (0, 1, reasons)


def main():
    fast = sys.argv[1:] == ["--fast"]
    passed = failed = 0
    failures = []
    for name, command, is_fast in STEPS:
        if fast and not is_fast:
            continue
        started = time.monotonic()
        step_passed, step_failed, reasons = run_step(name, command)
        print(f"== {name}: {time.monotonic() - started:.0f} s", flush=True)
        passed += step_passed
        failed += step_failed
        if step_failed:
            print(f"== FAILED: {name}")
            failures.append((name, reasons))
    for name, reasons in failures:
        print(f"== FAILED: {name}", *reasons[:REASONS_SHOWN], sep="\n  ")
    print(f"{passed} passed, {failed} failed")
    return 0 if failed == 0 and passed > 0 else 1


if __name__ == "__main__":
    sys.exit(main())
