# SPDX-License-Identifier: BSD-3-Clause
"""A Linux guest to compare with: Debian's cloud kernel and a small initramfs.

The kernel's package is downloaded by apt and unpacked below build/bench, never
installed.  The initramfs holds busybox-static, our init and the program.
"""

import os
import re
import shutil
import subprocess

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
OUT = os.path.join(ROOT, "build/bench")
META_PACKAGE = "linux-image-cloud-amd64"
BUSYBOX = "/bin/busybox"


def run(command, **options):
    return subprocess.run(command, check=True, **options)


def kernel():
    """Path of the kernel, downloaded when it is not there."""
    folder = os.path.join(OUT, "linux")
    boot = os.path.join(folder, "boot")
    if not os.path.isdir(boot):
        os.makedirs(folder, exist_ok=True)
        name = subprocess.run(["apt-cache", "depends", META_PACKAGE],
                              capture_output=True, text=True,
                              check=False).stdout
        match = re.search(r"Depends: (linux-image-\S+)", name)
        if match is None:
            raise SystemExit(f"bench: apt knows no {META_PACKAGE}; "
                             "run apt-get update")
        run(["apt-get", "download", "-q", match[1]], cwd=folder,
            stdout=subprocess.DEVNULL)
        package = next(f for f in os.listdir(folder) if f.endswith(".deb"))
        run(["dpkg-deb", "-x", os.path.join(folder, package), folder])
        os.unlink(os.path.join(folder, package))
        shutil.rmtree(os.path.join(folder, "lib"), ignore_errors=True)
    image = next(f for f in sorted(os.listdir(boot))
                 if f.startswith("vmlinuz-"))
    return os.path.join(boot, image)


def version():
    return os.path.basename(kernel()).removeprefix("vmlinuz-")


def initramfs(name, files):
    """An initramfs of {guest path: host path}; returns its path."""
    tree = os.path.join(OUT, f"initramfs.{name}")
    shutil.rmtree(tree, ignore_errors=True)
    for guest, host in files.items():
        path = os.path.join(tree, guest.lstrip("/"))
        os.makedirs(os.path.dirname(path), exist_ok=True)
        shutil.copy(host, path)
        os.chmod(path, 0o755)
    os.makedirs(os.path.join(tree, "dev"), exist_ok=True)
    # Without a console node the first process has no standard output.
    node = os.path.join(tree, "dev/console")
    if os.geteuid() == 0:
        os.mknod(node, 0o600 | 0o020000, os.makedev(5, 1))
    path = f"{tree}.cpio"
    listing = subprocess.run(["find", ".", "-mindepth", "1"], cwd=tree,
                             capture_output=True, text=True, check=True)
    with open(path, "wb") as file:
        run(["cpio", "-o", "-H", "newc", "--quiet", "-R", "0:0"], cwd=tree,
            input=listing.stdout.encode(), stdout=file)
    return path


def with_init(name, program, extra=()):
    """Our init, busybox and a program at /NAME."""
    files = {"/init": os.path.join(OUT, "init"), f"/{name}": program}
    if os.path.exists(BUSYBOX):
        files["/bin/busybox"] = BUSYBOX
    files.update(dict(extra))
    return initramfs(name, files)


def clock_words():
    """For a machine whose only clock is the PIT, against which the kernel does
    not manage to calibrate on a loaded host, and hangs: the rate of the cycle
    counter, which is the host's."""
    with open("/proc/cpuinfo", encoding="utf-8") as file:
        match = re.search(r"cpu MHz\s*: ([0-9.]+)", file.read())
    if match is None:
        return []
    khz = int(float(match[1]) * 1000)
    return [f"tsc_early_khz={khz}", f"lpj={khz * 2}"]


def line(argv=(), more=()):
    """The kernel's command line, with `more` words; init gets argv.

    Four levels of page tables, as on most machines: the fifth, which QEMU
    offers, only makes Linux slower.
    """
    words = ["console=ttyS0", "quiet", "loglevel=0", "panic=-1",
             "random.trust_cpu=on", "no5lvl", *more]
    return " ".join(words + (["--", *argv] if argv else []))
