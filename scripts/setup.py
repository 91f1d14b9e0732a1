#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Installs the Debian packages that Linnet needs and that are missing.

usage: scripts/setup.py [GROUP]...     groups: build run test; default: all

The list is scripts/packages.list.  Without root it prints the command to run
and exits with status 1.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

LIST = Path(__file__).resolve().parent / "packages.list"


def wanted_packages(groups):
    packages = []
    for line in LIST.read_text().splitlines():
        words = line.split()
        if not words or words[0].startswith("#"):
            continue
        if not groups or words[0] in groups:
            packages.append(words[1])
    return packages


def is_installed(package):
    result = subprocess.run(
        ["dpkg-query", "-W", "-f=${Status}", package],
        capture_output=True, text=True, check=False)
    return result.stdout == "install ok installed"


def main():
    groups = sys.argv[1:]
    if any(group.startswith("-") for group in groups):
        print(__doc__)
        return 0 if groups == ["--help"] else 2
    if shutil.which("dpkg-query") is None:
        print("setup: only Debian and Ubuntu are supported; needed: "
              + " ".join(wanted_packages(groups)), file=sys.stderr)
        return 1
    missing = [p for p in wanted_packages(groups) if not is_installed(p)]
    if not missing:
        return 0
    command = ["apt-get", "install", "-y", "--no-install-recommends", *missing]
    if os.geteuid() != 0:
        print("setup: run: sudo apt-get update && sudo " + " ".join(command),
              file=sys.stderr)
        return 1
    print("setup: installing " + " ".join(missing), flush=True)
    environment = dict(os.environ, DEBIAN_FRONTEND="noninteractive")
    subprocess.run(["apt-get", "update", "-q"], check=True, env=environment,
                   stdout=subprocess.DEVNULL)
    subprocess.run(command, check=True, env=environment,
                   stdout=subprocess.DEVNULL)
    return 0


if __name__ == "__main__":
    sys.exit(main())
