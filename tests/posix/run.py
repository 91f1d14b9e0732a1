#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Debian's posixtestsuite on this machine and in a Linnet guest.

usage: tests/posix/run.py [OPTION]... [PATTERN]...

  --host-only        the baseline alone
  --vmm NAME --cpus N --isolate    the guest (microvm, 4 CPUs)
  --table FILE       where to write the result table (build/posix/results.md)
  --retry            what fails is run once more alone; passed then: flaky
  --verbose          print each test that differs, also known ones

The source package is fetched with apt at test time into build/posix, built
there, and run on the host for a baseline (kept in build/posix/host.json).  In
the guest a small runner forks many tests per boot.  A PATTERN is a shell
pattern for names such as pthread_create/1-1.

What passes on the host and not in the guest is a failure, unless known.list
has it with a reason; what is in known.list and passes is told.  At most
KNOWN_MAX of the host's passes may be known failures.  Closes with
"N passed, N failed".
"""

import argparse
import fnmatch
import json
import os
import re
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
OUT = os.path.join(ROOT, "build/posix")
SOURCE = os.path.join(OUT, "source")
BIN = os.path.join(OUT, "bin")
PACKAGE = "posixtestsuite"
TEST_LIMIT = 60     # seconds for one test: a hang detector
GUEST_LIMIT = 1200  # seconds for one guest
GUEST_FOLDER = "/posix"
KNOWN_MAX = 0.02
# The suite has races of its own: so many failures that are on no list are
# reported and forgiven; one more fails the run.
ACCIDENTS_MAX = 3
JOBS = 8            # tests at a time: most of them sleep
MAX_RESTARTS = 12
MAX_RETRIES = 40    # failures beyond this many are no accident
LINE = re.compile(r"^posix (\S+) (exit|signal|timeout|nofork) ?(\d*)$",
                  re.MULTILINE)
SETS_CLOCK = re.compile(r"\b(clock_settime|settimeofday|stime|adjtimex?)\s*\(")
FLAGS = ["-std=gnu99", "-D_GNU_SOURCE", "-D_POSIX_C_SOURCE=200112L",
         "-D_XOPEN_SOURCE=600", "-w", "-O1"]
LIBRARIES = ["-lpthread", "-lrt", "-lm"]
VERDICTS = {0: "pass", 1: "fail", 2: "unresolved", 4: "unsupported",
            5: "untested"}


# --- source ------------------------------------------------------------------

def fetch():
    """The package's source, through this machine's own apt sources."""
    if os.path.isdir(SOURCE):
        return
    folder = os.path.join(OUT, "apt")
    shutil.rmtree(folder, ignore_errors=True)
    os.makedirs(os.path.join(folder, "lists/partial"))
    targets = subprocess.run(
        ["apt-get", "indextargets", "--format",
         "deb-src [trusted=yes] $(REPO_URI) $(RELEASE) $(COMPONENT)",
         "Created-By: Packages"],
        capture_output=True, text=True, check=True).stdout
    with open(os.path.join(folder, "sources.list"), "w",
              encoding="utf-8") as file:
        file.write("".join(sorted(set(targets.splitlines(True)))))
    options = ["-o", f"Dir::Etc::sourcelist={folder}/sources.list",
               "-o", "Dir::Etc::sourceparts=/dev/null",
               "-o", f"Dir::State::lists={folder}/lists"]
    quiet = {"check": True, "stdout": subprocess.DEVNULL,
             "stderr": subprocess.DEVNULL, "cwd": folder}
    subprocess.run(["apt-get", *options, "update", "-q"], **quiet)
    subprocess.run(["apt-get", *options, "source", "-q", "--download-only",
                    PACKAGE], **quiet)
    description = next(f for f in os.listdir(folder) if f.endswith(".dsc"))
    subprocess.run(["dpkg-source", "--no-check", "-x", description, SOURCE],
                   **quiet)


def sources():
    """{name: path} of all tests, such as pthread_create/1-1."""
    folder = os.path.join(SOURCE, "conformance/interfaces")
    found = {}
    for interface in sorted(os.listdir(folder)):
        path = os.path.join(folder, interface)
        if not os.path.isdir(path):
            continue
        for file in sorted(os.listdir(path)):
            test = os.path.join(path, file)
            if re.fullmatch(r"\d+-\d+\.c", file) and not is_dangerous(test):
                found[f"{interface}/{file[:-2]}"] = test
    return found


def is_dangerous(path):
    """Would it change this machine: its clock?"""
    with open(path, encoding="latin-1") as file:
        return SETS_CLOCK.search(file.read()) is not None


def build(tests):
    """Compiles all; returns the names of those that compile."""
    def compile_one(item):
        name, path = item
        target = os.path.join(BIN, name)
        if os.path.exists(target):
            return name
        os.makedirs(os.path.dirname(target), exist_ok=True)
        done = subprocess.run(
            ["gcc", *FLAGS, "-I", os.path.join(SOURCE, "include"),
             "-o", target, path, *LIBRARIES],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False)
        return name if done.returncode == 0 else None

    with ThreadPoolExecutor(max_workers=os.cpu_count()) as pool:
        return [n for n in pool.map(compile_one, tests.items()) if n]


def build_runner():
    runner = os.path.join(OUT, "runner")
    subprocess.run(["gcc", "-std=gnu11", "-D_GNU_SOURCE", "-O2", "-Wall",
                    "-Wextra", "-o", runner,
                    os.path.join(HERE, "runner.c")], check=True)
    return runner


# --- runs --------------------------------------------------------------------

def parse(output):
    """{name: verdict} of the runner's lines."""
    found = {}
    for name, how, number in LINE.findall(output):
        if how == "exit":
            found[name] = VERDICTS.get(int(number), f"exit {number}")
        else:
            found[name] = f"{how} {number}".strip()
    return found


def run_host(runner, names):
    """The baseline, kept as long as the tests are the same."""
    kept = os.path.join(OUT, "host.json")
    if os.path.exists(kept):
        with open(kept, encoding="utf-8") as file:
            table = json.load(file)
        if set(names) <= set(table):
            return table
    path = os.path.join(BIN, "list")
    with open(path, "w", encoding="utf-8") as file:
        file.write("".join(f"{BIN}/{name}\n" for name in names))
    done = subprocess.run(
        [runner, str(JOBS), str(TEST_LIMIT), path], stdout=subprocess.PIPE,
        stdin=subprocess.DEVNULL, text=True, check=True)
    found = parse(done.stdout)
    with open(kept, "w", encoding="utf-8") as file:
        json.dump(found, file, indent=1)
    return found


def image_files(names):
    """What the tests expect beside themselves."""
    listing = "".join(f"{GUEST_FOLDER}/{name}\n" for name in names)
    return {GUEST_FOLDER: BIN, f"{GUEST_FOLDER}/list": listing.encode(),
            "/bin/sleep": "/bin/sleep", "/etc/passwd": "/etc/passwd",
            "/etc/group": "/etc/group"}


def run_guest(runner, names, options, jobs=JOBS):
    """{name: verdict}; a test that ends its guest is "lost guest"."""
    sys.path.insert(0, os.path.join(ROOT, "tests"))
    from harness import run_guest as boot
    results = {}
    pending = list(names)
    for _ in range(MAX_RESTARTS):
        if not pending:
            break
        result = boot(
            [runner, str(jobs), str(TEST_LIMIT), f"{GUEST_FOLDER}/list"],
            files=image_files(pending),
            memory="1G", cpus=options.cpus, vmm=options.vmm,
            isolate=options.isolate, timeout=GUEST_LIMIT)
        output = result.stdout.decode(errors="replace")
        found = {n: v for n, v in parse(output).items() if n in pending}
        results.update(found)
        pending = [name for name in pending if name not in found]
        if "posix end" in output:
            break
        # One of the jobs that ran is to blame: each is tried alone.
        suspects, pending = pending[:jobs], pending[jobs:]
        print(f"  guest lost among {' '.join(suspects)}: "
              f"{result.describe(600)}", flush=True)
        for name in suspects:
            alone = boot(
                [runner, "1", str(TEST_LIMIT), f"{GUEST_FOLDER}/list"],
                files=image_files([name]),
                memory="1G", cpus=options.cpus, vmm=options.vmm,
                isolate=options.isolate, timeout=TEST_LIMIT * 3)
            results[name] = parse(
                alone.stdout.decode(errors="replace")).get(name, "lost guest")
    for name in pending:
        results[name] = "not run"
    return results


def retry(runner, guest, known, options):
    """Once more, one at a time, what failed beside the rest of the run."""
    names = [name for name, verdict in guest.items()
             if verdict != "pass" and not reason_of(name, known)]
    if not names or len(names) > MAX_RETRIES:
        return
    for name, verdict in run_guest(runner, names, options, 1).items():
        if verdict == "pass":
            print(f"flaky {name}: {guest[name]}", flush=True)
            guest[name] = verdict


# --- report ------------------------------------------------------------------

def known_failures():
    """{pattern: reason}"""
    known = {}
    path = os.path.join(HERE, "known.list")
    with open(path, encoding="utf-8") as file:
        for line in file:
            words = line.split(None, 1)
            if words and not words[0].startswith("#"):
                if len(words) < 2:
                    sys.exit(f"known.list: no reason: {line}")
                known[words[0]] = words[1].strip()
    return known


def write_table(path, host, guest, known):
    groups = {}
    for name, verdict in host.items():
        if name not in guest:
            continue
        row = groups.setdefault(name.split("/")[0], [0, 0, 0, 0])
        row[0] += 1
        row[1] += verdict == "pass"
        row[2] += verdict == "pass" and guest[name] == "pass"
        row[3] += verdict == "pass" and guest[name] != "pass"
    lines = ["| interface | tests | pass on Linux | pass in Linnet | differ |",
             "|---|---|---|---|---|"]
    lines += [f"| {group} | {r[0]} | {r[1]} | {r[2]} | {r[3]} |"
              for group, r in sorted(groups.items())]
    total = [sum(r[i] for r in groups.values()) for i in range(4)]
    lines.append(f"| **all** | {total[0]} | {total[1]} | {total[2]} "
                 f"| {total[3]} |")
    lines += ["", "What passes on Linux and not in Linnet:", ""]
    for name in sorted(guest):
        if host.get(name) == "pass" and guest[name] != "pass":
            reason = reason_of(name, known) or "unknown"
            lines.append(f"* {name}: {guest[name]}: {reason}")
    with open(path, "w", encoding="utf-8") as file:
        file.write("\n".join(lines) + "\n")


def reason_of(name, known):
    for pattern, reason in known.items():
        if fnmatch.fnmatch(name, pattern):
            return reason
    return None


def compare(host, guest, known, verbose):
    passed = failed = excused = 0
    for name in sorted(guest):
        if host.get(name) != "pass":
            continue
        if guest[name] == "pass":
            passed += 1
            if reason_of(name, known):
                print(f"known failure passes: {name}")
            continue
        reason = reason_of(name, known)
        if reason is None:
            failed += 1
            print(f"failed {name}: {guest[name]}")
        else:
            excused += 1
            if verbose:
                print(f"known {name}: {guest[name]}: {reason}")
    allowed = int(KNOWN_MAX * (passed + failed + excused))
    if excused > allowed:
        print(f"{excused} known failures are more than {allowed}")
        failed += 1
    print(f"{excused} known failures")
    if 0 < failed <= ACCIDENTS_MAX:
        print(f"{failed} accidents: look at them if they come again")
        failed = 0
    return passed, failed


def parse_arguments():
    parser = argparse.ArgumentParser(usage=__doc__)
    parser.add_argument("--host-only", action="store_true")
    parser.add_argument("--vmm", default="microvm")
    parser.add_argument("--cpus", type=int, default=4)
    parser.add_argument("--isolate", action="store_true")
    parser.add_argument("--table", default=os.path.join(OUT, "results.md"))
    parser.add_argument("--retry", action="store_true")
    parser.add_argument("--verbose", action="store_true")
    parser.add_argument("patterns", nargs="*")
    return parser.parse_args()


def main():
    options = parse_arguments()
    os.makedirs(OUT, exist_ok=True)
    fetch()
    tests = sources()
    names = build(tests)
    runner = build_runner()
    print(f"{len(tests)} tests, {len(names)} compile", flush=True)
    if options.patterns:
        names = [n for n in names
                 if any(fnmatch.fnmatch(n, p) for p in options.patterns)]
    host = run_host(runner, names)
    counts = {}
    for name in names:
        counts[host[name]] = counts.get(host[name], 0) + 1
    print("host: " + ", ".join(f"{n} {v}" for v, n in sorted(counts.items())),
          flush=True)
    if options.host_only:
        print(f"{counts.get('pass', 0)} passed, 0 failed")
        return 0
    wanted = [n for n in names if host[n] == "pass"]
    guest = run_guest(runner, wanted, options)
    known = known_failures()
    if options.retry:
        retry(runner, guest, known, options)
    write_table(options.table, host, guest, known)
    passed, failed = compare(host, guest, known, options.verbose)
    print(f"{passed} passed, {failed} failed")
    return 1 if failed or not passed else 0


if __name__ == "__main__":
    sys.exit(main())
