# SPDX-License-Identifier: BSD-3-Clause
"""What the tests of tools/linnet share."""

import os
import subprocess
import sys
import tempfile
import unittest

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(
    os.path.abspath(__file__))))
LINNET = os.path.join(ROOT, "linnet")
FAKE_QEMU = os.path.join(ROOT, "tests/tools/fake_qemu.py")
sys.path.insert(0, os.path.join(ROOT, "tools"))

from linnet import paths  # noqa: E402


def has(path):
    return os.path.exists(path)


def fake_environment(script="", **more):
    """The environment in which ./linnet starts the stand-in for QEMU."""
    return {**os.environ, "LINNET_QEMU": FAKE_QEMU, "FAKE_GUEST": script,
            "LINNET_KERNEL": "/dev/null", **more}


def linnet(*words, script="", stdin=b"", timeout=60, **more):
    """Runs ./linnet; returns the finished process (bytes)."""
    return subprocess.run(
        [LINNET, *words], input=stdin, timeout=timeout, check=False,
        env=fake_environment(script, **more), stdout=subprocess.PIPE,
        stderr=subprocess.PIPE)


class TemporaryFolder(unittest.TestCase):
    """A test with a folder of its own and a cache of images in it."""

    def setUp(self):
        holder = tempfile.TemporaryDirectory(prefix="linnet-test-")
        self.addCleanup(holder.cleanup)
        self.folder = holder.name
        old = paths.IMAGES
        self.addCleanup(setattr, paths, "IMAGES", old)
        paths.IMAGES = os.path.join(self.folder, "images")

    def path(self, name):
        return os.path.join(self.folder, name)

    def write(self, name, data, mode=0o644):
        path = self.path(name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "wb") as file:
            file.write(data if isinstance(data, (bytes, bytearray)) else data.encode())
        os.chmod(path, mode)
        return path
