#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""CPython's own tests (Debian's libpython3.11-testsuite), host against guest.

usage: tests/cpython/run.py [OPTION]... [MODULE|MODULE.CLASS[.TEST]]...

  --vmm NAME --cpus N --isolate --config NAME    the guest (microvm, 2 CPUs)
  --timeout N        seconds for each module (600)
  --host-only        run on this machine only
  --verbose          print the output of tests that fail

Without names: the modules of MODULES, each in a guest of its own.  A test
fails here when it passes on the host and not in the guest and
tests/cpython/differences.list does not name it: lines `PATTERN reason`,
PATTERN as in test_os.UtimeTests.* (fnmatch).  Closes with
"N passed, N failed".
"""

import argparse
import fnmatch
import os
import re
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
LIBRARY = "/usr/lib/python3.11"
PYTHON = "/usr/bin/python3.11"
MODULES = ("test_os", "test_subprocess", "test_signal", "test_threading",
           "test_mmap", "test_select", "test_fcntl", "test_io",
           "test_tempfile", "test_time", "test_posix",
           "test_multiprocessing_fork")
PACKAGES = ["python3.11", "libpython3.11-testsuite", "bash", "dash",
            "coreutils", "grep", "tar", "gzip", "procps"]
# "test_x (test.test_os.Class.test_x) ... ok", the verdict perhaps some lines
# of output later.
STARTED = re.compile(r"^\w+ \((?:test\.)?([\w.]+)\)", re.MULTILINE)
VERDICT = re.compile(
    r"(?:\.\.\. |^)(ok|FAIL|ERROR|skipped|expected failure)\b", re.MULTILINE)


def verdicts(text):
    """{test: "ok", "FAIL", "ERROR", "skipped", ... or "lost"}"""
    text = text.split("\n======", 1)[0]
    starts = list(STARTED.finditer(text))
    found = {}
    for match, after in zip(starts, starts[1:] + [None]):
        part = text[match.end():after.start() if after else len(text)]
        last = VERDICT.search(part)
        found[match.group(1)] = last.group(1) if last else "lost"
    return found


# On the host as in the guest: the locale decides what is skipped.
ENVIRONMENT = {"HOME": "/tmp", "PATH": "/usr/bin:/bin:/usr/sbin:/sbin"}


def command(names):
    return [PYTHON, "-X", "faulthandler", "-m", "unittest", "-v",
            *(f"test.{n}" for n in names)]


def on_host(names, options):
    try:
        done = subprocess.run(
            command(names), cwd="/tmp", stdin=subprocess.DEVNULL,
            env=ENVIRONMENT,
            capture_output=True, timeout=options.timeout, check=False)
    except subprocess.TimeoutExpired as late:
        return (late.stderr or b"").decode(errors="replace")
    return done.stderr.decode(errors="replace")


def in_guest(names, options):
    sys.path.insert(0, os.path.join(ROOT, "tests"))
    from harness import run_guest
    from harness.rootfs import stage
    result = run_guest(
        command(names), cwd="/test", tmpfs=["/test"], env={**ENVIRONMENT, "HOME": "/test"},
        rootfs=stage("python", PACKAGES), memory="512M", cpus=options.cpus,
        vmm=options.vmm, isolate=options.isolate, config=options.config,
        timeout=options.timeout)
    text = result.stderr.decode(errors="replace")
    if result.status not in (0, 1):
        print(result.describe(2000))
    return text


def report_of(text, test):
    """The traceback of a test in unittest's report."""
    for block in re.split(r"\n={60,}\n", text)[1:]:
        if f"{test})" in block.split("\n", 1)[0] or \
                f"{test}) " in block.split("\n", 1)[0]:
            return block
    return text[-300:]


def read_differences():
    rows = []
    with open(os.path.join(HERE, "differences.list"),
              encoding="utf-8") as file:
        for line in file:
            words = line.split(None, 1)
            if len(words) == 2 and not line.startswith("#"):
                rows.append((words[0], words[1].strip()))
    return rows


def compare(name, options, known):
    """(passed, failed) of one module."""
    host_text = on_host([name], options)
    host = verdicts(host_text)
    if options.host_only:
        print("\n".join(f"{v} {t}" for t, v in host.items() if v != "ok"))
        return sum(v == "ok" for v in host.values()), 0
    text = in_guest([name], options)
    guest = verdicts(text)
    passed = failed = lost = 0
    for test, verdict in host.items():
        if verdict != "ok":
            continue
        got = guest.get(test, "not run")
        if got == "ok":
            passed += 1
            continue
        reasons = [r for p, r in known if fnmatch.fnmatch(test, p)]
        if reasons:
            print(f"known: {test}: {got}: {reasons[0]}")
            continue
        failed += 1
        if got == "not run":
            lost += 1
            continue
        print(f"FAILED {test}: {got}", flush=True)
        if options.verbose:
            print(report_of(text, test))
    if lost:
        print(f"FAILED {lost} tests that were not run: the guest ended early")
    print(f"{name}: {passed} of "
          f"{sum(v == 'ok' for v in host.values())} as on the host",
          flush=True)
    return passed, failed


def main():
    parser = argparse.ArgumentParser(usage=__doc__)
    parser.add_argument("--vmm", default="microvm")
    parser.add_argument("--cpus", type=int, default=2)
    parser.add_argument("--isolate", action="store_true")
    parser.add_argument("--config", default="default")
    parser.add_argument("--timeout", type=int, default=600)
    parser.add_argument("--host-only", action="store_true")
    parser.add_argument("--verbose", action="store_true")
    parser.add_argument("names", nargs="*")
    options = parser.parse_args()
    if not os.path.exists(f"{LIBRARY}/test/test_os.py"):
        print("skipped: libpython3.11-testsuite is not installed")
        print("0 passed, 0 failed")
        return 0
    known = read_differences()
    passed = failed = 0
    for name in options.names or MODULES:
        good, bad = compare(name, options, known)
        passed += good
        failed += bad
    print(f"{passed} passed, {failed} failed")
    return failed > 0


if __name__ == "__main__":
    sys.exit(main())
