# SPDX-License-Identifier: BSD-3-Clause
"""Where things are in the tree and on the host."""

import os

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(
    os.path.abspath(__file__))))
BUILD = os.path.join(ROOT, "build")
IMAGES = os.path.join(BUILD, "images")


def build_folder(config, arch):
    return os.path.join(BUILD, f"{config}.{arch}")


def runtime_folder():
    """The folder for files of running VMs, ours and private."""
    base = os.environ.get("XDG_RUNTIME_DIR")
    if base and os.path.isdir(base):
        folder = os.path.join(base, "linnet")
    else:
        temporary = os.environ.get("TMPDIR") or "/tmp"
        folder = os.path.join(temporary, f"linnet-{os.getuid()}")
    os.makedirs(folder, mode=0o700, exist_ok=True)
    status = os.lstat(folder)
    if status.st_uid != os.getuid() or os.path.islink(folder):
        from linnet.errors import Failure
        raise Failure(f"{folder} belongs to someone else",
                      "remove it or set XDG_RUNTIME_DIR")
    os.chmod(folder, 0o700)
    return folder
