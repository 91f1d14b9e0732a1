# SPDX-License-Identifier: BSD-3-Clause
"""Builds the kernel when its sources have changed, and tools when missing.

make decides what to compile; asking it takes most of a second, so it is asked
only when a source's name, size or time differs from the last build's (the
stamp beside the kernel).
"""

import os

from linnet import paths
from linnet.errors import Failure

SOURCES = ("arch", "core", "drivers", "fs", "include", "lib", "linux",
           "loader", "net", "platform", "libc", "modules", "configs")
FILES = ("Makefile", "Kconfig")
SUFFIXES = (".c", ".h", ".S", ".lds", ".def", ".mk", ".list")
BARE = ("Kconfig", "Makefile")


def _walk(folder, rows):
    try:
        entries = list(os.scandir(folder))
    except FileNotFoundError:
        return
    for entry in entries:
        name = entry.name
        if entry.is_dir(follow_symlinks=False):
            if name not in ("tests", "__pycache__"):
                _walk(entry.path, rows)
        elif name.endswith(SUFFIXES) or name in BARE or \
                folder.endswith("configs"):
            status = entry.stat()
            rows.append(f"{status.st_mtime_ns} {status.st_size} {entry.path}")


def fingerprint():
    """One text that changes when a source does."""
    import hashlib
    rows = []
    for name in SOURCES:
        _walk(os.path.join(paths.ROOT, name), rows)
    _walk(os.path.join(paths.ROOT, "scripts", "make"), rows)
    for name in FILES:
        status = os.stat(os.path.join(paths.ROOT, name))
        rows.append(f"{status.st_mtime_ns} {status.st_size} {name}")
    rows.sort()
    return hashlib.sha256("\n".join(rows).encode(
        errors="surrogateescape")).hexdigest()


# In configs/, but not kernels.
NO_KERNELS = {"README.md", "host"}


def kernel_file(config="default", arch="x86_64"):
    return os.path.join(paths.build_folder(config, arch),
                        "kernel-stripped.elf")


def ensure(config="default", arch="x86_64", verbose=False):
    """Returns the kernel to boot, built if need be."""
    if (config in NO_KERNELS or "/" in config or not os.path.exists(
            os.path.join(paths.ROOT, "configs", config))):
        names = ", ".join(sorted(
            set(os.listdir(os.path.join(paths.ROOT, "configs"))) -
            NO_KERNELS))
        raise Failure(f"no configuration {config}", f"there are: {names}")
    if not os.path.exists(os.path.join(paths.ROOT, "arch", arch, "arch.mk")):
        raise Failure(f"this version has no kernel for {arch}",
                      "use --arch x86_64")
    kernel = kernel_file(config, arch)
    stamp = os.path.join(os.path.dirname(kernel), "linnet.stamp")
    now = fingerprint()
    if os.path.exists(kernel) and _read(stamp) == now:
        return kernel
    ensure_tools("build")
    with _Locked():  # another launcher may have built it meanwhile
        if not os.path.exists(kernel) or _read(stamp) != now:
            _make(config, arch, verbose)
            with open(stamp, "w", encoding="ascii") as file:
                file.write(now)
    return kernel


def load_end(path):
    """The first physical address behind the kernel's segments."""
    import struct
    try:
        with open(path, "rb") as file:
            head = file.read(4096)
        offset, = struct.unpack_from("<Q", head, 32)
        count, = struct.unpack_from("<H", head, 56)
        rows = [struct.unpack_from("<IIQQQQQQ", head, offset + 56 * i)
                for i in range(count)]
    except (OSError, struct.error):
        return 0
    return max((row[4] + row[6] for row in rows if row[0] == 1), default=0)


def _read(path):
    try:
        with open(path, encoding="ascii") as file:
            return file.read()
    except OSError:
        return ""


class _Locked:
    """One launcher at a time builds in this tree."""

    def __enter__(self):
        import fcntl
        os.makedirs(paths.BUILD, exist_ok=True)
        self.file = open(os.path.join(paths.BUILD, ".linnet.lock"), "w",
                         encoding="ascii")
        fcntl.flock(self.file, fcntl.LOCK_EX)

    def __exit__(self, *_):
        self.file.close()


def build(config, arch, verbose=False, words=()):
    """Runs make whatever the stamp says."""
    ensure_tools("build")
    with _Locked():
        _make(config, arch, verbose, words)


def _make(config, arch, verbose, words=()):
    """Runs make; its output is shown if it fails.  Locked."""
    import subprocess
    import sys
    jobs = os.environ.get("LINNET_JOBS") or os.cpu_count() or 1
    command = ["make", f"-j{jobs}", "kernel",
               f"CONFIG={config}", f"ARCH={arch}", *words]
    if not verbose:
        command.insert(1, "-s")
        print("linnet: building the kernel", file=sys.stderr, flush=True)
    result = subprocess.run(
        command, cwd=paths.ROOT, stdin=subprocess.DEVNULL, check=False,
        stdout=None if verbose else subprocess.PIPE,
        stderr=None if verbose else subprocess.STDOUT, env=_clean())
    if result.returncode != 0:
        messages = [line for line in (result.stdout or b"").splitlines(True)
                    if not line.startswith(b"  ")]
        sys.stderr.buffer.write(b"".join(messages[-60:]))
        raise Failure(f"the kernel does not build: {' '.join(command)}",
                      "see the messages above")


def _clean():
    """Our environment without what an outer make left in it."""
    return {k: v for k, v in os.environ.items()
            if k not in ("MAKEFLAGS", "MFLAGS", "MAKELEVEL", "OUT")}


# --- tools of the host -------------------------------------------------------

# Group of scripts/packages.list -> commands that show it is installed.
TOOLS = {
    "build": ("gcc", "make", "ld"),
    "run": ("qemu-system-x86_64",),
    "erofs": ("mkfs.erofs",),
    "convert": ("qemu-img",),
}
GROUPS = {"build": "build", "run": "run", "erofs": "run", "convert": "run"}


def ensure_tools(*kinds):
    """Installs through scripts/setup.py what is missing."""
    groups = []
    for kind in kinds:
        for tool in TOOLS[kind]:
            if tool.startswith("qemu-system") and \
                    (os.environ.get("LINNET_QEMU") or
                     os.environ.get("QEMU_PATH")):
                continue
            if not paths.find_tool(tool):
                groups.append(GROUPS[kind])
    if "build" in kinds and not _has_kconfiglib():
        groups.append("build")
    if groups:
        setup(sorted(set(groups)))


def _has_kconfiglib():
    import importlib.util
    return os.path.exists("/usr/lib/python3/dist-packages/kconfiglib.py") or \
        importlib.util.find_spec("kconfiglib") is not None


def setup(groups):
    import subprocess
    import sys
    result = subprocess.run(
        [sys.executable, os.path.join(paths.ROOT, "scripts", "setup.py"),
         *groups], stdin=subprocess.DEVNULL, stdout=sys.stderr, check=False)
    if result.returncode != 0:
        raise Failure("tools that Linnet needs are missing",
                      "see the line above, or scripts/packages.list")
