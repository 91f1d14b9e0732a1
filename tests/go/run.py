#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Go's own tests of its packages about processes, host against guest.

usage: tests/go/run.py [OPTION]... [PACKAGE]...

  --go PATH          the go command (/usr/bin/go, else the one in $PATH)
  --run REGEX        only these tests (go test -run)
  --vmm NAME --cpus N --isolate --config NAME    the guest (microvm, 2 CPUs)
  --timeout N        seconds for each package (600)
  --host-only        run on this machine only
  --verbose          print the output of tests that fail

Each package's tests are built with `go test -c` into build/go and run in the
package's folder of GOROOT, as `go test` does, each in a guest of its own.
Without names: those of PACKAGES.  differences.list: tests/harness/suite.py;
its names are PACKAGE.TEST.  Closes with "N passed, N failed".
"""

import argparse
import os
import re
import shutil
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
sys.path.insert(0, os.path.join(ROOT, "tests"))

from harness import run_guest  # noqa: E402
from harness.rootfs import stage  # noqa: E402
from harness.suite import Comparison, read_differences  # noqa: E402

PACKAGES = ("os/exec", "os/signal", "syscall", "os")
# What the tests call.
PROGRAMS = ["bash", "dash", "coreutils", "hostname", "grep", "procps",
            "netbase", "tzdata"]
ENVIRONMENT = {"HOME": "/tmp", "PATH": "/usr/bin:/bin:/usr/sbin:/sbin"}
VERDICT = re.compile(r"^ *--- (PASS|FAIL|SKIP): (\S+) \(", re.MULTILINE)
STARTED = re.compile(r"^=== RUN +(\S+)$", re.MULTILINE)
NAMES = {"PASS": "ok", "FAIL": "FAIL", "SKIP": "skipped"}


class Toolchain:
    def __init__(self, command):
        self.command = command
        self.root = os.path.realpath(self.ask("GOROOT") + "/src")
        self.version = self.ask("GOVERSION")
        self.binary = os.path.join(self.ask("GOROOT"), "bin/go")

    def ask(self, name):
        return subprocess.run(
            [self.command, "env", name], check=True, text=True,
            stdout=subprocess.PIPE).stdout.strip()

    def build(self, package):
        """The package's test program."""
        folder = os.path.join(ROOT, "build/go", self.version)
        program = os.path.join(folder, package.replace("/", "_") + ".test")
        subprocess.run(
            [self.command, "test", "-c", "-o", program, package], check=True,
            env={**os.environ, "GOCACHE": os.path.join(folder, "cache"),
                 "GOFLAGS": "-buildvcs=false", "GOTOOLCHAIN": "local"})
        return program


def verdicts(package, text):
    """{PACKAGE.TEST: "ok", "FAIL", "skipped" or "lost"}"""
    found = {f"{package}.{name}": "lost" for name in STARTED.findall(text)}
    for word, name in VERDICT.findall(text):
        found[f"{package}.{name}"] = NAMES[word]
    return found


def command(program, options):
    words = [program, "-test.v", f"-test.timeout={options.timeout}s"]
    return words + ([f"-test.run={options.run}"] if options.run else [])


def on_host(words, folder, options):
    try:
        done = subprocess.run(
            words, cwd=folder, stdin=subprocess.DEVNULL, env=ENVIRONMENT,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            timeout=options.timeout, check=False)
    except subprocess.TimeoutExpired as late:
        return (late.stdout or b"").decode(errors="replace")
    return done.stdout.decode(errors="replace")


def in_guest(go, words, folder, options):
    program = "/test/" + os.path.basename(words[0])
    result = run_guest(
        ["/usr/bin/env", program, *words[1:]], cwd=folder, tmpfs=["/tmp"],
        env=ENVIRONMENT, rootfs=stage("go", PROGRAMS),
        files={folder: folder, program: words[0],
               "/usr/bin/go": os.path.realpath(go.binary)}, memory="512M",
        cpus=options.cpus, vmm=options.vmm, isolate=options.isolate,
        config=options.config, timeout=options.timeout)
    if result.status not in (0, 1):
        print(result.describe(2000))
    return (result.stdout + result.stderr).decode(errors="replace")


def output_of(text, test):
    """What a test printed."""
    parts = re.split(r"^=== (?:RUN|CONT) +(\S+)$", text, flags=re.MULTILINE)
    return "".join(body for name, body in zip(parts[1::2], parts[2::2])
                   if name == test)[-3000:]


def compare(go, package, options, comparison):
    folder = os.path.join(go.root, package)
    words = command(go.build(package), options)
    host_text = on_host(words, folder, options)
    host = verdicts(package, host_text)
    if options.host_only:
        print("\n".join(f"{v} {t}" for t, v in host.items() if v != "ok"))
        print(f"{package}: {sum(v == 'ok' for v in host.values())} pass")
        return
    text = in_guest(go, words, folder, options)
    comparison.add(
        f"{go.version} {package}", host, verdicts(package, text),
        (lambda test: output_of(text, test.removeprefix(f"{package}.")))
        if options.verbose else None)


def main():
    parser = argparse.ArgumentParser(usage=__doc__)
    parser.add_argument("--go")
    parser.add_argument("--run")
    parser.add_argument("--vmm", default="microvm")
    parser.add_argument("--cpus", type=int, default=2)
    parser.add_argument("--isolate", action="store_true")
    parser.add_argument("--config", default="default")
    parser.add_argument("--timeout", type=int, default=600)
    parser.add_argument("--host-only", action="store_true")
    parser.add_argument("--verbose", action="store_true")
    parser.add_argument("names", nargs="*")
    options = parser.parse_args()
    found = options.go or shutil.which("/usr/bin/go") or shutil.which("go")
    if not found:
        print("skipped: no go command")
        print("0 passed, 0 failed")
        return 0
    comparison = Comparison(
        read_differences(os.path.join(HERE, "differences.list")))
    go = Toolchain(found)
    for package in options.names or PACKAGES:
        compare(go, package, options, comparison)
    return comparison.close()


if __name__ == "__main__":
    sys.exit(main())
