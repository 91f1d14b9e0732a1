#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Runs the ABI checks on this machine's Linux or in Linnet guests.

usage: tests/abi/run.py [OPTION]... [FAMILY[/CHECK]...]

  --host             on this Linux (in a fresh tmpfs as /tmp when root)
  --linux            in a guest with Debian's cloud kernel, on q35 with 2 CPUs:
                     tells what is QEMU's doing and what is Linnet's
  --matrix fast|rest|full
                     the guests to run in: full is microvm and q35, 1 and 4
                     CPUs, ring 0 and --isolate (8 in all); fast is microvm
                     with 4 CPUs and q35 with 1 and --isolate, rest the others
  --vmm NAME --cpus N --isolate    one guest instead of a matrix
  --config NAME      kernel configuration (default)
  --fail-alloc N     with the debug configuration: every Nth allocation of
                     system calls fails; 0: only those that family failure asks
                     for.  With N > 0 checks fail, of course: what counts is
                     that the guest lives
  --jobs N           guests at a time (2)
  --retry            what fails is run once more alone; when it passes then it
                     counts as passed and is listed as flaky
  --json FILE        results: [{where, family, check, verdict, text}]
  --verbose          print passed checks too
  --list             print FAMILY/CHECK for each check

The same static binaries (one for each family) run everywhere.  A check that
ends or hangs its guest is failed, and the family goes on behind it in a new
guest.  A line `abi/FAMILY/CHECK WHERE reason` of tests/disabled.list leaves a
check out where WHERE is `all`, `host`, `guest`, `tcg`, or one of the words of the
guest's name such as q35, isolate, ring0, 1cpu or 4cpu.
Closes with "N passed, N failed".
"""

import argparse
import json
import os
import re
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
OUT = os.path.join(ROOT, "build/tests/abi")
HANG_LIMIT = 240       # seconds for one check, told to the binary
FAMILY_LIMIT = 900     # seconds for a family in one guest
MAX_RETRIES = 24       # failures beyond this many are no accident
MAX_RESTARTS = 8       # guests lost in one family before it is given up
FAST = ("microvm-4cpu-ring0", "q35-1cpu-isolate")
OK_LINE = re.compile(r"^ok (\S+)$")
FAILED_LINE = re.compile(r"^not ok (\S+): (.*)$")


def build():
    subprocess.run(["make", "-s", "-j2", "-C", HERE, f"OUT={OUT}"], check=True)


def family_names():
    return sorted(
        name for name in os.listdir(HERE)
        if os.path.isdir(os.path.join(HERE, name)) and
        any(file.endswith(".c") for file in
            os.listdir(os.path.join(HERE, name))))


def checks_of(family):
    done = subprocess.run([os.path.join(OUT, family), "-l"],
                          capture_output=True, text=True, check=True)
    return done.stdout.split()


class Disabled:
    """tests/disabled.list, the lines that begin with abi/."""

    def __init__(self):
        self.rows = []
        path = os.path.join(ROOT, "tests/disabled.list")
        if not os.path.exists(path):
            return
        with open(path, encoding="utf-8") as file:
            for line in file:
                words = line.split(None, 2)
                if words and words[0].startswith("abi/"):
                    if len(words) < 3:
                        sys.exit(f"disabled.list: no reason: {line}")
                    self.rows.append((words[0][4:], words[1]))

    def in_family(self, family, where):
        names = []
        for name, place in self.rows:
            one_family, _, check = name.partition("/")
            if one_family == family and place in where:
                names.append(check)
        return names


class Host:
    """This machine's Linux."""

    name = "host"
    words = {"all", "host"}

    def run(self, family, arguments):
        command = [os.path.join(OUT, family), *arguments]
        if os.geteuid() == 0:
            command = ["unshare", "-m", "sh", "-c",
                       "mount --bind \"$0\" /mnt && "
                       "mount -t tmpfs -o size=256m tmpfs /tmp && "
                       "exec \"/mnt/$@\"", OUT, family, *arguments]
        try:
            done = subprocess.run(command, stdout=subprocess.PIPE,
                                  stdin=subprocess.DEVNULL, check=False,
                                  timeout=FAMILY_LIMIT)
        except subprocess.TimeoutExpired as hang:
            return (hang.stdout or b"").decode(errors="replace"), "hangs"
        return (done.stdout.decode(errors="replace"),
                f"status {done.returncode}")


class Guest:
    """One kind of Linnet guest."""

    def __init__(self, vmm, cpus, isolate, config="default",
                 fail_alloc=None):
        self.options = {"vmm": vmm, "cpus": cpus, "isolate": isolate,
                        "config": config}
        if fail_alloc is not None:
            self.options["config"] = "debug"
            self.options["kernel_args"] = [f"--fail-alloc={fail_alloc}"]
        ring = "isolate" if isolate else "ring0"
        self.name = f"{vmm}-{cpus}cpu-{ring}"
        self.words = {"all", "guest", "tcg", vmm, f"{cpus}cpu", ring, self.name}

    def run(self, family, arguments):
        from harness import run_guest
        result = run_guest([os.path.join(OUT, family), *arguments],
                           memory="512M", timeout=FAMILY_LIMIT, **self.options)
        return (result.stdout.decode(errors="replace"),
                result.describe(1500))


class LinuxGuest:
    """A Linux guest, see bench/linux_guest.py."""

    name = "linux-guest"
    words = {"all", "linux", "tcg"}

    def __init__(self):
        sys.path.insert(0, os.path.join(ROOT, "bench"))
        import linux_guest
        self.linux = linux_guest
        subprocess.run(["make", "-s", "-C", os.path.join(ROOT, "bench"),
                        f"OUT={linux_guest.OUT}"], check=True)

    def run(self, family, arguments):
        initrd = self.linux.with_init(f"abi-{family}",
                                      os.path.join(OUT, family))
        command = [
            "qemu-system-x86_64", "-M", "q35", "-accel", "tcg,thread=multi",
            "-cpu", "max", "-m", "1G", "-smp", "2", "-nodefaults",
            "-display", "none", "-no-reboot", "-serial", "stdio",
            "-device", "isa-debug-exit,iobase=0xf4,iosize=4",
            "-kernel", self.linux.kernel(), "-initrd", initrd, "-append",
            self.linux.line([f"/abi-{family}", *arguments])]
        try:
            done = subprocess.run(command, stdout=subprocess.PIPE,
                                  stdin=subprocess.DEVNULL, check=False,
                                  timeout=FAMILY_LIMIT)
        except subprocess.TimeoutExpired as hang:
            return (hang.stdout or b"").decode(errors="replace"), "hangs"
        text = done.stdout.decode(errors="replace").replace("\r", "")
        return text, text[-1500:]


class Results:
    """Verdicts of all checks; several threads add to it."""

    def __init__(self, verbose):
        self.lock = threading.Lock()
        self.rows = []
        self.verbose = verbose

    def add(self, where, family, check, verdict, text=""):
        with self.lock:
            self.rows.append({"where": where, "family": family,
                              "check": check, "verdict": verdict,
                              "text": text})
            if verdict == "failed" or self.verbose:
                print(f"{verdict} {where} {family}/{check} {text}".rstrip(),
                      flush=True)

    def failed(self):
        return [row for row in self.rows if row["verdict"] == "failed"]

    def count(self, verdict):
        return sum(row["verdict"] == verdict for row in self.rows)


def run_family(place, family, wanted, excluded, results):
    """Runs the checks of a family, in new guests behind each one that ended
    or hung its guest."""
    pending = [check for check in wanted if check not in excluded]
    for check in excluded:
        if check in wanted:
            results.add(place.name, family, check, "skipped", "disabled")
    everything = checks_of(family)
    last = None
    for _ in range(MAX_RESTARTS + 1):
        if not pending:
            return
        arguments = ["-t", str(HANG_LIMIT)]
        for check in excluded:
            arguments += ["-x", check]
        if last is not None:
            arguments += ["-s", last]
        if wanted != everything:
            arguments += wanted
        try:
            output, ending = place.run(family, arguments)
        except Exception as error:  # the launcher's own failure
            output, ending = "", f"{type(error).__name__}: {error}"
        for line in output.splitlines():
            good, bad = OK_LINE.match(line), FAILED_LINE.match(line)
            if good and good[1] in pending:
                pending.remove(good[1])
                results.add(place.name, family, good[1], "passed")
            elif bad and bad[1] in pending:
                pending.remove(bad[1])
                results.add(place.name, family, bad[1], "failed", bad[2])
        if not pending:
            return
        last = pending.pop(0)
        results.add(place.name, family, last, "failed",
                    f"no verdict: {ending}")
    for check in pending:
        results.add(place.name, family, check, "failed",
                    "not run: too many guests were lost in this family")


def retry(all_places, results):
    """Once more, one at a time, what failed; the guest may have been starved
    by the rest of the run."""
    by_name = {place.name: place for place in all_places}
    failed = results.failed()
    if len(failed) > MAX_RETRIES:
        return
    for row in failed:
        again = Results(False)
        print(f"again: {row['where']} {row['family']}/{row['check']}")
        run_family(by_name[row["where"]], row["family"], [row["check"]], [],
                   again)
        if not again.failed():
            row["verdict"] = "passed"
            print(f"flaky {row['where']} {row['family']}/{row['check']}",
                  flush=True)


def places(options):
    if options.host:
        return [Host()]
    if options.linux:
        return [LinuxGuest()]
    if options.vmm or options.cpus or options.isolate:
        return [Guest(options.vmm or "microvm", options.cpus or 1,
                      options.isolate, options.config, options.fail_alloc)]
    every = [Guest(vmm, cpus, isolate, options.config, options.fail_alloc)
             for isolate in (False, True) for vmm in ("microvm", "q35")
             for cpus in (1, 4)]
    if options.matrix == "full":
        return every
    return [guest for guest in every
            if (guest.name in FAST) == (options.matrix == "fast")]


def parse_arguments():
    parser = argparse.ArgumentParser(usage=__doc__, add_help=True)
    parser.add_argument("--host", action="store_true")
    parser.add_argument("--linux", action="store_true")
    parser.add_argument("--matrix", choices=("fast", "rest", "full"), default="full")
    parser.add_argument("--vmm", choices=("microvm", "q35", "pc"))
    parser.add_argument("--cpus", type=int)
    parser.add_argument("--isolate", action="store_true")
    parser.add_argument("--config", default="default")
    parser.add_argument("--fail-alloc", type=int, metavar="N")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--json")
    parser.add_argument("--retry", action="store_true")
    parser.add_argument("--verbose", action="store_true")
    parser.add_argument("--list", action="store_true")
    parser.add_argument("names", nargs="*")
    return parser.parse_args()


def selection(names):
    """{family: wanted checks, in the order of the binary}"""
    chosen = {}
    for name in names or family_names():
        family, _, check = name.partition("/")
        if family not in family_names():
            sys.exit(f"run.py: no family {family}")
        chosen.setdefault(family, [])
        if check:
            chosen[family].append(check)
    for family, checks in chosen.items():
        known = checks_of(family)
        for check in checks:
            if check not in known:
                sys.exit(f"run.py: no check {check} in {family}")
        chosen[family] = [c for c in known if not checks or c in checks]
    return chosen


def main():
    options = parse_arguments()
    build()
    chosen = selection(options.names)
    if options.list:
        for family, checks in chosen.items():
            print("\n".join(f"{family}/{check}" for check in checks))
        return 0
    if not options.host and not options.linux:
        sys.path.insert(0, os.path.join(ROOT, "tests"))
    results = Results(options.verbose)
    disabled = Disabled()
    all_places = places(options)
    work = [(place, family, checks) for place in all_places
            for family, checks in chosen.items()]
    jobs = 1 if options.host else options.jobs
    with ThreadPoolExecutor(max_workers=jobs) as pool:
        for task in [pool.submit(
                run_family, place, family, checks,
                disabled.in_family(family, place.words), results)
                for place, family, checks in work]:
            task.result()
    if options.retry:
        retry(all_places, results)
    if options.json:
        with open(options.json, "w", encoding="utf-8") as file:
            json.dump(results.rows, file, indent=1)
    if results.count("skipped"):
        print(f"{results.count('skipped')} skipped")
    print(f"{results.count('passed')} passed, "
          f"{results.count('failed')} failed")
    return 1 if results.count("failed") or not results.count("passed") else 0


if __name__ == "__main__":
    sys.exit(main())
