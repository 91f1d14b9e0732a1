# SPDX-License-Identifier: BSD-3-Clause
"""A root folder from the Debian packages that this machine has installed.

    folder = stage("compiler", ["gcc", "make", "bash", "coreutils"])

The packages come with all that they depend on, without documentation; the
folder is build/tests/rootfs/NAME and is made again when a package changes.
"""

import fcntl
import hashlib
import os
import re
import shutil
import subprocess

from harness.guest import ROOT

LEFT_OUT = re.compile(
    r"lto1$|lto-dump|lib[at]san|"
    r"^/(usr/share/(doc|man|info|locale|lintian|bug|zoneinfo|common-licenses|"
    r"perl|pixmaps|icons|bash-completion)|var|boot|dev|proc|sys|run|etc/init|"
    r"etc/cron|etc/systemd|lib/systemd|usr/lib/systemd)(/|$)")
BASE = {  # what a system has besides packages
    "etc/passwd": "root:x:0:0:root:/root:/bin/bash\n"
                  "nobody:x:65534:65534:nobody:/nonexistent:/bin/sh\n",
    "etc/group": "root:x:0:\nnogroup:x:65534:\n",
    "etc/hosts": "127.0.0.1 localhost\n",
}


class NotInstalled(Exception):
    """A package that this machine does not have."""


def closure(names):
    """The packages and all that they depend on."""
    from linnet.packages import Database
    database = Database()
    database.read_lists()
    missing = [n for n in names if n not in database.packages]
    if missing:
        raise NotInstalled(", ".join(missing))
    found, work = set(), list(names)
    while work:
        name = work.pop()
        if name in found:
            continue
        found.add(name)
        for alternatives in database.depends(name):
            other = database.installed(alternatives)
            if other is not None:
                work.append(other)
    return database, sorted(found)


def _files(database, names):
    """Paths of the packages' files, and links to them by alternatives."""
    paths = set()
    for name in names:
        for line in os.fsdecode(database.lists.get(name, b"")).split("\n"):
            if line and line != "/." and not LEFT_OUT.search(line):
                paths.add(line)
    real = {os.path.realpath(p) for p in paths}
    for folder in ("/usr/bin", "/usr/sbin"):
        for entry in os.scandir(folder):
            if entry.is_symlink() and entry.path not in paths and \
                    os.path.realpath(entry.path) in real:
                paths.add(entry.path)
                target = os.readlink(entry.path)
                if target.startswith("/etc/alternatives/"):
                    paths.add(target)
    return sorted(paths)


def _copy(path, folder):
    parent = os.path.realpath(os.path.dirname(path))
    target = folder + os.path.join(parent, os.path.basename(path))
    if os.path.lexists(target):
        return
    if os.path.islink(path):
        os.makedirs(os.path.dirname(target), exist_ok=True)
        os.symlink(os.readlink(path), target)
    elif os.path.isdir(path):
        os.makedirs(target, exist_ok=True)
    elif os.path.isfile(path) and os.access(path, os.R_OK):
        os.makedirs(os.path.dirname(target), exist_ok=True)
        shutil.copy2(path, target)


def stage(name, packages):
    """Makes the folder if need be; returns its path."""
    database, names = closure(packages)
    key = hashlib.sha256("\n".join(
        f"{n} {database.packages[n].get('Version')}" for n in names
    ).encode()).hexdigest()
    folder = os.path.join(ROOT, "build/tests/rootfs", name)
    stamp = folder + ".packages"
    os.makedirs(os.path.dirname(folder), exist_ok=True)
    with open(folder + ".lock", "w", encoding="utf-8") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        return _make(folder, stamp, key, database, names)


def _make(folder, stamp, key, database, names):
    """The lock is held."""
    if os.path.exists(stamp):
        with open(stamp, encoding="utf-8") as file:
            if file.read() == key:
                return folder
    shutil.rmtree(folder, ignore_errors=True)
    for alias in ("bin", "sbin", "lib", "lib64"):
        os.makedirs(os.path.join(folder, "usr", alias))
        os.symlink("usr/" + alias, os.path.join(folder, alias))
    for path in _files(database, names):
        _copy(path, folder)
    for path in ("tmp", "root", "dev", "proc", "sys", "run", "var/tmp"):
        os.makedirs(os.path.join(folder, path), exist_ok=True)
    for path, text in BASE.items():
        os.makedirs(os.path.dirname(os.path.join(folder, path)),
                    exist_ok=True)
        with open(os.path.join(folder, path), "w", encoding="utf-8") as file:
            file.write(text)
    shutil.copy2("/etc/ld.so.cache", os.path.join(folder, "etc"))
    subprocess.run(["ldconfig", "-r", folder], check=False,
                   stderr=subprocess.DEVNULL)
    with open(stamp, "w", encoding="utf-8") as file:
        file.write(key)
    return folder
