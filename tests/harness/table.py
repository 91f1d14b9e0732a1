# SPDX-License-Identifier: BSD-3-Clause
"""Table-driven tests: rows of tests/apps/*.json, two guests at a time.

A row:
    name      unique; what PATTERN matches
    run       [program, argument...]; the program is an absolute path, or
              one below the root of the tree (what tests/apps/Makefile builds)
    with      further programs that it runs, found in PATH
    files     {relative name: host path or {"text": ...}}, put into the working
              directory (/test in the guest)
    stdin, env, memory, cpus, timeout, kernel_args
    packages  Debian packages it needs; what is not installed is skipped
    expect    "host" (stdout, stderr and status as on this machine), or an
              object with any of status (default 0), stdout, stderr,
              stdout_match, stderr_match (regular expressions, whole output
              searched)
    ignore    ["stderr"]: what "host" does not compare
    disabled  reason: counted as skipped
"""

import json
import os
import re
import shutil
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor

from harness.guest import ROOT, run_guest, run_host
from harness.rootfs import NotInstalled, stage

KEYS = {"name", "run", "files", "stdin", "env", "memory", "cpus", "timeout",
        "kernel_args", "with", "packages", "rootfs", "expect", "ignore",
        "disabled", "comment"}
GUEST_FOLDER = "/test"


class BadTable(Exception):
    """The table itself is wrong."""


def load(paths):
    """All rows of the tables, checked."""
    rows = []
    for path in paths:
        with open(path, encoding="utf-8") as file:
            try:
                table = json.load(file)
            except ValueError as error:
                raise BadTable(f"{path}: {error}") from error
        for row in table:
            unknown = set(row) - KEYS
            if unknown or not {"name", "run", "expect"} <= set(row):
                raise BadTable(f"{path}: {row.get('name')}: unknown or "
                               f"missing keys {sorted(unknown)}")
            row["run"][0] = os.path.join(ROOT, row["run"][0])
            rows.append(row)
    names = [row["name"] for row in rows]
    for name in set(names):
        if names.count(name) > 1:
            raise BadTable(f"two rows are called {name}")
    return rows


def disabled_names(path=os.path.join(ROOT, "tests/disabled.list")):
    """name -> reason; a line is `apps/NAME reason`."""
    found = {}
    try:
        with open(path, encoding="utf-8") as file:
            for line in file:
                words = line.split(None, 1)
                if len(words) == 2 and words[0].startswith("apps/"):
                    found[words[0][5:]] = words[1].strip()
    except FileNotFoundError:
        pass
    return found


def expectation(row, host):
    """What the guest's result must be: {field: bytes, int or pattern}."""
    expect = row["expect"]
    if expect == "host":
        wanted = {"status": host.status, "stdout": host.stdout,
                  "stderr": host.stderr}
        return {k: v for k, v in wanted.items()
                if k not in row.get("ignore", ())}
    wanted = {"status": expect.get("status", 0)}
    for key, value in expect.items():
        if key in ("stdout", "stderr"):
            wanted[key] = value.encode()
        elif key in ("stdout_match", "stderr_match"):
            wanted[key] = value
        elif key != "status":
            raise BadTable(f"{row['name']}: unknown expectation {key}")
    return wanted


def differences(result, wanted):
    """Lines that say what is not as it must be."""
    lines = []
    for key, value in wanted.items():
        if key.endswith("_match"):
            text = getattr(result, key[:6]).decode(errors="replace")
            if not re.search(value, text, re.MULTILINE):
                lines.append(f"{key[:6]} does not match {value!r}")
        elif getattr(result, key) != value:
            lines.append(f"{key} is not {_short(value)}")
    if result.panicked or result.hung:
        lines.append("the guest panicked or hung")
    return lines


def _short(value):
    text = repr(value)
    return text if len(text) < 400 else text[:400] + "..."


def check_row(row, machine):
    """(verdict, text): "passed", "failed" or "skipped"."""
    if not os.path.exists(row["run"][0]):
        return "skipped", f"{row['run'][0]} is not installed"
    for name in row.get("with", ()):
        if shutil.which(name) is None:
            return "skipped", f"{name} is not installed"
    preload = row.get("env", {}).get("LD_PRELOAD")
    if preload is not None and not os.path.exists(preload):
        return "skipped", f"{preload} is not installed"
    stdin = row.get("stdin", "").encode()
    files = row.get("files", {})
    timeout = row.get("timeout", 60)
    host = None
    if row["expect"] == "host":
        host = run_host(row["run"], stdin=stdin, env=row.get("env"),
                        files=files, timeout=timeout)
        if host.hung:
            return "failed", "hangs on this machine already"
    options = {k: row[k] for k in ("env", "memory", "cpus") if k in row}
    options["programs"] = row.get("with", ())
    options.update(machine)
    options["kernel_args"] = list(row.get("kernel_args", ())) + \
        list(options.get("kernel_args", ()))
    if row.get("rootfs"):
        try:
            options["rootfs"] = stage(row["rootfs"], row["packages"])
        except NotInstalled as missing:
            return "skipped", f"{missing} is not installed"
    result = run_guest(
        row["run"], stdin=stdin, cwd=GUEST_FOLDER, timeout=timeout,
        tmpfs=[GUEST_FOLDER],
        files={f"{GUEST_FOLDER}/{n}": s for n, s in files.items()}, **options)
    lines = differences(result, expectation(row, host))
    if lines:
        return "failed", "\n".join(lines) + "\n" + result.describe()
    return "passed", f"{result.seconds:.1f} s"


class Report:
    """Counts and prints verdicts; several threads add to it."""

    def __init__(self, verbose=False):
        self.lock = threading.Lock()
        self.counts = {"passed": 0, "failed": 0, "skipped": 0}
        self.failed = []
        self.rows = []
        self.verbose = verbose

    def add(self, name, verdict, text):
        with self.lock:
            self.counts[verdict] += 1
            self.rows.append({"name": name, "verdict": verdict, "text": text})
            if verdict == "failed":
                self.failed.append(name)
                print(f"FAIL {name}: {text}", flush=True)
            elif verdict == "skipped" or self.verbose:
                print(f"{verdict} {name}: {text}", flush=True)

    def forgive(self, name):
        """A failed row has passed when it ran alone."""
        with self.lock:
            self.failed.remove(name)
            self.counts["failed"] -= 1
            self.counts["passed"] += 1
            for row in self.rows:
                if row["name"] == name:
                    row["verdict"] = "passed"
            print(f"flaky {name}", flush=True)

    def close(self):
        """Prints the last line; returns the exit status."""
        if self.failed:
            print("failed: " + " ".join(sorted(self.failed)))
        if self.counts["skipped"]:
            print(f"{self.counts['skipped']} skipped")
        print(f"{self.counts['passed']} passed, "
              f"{self.counts['failed']} failed")
        return 1 if self.counts["failed"] or not self.counts["passed"] else 0


MAX_RETRIES = 24  # failures beyond this many are no accident


def _try_row(row, machine):
    started = time.monotonic()
    try:
        return check_row(row, machine)
    except Exception as error:  # a broken row fails, the others run
        return "failed", f"{type(error).__name__}: {error} after " \
            f"{time.monotonic() - started:.1f} s"


def run_table(rows, *, jobs=2, report=None, retry=False, **machine):
    """Runs all rows, `jobs` guests at a time; `machine` is passed to
    run_guest().  With `retry` a row that failed runs once more, alone: the
    guest may have been starved by the others.  Returns the report."""
    report = report or Report()
    disabled = disabled_names()

    def one(row):
        reason = row.get("disabled") or disabled.get(row["name"])
        if reason:
            return report.add(row["name"], "skipped", f"disabled: {reason}")
        return report.add(row["name"], *_try_row(row, machine))

    with ThreadPoolExecutor(max_workers=jobs) as pool:
        list(pool.map(one, rows))
    if retry and len(report.failed) <= MAX_RETRIES:
        for row in [r for r in rows if r["name"] in report.failed]:
            if _try_row(row, machine)[0] == "passed":
                report.forgive(row["name"])
    sys.stdout.flush()
    return report
