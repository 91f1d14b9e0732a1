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


def read_list():
    """Group -> its packages."""
    packages = {}
    for line in LIST.read_text().splitlines():
        words = line.split()
        if words and not words[0].startswith("#"):
            packages.setdefault(words[0], []).append(words[1])
    return packages


def is_installed(package):
    result = subprocess.run(
        ["dpkg-query", "-W", "-f=${Status}", package],
        capture_output=True, text=True, check=False)
    return result.stdout == "install ok installed"


def main():
    if sys.argv[1:] in (["--help"], ["-h"]):
        print(__doc__, end="")
        return 0
    listed = read_list()
    groups = sys.argv[1:] or list(listed)
    for group in groups:
        if group not in listed:
            print(f"setup: unknown argument {group}; groups: "
                  + " ".join(listed), file=sys.stderr)
            return 2
    wanted = [package for group in groups for package in listed[group]]
    if shutil.which("dpkg-query") is None:
        print("setup: only Debian and Ubuntu are supported; needed: "
              + " ".join(wanted), file=sys.stderr)
        return 1
    missing = [package for package in wanted if not is_installed(package)]
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
