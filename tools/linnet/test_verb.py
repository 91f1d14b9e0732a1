# SPDX-License-Identifier: BSD-3-Clause
"""scripts/test.py: the guest tests, under the name that OSv's users know.

Two suites: abi (tests/abi/run.py, Linux programs that check system calls) and
apps (tests/harness/apps.py, programs of this machine).
"""

import os
import subprocess
import sys

from linnet import paths
from linnet.arguments import Option, Parser, parse_count
from linnet.errors import Failure

OPTIONS = [
    Option("-v --verbose", None, "print passed tests too"),
    Option("-r --repeat", None, "repeat until one fails"),
    Option("-c --count", "N", "repeat N times (1)", default="1"),
    Option("-n --name", "PATTERN", "only these: apps row or abi "
           "FAMILY[/CHECK]", many=True),
    Option("-d --disable", "NAME", refused="write a line into "
           "tests/disabled.list"),
    Option("-p --hypervisor", "NAME", "qemu or qemu_microvm", choices=(
        "qemu", "qemu_microvm", "firecracker"), default="qemu_microvm"),
    Option("--cpus", "N", "CPUs of each guest"),
    Option("--isolate", None, "run the programs in ring 3"),
    Option("--config", "NAME", "kernel configuration"),
    Option("--arch", "ARCH", "x86_64", default="x86_64",
           choices=("x86_64",)),
    Option("--linux_ld", None, "accepted: programs always use their own "
           "dynamic linker"),
    Option("-h --help", None, "this text"),
    Option("-s --single", refused="each test has a guest of its own"),
    Option("-m --manifest", "FILE", refused="tests bring their own images"),
    Option("--run_options", "TEXT", refused="use --cpus and -p"),
]
HELP = """\
usage: scripts/test.py [OPTION]... [abi] [apps]

Runs the guest tests; closes with "N passed, N failed".

{options}

examples:
  scripts/test.py
  scripts/test.py apps -n 'python*'
  scripts/test.py abi -n signal -p qemu --cpus 4
  scripts/test.py -r abi -n futex
"""
SUITES = ("abi", "apps")


def command(suite, values):
    script = {"abi": "tests/abi/run.py", "apps": "tests/harness/apps.py"}
    words = [sys.executable, os.path.join(paths.ROOT, script[suite])]
    words += ["--vmm", "q35" if values.hypervisor == "qemu" else "microvm"]
    if values.cpus:
        words += ["--cpus", str(parse_count(values.cpus, "--cpus", 1, 255))]
    elif suite == "abi":
        words += ["--cpus", "1"]
    words += ["--isolate"] if values.isolate else []
    words += ["--verbose"] if values.verbose else []
    words += ["--config", values.config] if values.config else []
    return words + values.name


def test(words):
    parser = Parser("scripts/test.py", OPTIONS)
    values, suites = parser.parse(words)
    if values.help:
        print(HELP.format(options=parser.help_lines()), end="")
        return 0
    if values.hypervisor == "firecracker":
        raise Failure("-p firecracker has no meaning yet",
                      "-p qemu or -p qemu_microvm")
    for suite in suites:
        if suite not in SUITES:
            raise Failure(f"{suite}: no such suite", "abi or apps")
    rounds = parse_count(values.count, "-c", 1, 1000000)
    done = 0
    while values.repeat or done < rounds:
        for suite in suites or SUITES:
            status = subprocess.run(command(suite, values),
                                    check=False).returncode
            if status != 0:
                return status
        done += 1
    return 0
