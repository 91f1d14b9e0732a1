# SPDX-License-Identifier: BSD-3-Clause
"""Where things are in the tree and on the host."""

import os

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(
    os.path.abspath(__file__))))
BUILD = os.path.join(ROOT, "build")
SYSTEM_FOLDERS = "/usr/sbin:/usr/bin:/sbin:/bin"


def images_folder():
    """build/images, or the user's cache when the tree is someone else's."""
    if os.access(BUILD if os.path.isdir(BUILD) else ROOT, os.W_OK):
        return os.path.join(BUILD, "images")
    cache = os.environ.get("XDG_CACHE_HOME") or \
        os.path.join(os.path.expanduser("~"), ".cache")
    return os.path.join(cache, "linnet", "images")


IMAGES = images_folder()


def find_tool(name):
    """A program of the host; administrators' folders are searched too."""
    import shutil
    path = os.environ.get("PATH", "")
    return shutil.which(name, path=f"{path}:{SYSTEM_FOLDERS}")


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
