#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""stress-ng in Linnet guests: no failure, no lost guest, no leak.

usage: tests/stress/run.py [OPTION]... [STRESSOR]...

  --fast             those that stressors.list marks so, 2 s each
  --class NAME       cpu, memory, vm, scheduler, os (default: all)
  --seconds N        for each stressor (10)
  --cpus N           and as many instances of each stressor (4)
  --vmm NAME --isolate --config NAME    the guest
  --group N          stressors for each guest (12)
  --jobs N           guests at a time (1)
  --retry            what fails is run once more alone; passed then: flaky
  --soak SECONDS     instead: the stressors named (default: SOAK below) beside
                     each other in one guest, one instance of each; a line of
                     progress every 10 s; one that stops is a failure

A stressor passes when stress-ng --verify ends with status 0 and free memory
is back within LEAK_MAX KiB (in one of three runs: a leak comes with each).
Statuses 3 and 4 (no resource, not implemented)
are skipped and told.  tests/disabled.list leaves out with lines
`stress/NAME reason`.  Closes with "N passed, N failed".
"""

import argparse
import os
import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
OUT = os.path.join(ROOT, "build/tests")
PROGRAM = "/usr/bin/stress-ng"
LEAK_MAX = 1024  # KiB
SLACK = 90       # seconds a guest may take beyond what its stressors do
LINE = re.compile(r"^stress (\S+) exit (\d+) leak (-?\d+)\s*$", re.MULTILINE)
SKIPPED = {3: "not enough resources", 4: "not implemented"}


SOAK = ("context", "fork", "futex", "mutex", "nanosleep", "pipe", "poll",
        "pthread", "sem", "sem-sysv", "signal", "sigq", "switch", "timer",
        "timerfd", "vm")
SOAK_END = re.compile(r"^soak end (\d+)\s*$", re.MULTILINE)


def build(name):
    runner = os.path.join(OUT, f"stress-{name}")
    os.makedirs(OUT, exist_ok=True)
    subprocess.run(["gcc", "-std=gnu11", "-D_GNU_SOURCE", "-O2", "-static",
                    "-Wall", "-Wextra", "-o", runner,
                    os.path.join(HERE, f"{name}.c")], check=True)
    return runner


def program_files():
    """stress-ng, its libraries and its interpreter."""
    listing = subprocess.run(["ldd", PROGRAM], capture_output=True, text=True,
                             check=True).stdout
    paths = re.findall(r"(/\S+) \(0x", listing)
    return {path: os.path.realpath(path) for path in [PROGRAM, *paths]}


def stressors(options):
    rows = []
    with open(os.path.join(HERE, "stressors.list"), encoding="utf-8") as file:
        for line in file:
            words = line.split()
            if words and not words[0].startswith("#"):
                rows.append((words[0], words[1], "fast" in words[2:]))
    if options.names:
        return options.names
    return [name for kind, name, fast in rows
            if (not options.fast or fast) and
            options.kind in (None, kind)]


def disabled():
    found = {}
    path = os.path.join(ROOT, "tests/disabled.list")
    with open(path, encoding="utf-8") as file:
        for line in file:
            words = line.split(None, 1)
            if len(words) == 2 and words[0].startswith("stress/"):
                found[words[0][7:]] = words[1].strip()
    return found


def run_group(runner, names, options):
    """{name: (verdict, text)} of one guest's stressors."""
    sys.path.insert(0, os.path.join(ROOT, "tests"))
    from harness import run_guest
    results = {}
    pending = list(names)
    while pending:
        result = run_guest(
            [runner, str(options.seconds), str(options.cpus), *pending],
            files=program_files(), memory=options.memory,
            cpus=options.cpus, vmm=options.vmm, isolate=options.isolate,
            config=options.config,
            timeout=SLACK + len(pending) * (options.seconds * 5 + 15))
        output = result.stdout.decode(errors="replace")
        for name, status, leak in LINE.findall(output):
            if name in pending:
                pending.remove(name)
                results[name] = verdict(int(status), int(leak),
                                        result.stderr)
        if pending and "stress end" not in output:
            lost = pending.pop(0)
            results[lost] = ("failed", "lost guest: " + result.describe(1500))
        elif pending:
            break
    for name in pending:
        results[name] = ("failed", "no verdict")
    return results


def verdict(status, leak, errors):
    if status in SKIPPED:
        return "skipped", SKIPPED[status]
    if status != 0:
        text = errors.decode(errors="replace")[-1500:]
        return "failed", f"status {status}\n{text}"
    if leak > LEAK_MAX:
        return "failed", f"{leak} KiB did not come back"
    return "passed", f"{leak} KiB less free"


def soak(options):
    sys.path.insert(0, os.path.join(ROOT, "tests"))
    from harness import run_guest

    def show(data):
        sys.stdout.write(data.decode(errors="replace"))
        sys.stdout.flush()

    result = run_guest(
        [build("soak"), str(options.soak), "1", *(options.names or SOAK)],
        files=program_files(), memory=options.memory, cpus=options.cpus,
        vmm=options.vmm, isolate=options.isolate, config=options.config,
        timeout=options.soak * 2 + 300, on_output=show)
    output = result.stdout.decode(errors="replace")
    end = SOAK_END.search(output)
    if end is None or result.status != 0:
        print(f"failed soak: {result.describe(1500)}")
    failures = int(end.group(1)) if end else 1
    print(f"{0 if failures or result.status else 1} passed, "
          f"{max(failures, 1 if result.status else 0)} failed")
    return 1 if failures or result.status else 0


def parse_arguments():
    parser = argparse.ArgumentParser(usage=__doc__)
    parser.add_argument("--fast", action="store_true")
    parser.add_argument("--class", dest="kind",
                        choices=("cpu", "memory", "vm", "scheduler", "os"))
    parser.add_argument("--seconds", type=int)
    parser.add_argument("--cpus", type=int, default=4)
    parser.add_argument("--memory", default="2G")
    parser.add_argument("--vmm", default="microvm")
    parser.add_argument("--isolate", action="store_true")
    parser.add_argument("--config", default="default")
    parser.add_argument("--group", type=int, default=12)
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--retry", action="store_true")
    parser.add_argument("--verbose", action="store_true")
    parser.add_argument("--soak", type=int, metavar="SECONDS")
    parser.add_argument("names", nargs="*")
    options = parser.parse_args()
    options.seconds = options.seconds or (2 if options.fast else 10)
    return options


def main():
    options = parse_arguments()
    if not os.path.exists(PROGRAM):
        print("stress-ng is not installed: run scripts/setup.py test")
        print("0 passed, 1 failed")
        return 1
    runner = build("runner")
    if options.soak:
        return soak(options)
    left_out = disabled()
    names = stressors(options)
    for name in [n for n in names if n in left_out]:
        print(f"skipped {name}: disabled: {left_out[name]}")
    names = [n for n in names if n not in left_out]
    groups = [names[i:i + options.group]
              for i in range(0, len(names), options.group)]
    counts = {"passed": 0, "failed": 0, "skipped": 0}
    with ThreadPoolExecutor(max_workers=options.jobs) as pool:
        for results in pool.map(
                lambda group: run_group(runner, group, options), groups):
            for name, (what, text) in results.items():
                if what == "failed" and options.retry:
                    print(f"again {name}: {text}", flush=True)
                    again = run_group(runner, [name], options)
                    if again[name][0] == "passed":
                        print(f"flaky {name}")
                        what, text = again[name]
                counts[what] += 1
                if what != "passed" or options.verbose:
                    print(f"{what} {name}: {text}", flush=True)
    print(f"{counts['skipped']} skipped")
    print(f"{counts['passed']} passed, {counts['failed']} failed")
    return 1 if counts["failed"] or not counts["passed"] else 0


if __name__ == "__main__":
    sys.exit(main())
