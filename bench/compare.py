#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Measures the same static programs in Linnet and in a Linux guest.

usage: bench/compare.py [OPTION]... [MICRO-NAME]...

  --runs N        pairs of guests, alternating (3)
  --machine NAME  microvm, q35 (default: both)
  --cpus N        CPUs of the guests (2)
  --only PART     micro, boot, memory (default: all)
  --linux-only    no Linnet guest: the baseline alone
  --no-save       leave bench/results and docs/performance.md alone

A whole run replaces bench/results/MACHINE.json and writes docs/performance.md
from the files of all machines; a part (--only, names) is shown, never saved.

Both kernels get the same QEMU command line but for -kernel, -initrd, -append.
A ratio above 1 says that Linnet is so many times better; it is the median over
the pairs, with the smallest and largest pair's.  A guest that does not end in
time is counted as a failed boot and reported.
"""

import argparse
import datetime
import json
import os
import re
import select
import statistics
import subprocess
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

import linux_guest  # noqa: E402
from linux_guest import OUT, ROOT  # noqa: E402

# What each machine model needs to run both kernels with the same words.
MACHINES = {"microvm": "microvm,x-option-roms=off",
            "q35": "q35"}
HANG_LIMIT = 240
BOOT_LIMIT = 30
BOOTS = 10
MICRO = re.compile(r"^micro (\S+) ([0-9.e+-]+) (\S+)\s*$", re.MULTILINE)
MARK = b"hello from main"


class Guest:
    """One kernel: what differs between the two command lines."""

    def __init__(self, name, kernel, initrds, line):
        self.name = name
        self.kernel = kernel
        self.initrds = initrds  # program -> initrd
        self.line = line  # function: machine, program, arguments -> append

    def command(self, machine, cpus, memory, program, arguments=()):
        words = ["qemu-system-x86_64", "-M", MACHINES[machine],
                 "-accel", "tcg,thread=multi", "-cpu", "max",
                 "-m", f"{memory}M", "-smp", str(cpus), "-no-user-config",
                 "-nodefaults", "-display", "none", "-no-reboot",
                 "-serial", "stdio",
                 "-device", "isa-debug-exit,iobase=0xf4,iosize=4"]
        if machine == "microvm":
            words += ["-global", "virtio-mmio.force-legacy=off"]
        words += ["-kernel", self.kernel]
        if self.initrds:
            words += ["-initrd", self.initrds[program]]
        return words + ["-append", self.line(machine, program, arguments)]


def linux():
    files = {"micro": os.path.join(OUT, "micro")}
    return Guest(
        "linux", linux_guest.kernel(),
        {"micro": linux_guest.with_init("micro", files["micro"]),
         "hello": linux_guest.initramfs(
             "hello", {"/init": os.path.join(OUT, "hello")})},
        lambda machine, program, arguments: linux_guest.line(
            ["/micro", *arguments] if program == "micro" else (),
            linux_guest.clock_words() if machine == "microvm" else ()))


def linnet():
    sys.path.insert(0, os.path.join(ROOT, "tools"))
    from linnet import image, kernel, qemu
    images = {name: image.ensure(image.Request(os.path.join(OUT, name),
                                               fs="ramfs"))
              for name in ("micro", "hello")}

    def line(_machine, program, arguments):
        return qemu.kernel_line(["--rootfs=ramfs"],
                                [images[program].program, *arguments])

    return Guest("linnet", kernel.ensure("default"),
                 {name: made.path for name, made in images.items()}, line)


def floor():
    return Guest("floor", os.path.join(OUT, "floor"), {}, lambda *_: "")


def run_to_end(command, limit):
    """(output, seconds) of a guest; output is None when it hung."""
    start = time.monotonic()
    try:
        done = subprocess.run(command, stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE,
                              stderr=subprocess.DEVNULL, timeout=limit,
                              check=False)
    except subprocess.TimeoutExpired:
        return None, limit
    return done.stdout.decode(errors="replace"), time.monotonic() - start


def time_to_mark(command, limit):
    """Milliseconds from the start of QEMU to the mark; None: never came."""
    start = time.monotonic()
    with subprocess.Popen(command, stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE,
                          stderr=subprocess.DEVNULL) as process:
        seen = b""
        result = None
        while time.monotonic() - start < limit:
            ready, _, _ = select.select([process.stdout], [], [], 0.5)
            if not ready:
                continue
            data = os.read(process.stdout.fileno(), 65536)
            if not data:
                break
            seen += data
            if MARK in seen:
                result = (time.monotonic() - start) * 1000
                break
        process.kill()
    return result


class Measured:
    """Values by guest and name; failed boots by guest."""

    def __init__(self):
        self.values = {}
        self.units = {}
        self.failed = {}
        self.started = {}

    def add(self, guest, name, value, unit):
        self.values.setdefault(name, {}).setdefault(guest, []).append(value)
        self.units[name] = unit

    def boot(self, guest, good):
        self.started[guest] = self.started.get(guest, 0) + 1
        self.failed[guest] = self.failed.get(guest, 0) + (not good)

    def ratios(self, name):
        """Of the pairs: how many times better Linnet is."""
        theirs = self.values[name].get("linux", [])
        ours = self.values[name].get("linnet", [])
        if self.units[name] == "MB/s":
            return [o / t for t, o in zip(theirs, ours) if t]
        return [t / o for t, o in zip(theirs, ours) if o]

    def as_json(self):
        rows = {}
        for name, by_guest in self.values.items():
            rows[name] = {"unit": self.units[name], **by_guest}
            ratios = self.ratios(name)
            if ratios:
                rows[name]["ratio"] = {"median": statistics.median(ratios),
                                       "min": min(ratios),
                                       "max": max(ratios)}
        return {"values": rows,
                "boots": {g: {"started": n, "failed": self.failed[g]}
                          for g, n in self.started.items()}}


def measure_micro(guests, machine, options, measured):
    for number in range(options.runs):
        order = guests if number % 2 == 0 else guests[::-1]
        found = {}
        for guest in order:
            output, seconds = run_to_end(
                guest.command(machine, options.cpus, 512, "micro",
                              options.names), HANG_LIMIT)
            good = output is not None and "micro end" in output
            measured.boot(guest.name, good)
            found[guest.name] = dict(
                (name, (float(value), unit))
                for name, value, unit in MICRO.findall(output or ""))
            print(f"  {machine} run {number + 1}: {guest.name} "
                  f"{len(found[guest.name])} values in {seconds:.0f} s"
                  + ("" if good else ", FAILED: "
                     + (output or "hung")[-300:]), flush=True)
        # Pairs only: a value that one guest lacks would shift the others.
        for name in next(iter(found.values())):
            if all(name in values for values in found.values()):
                for guest, values in found.items():
                    measured.add(guest, name, *values[name])


def measure_boot(guests, machine, measured):
    for number in range(BOOTS):
        order = guests if number % 2 == 0 else guests[::-1]
        times = {}
        for guest in order:
            times[guest.name] = time_to_mark(
                guest.command(machine, 1, 128, "hello"), BOOT_LIMIT)
            measured.boot(guest.name, times[guest.name] is not None)
        if all(t is not None for t in times.values()):
            for name, value in times.items():
                measured.add(name, "boot-to-main", value, "ms")
    print(f"  {machine}: boots measured", flush=True)


def smallest(guest, machine, low, high):
    """MiB with which hello still prints, twice in a row; None: not even
    with `high`."""
    def works(memory):
        command = guest.command(machine, 1, memory, "hello")
        return all(time_to_mark(command, BOOT_LIMIT / 2) is not None
                   for _ in range(2))

    if not works(high):
        return None
    while low < high:
        middle = (low + high) // 2
        if works(middle):
            high = middle
        else:
            low = middle + 1
    return high


def measure_memory(guests, machine, measured):
    for guest in guests:
        value = smallest(guest, machine, 1, 256)
        if value is not None:
            measured.add(guest.name, "smallest-memory", value, "MiB")
        print(f"  {machine}: {guest.name} needs {value} MiB", flush=True)


def spread(values):
    if not values:
        return "-"
    middle = statistics.median(values)
    return f"{middle:.3g} ({min(values):.3g}..{max(values):.3g})"


def table(results):
    """The Markdown table of one machine."""
    lines = ["| what | unit | Linux | Linnet | ratio |",
             "|---|---|---|---|---|"]
    for name, row in results["values"].items():
        ratio = row.get("ratio")
        lines.append(
            f"| {name} | {row['unit']} | {spread(row.get('linux'))} "
            f"| {spread(row.get('linnet'))} | "
            + (f"{ratio['median']:.2f} ({ratio['min']:.2f}.."
               f"{ratio['max']:.2f}) |" if ratio else "- |"))
        if row.get("floor"):
            lines.append(f"| {name}, a kernel of ten instructions | "
                         f"{row['unit']} | - | {spread(row['floor'])} | - |")
    boots = ", ".join(f"{g}: {b['failed']} of {b['started']}"
                      for g, b in results["boots"].items())
    return "\n".join(lines) + f"\n\nFailed boots: {boots}.\n"


HEAD = """# Performance

Written by `make bench` (bench/compare.py): do not edit.

The same static program in both guests, on the same QEMU command line,
alternating.  Values are medians over the runs (smallest..largest); a ratio
above 1 says how many times better Linnet is, as the median over the pairs of
runs.  TCG on a shared machine: the values are noisy, the ratios hold better.
"""


RESULTS = os.path.join(ROOT, "bench/results")


def section(machine, report):
    return (f"\n## {machine}\n\n{report['date']}, commit {report['commit']}, "
            f"Linux {report['linux']}, {report['qemu']}, {report['cpus']} "
            f"CPUs, {report['runs']} runs, host: {report['host']}.\n\n"
            + table(report["results"]))


def save(machine, report):
    """Keeps this machine's report, and writes the page of all machines."""
    os.makedirs(RESULTS, exist_ok=True)
    with open(os.path.join(RESULTS, f"{machine}.json"), "w",
              encoding="utf-8") as file:
        json.dump(report, file, indent=1)
        file.write("\n")
    text = HEAD
    for name in MACHINES:
        path = os.path.join(RESULTS, f"{name}.json")
        if os.path.exists(path):
            with open(path, encoding="utf-8") as file:
                text += section(name, json.load(file))
    with open(os.path.join(ROOT, "docs/performance.md"), "w",
              encoding="utf-8") as file:
        file.write(text)


def first_line(command):
    done = subprocess.run(command, capture_output=True, text=True,
                          check=False, cwd=ROOT)
    return done.stdout.splitlines()[0] if done.stdout else "unknown"


def host_name():
    with open("/proc/cpuinfo", encoding="utf-8") as file:
        model = re.search(r"model name\s*: (.*)", file.read())
    return f"{model[1] if model else 'unknown'}, {os.cpu_count()} CPUs"


def parse_arguments():
    parser = argparse.ArgumentParser(usage=__doc__)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--machine", choices=tuple(MACHINES))
    parser.add_argument("--cpus", type=int, default=2)
    parser.add_argument("--only", choices=("micro", "boot", "memory"))
    parser.add_argument("--linux-only", action="store_true")
    parser.add_argument("--no-save", action="store_true")
    parser.add_argument("names", nargs="*")
    return parser.parse_args()


def main():
    options = parse_arguments()
    subprocess.run(["make", "-s", "-C", os.path.join(ROOT, "bench"),
                    f"OUT={OUT}"], check=True)
    guests = [linux()] + ([] if options.linux_only else [linnet()])
    about = {"commit": first_line(["git", "rev-parse", "--short", "HEAD"]),
             "linux": linux_guest.version(),
             "qemu": first_line(["qemu-system-x86_64", "--version"]),
             "host": host_name(), "cpus": options.cpus, "runs": options.runs}
    whole = not (options.only or options.names or options.linux_only)
    failed = 0
    for machine in [options.machine] if options.machine else MACHINES:
        measured = Measured()
        if options.only in (None, "micro"):
            measure_micro(guests, machine, options, measured)
        if options.only in (None, "boot") and not options.names:
            measure_boot(guests + [floor()], machine, measured)
        if options.only in (None, "memory") and not options.names:
            measure_memory(guests, machine, measured)
        report = {"date": datetime.datetime.now().strftime("%Y-%m-%d %H:%M"),
                  **about, "results": measured.as_json()}
        failed += measured.failed.get("linnet", 0)
        print(f"\n{machine}\n" + table(report["results"]))
        if whole and not options.no_save:
            save(machine, report)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
