# SPDX-License-Identifier: BSD-3-Clause
"""EROFS images: made by mkfs.erofs, read here.

Making: the tree is staged as hard links to the host's files (copies where the
host refuses links), because mkfs.erofs reads a folder.
Reading (Linux, Documentation/filesystems/erofs.rst): uncompressed files, which
are the only ones that we make; what the disk says is checked.
"""

import os
import shutil
import stat
import struct
import tempfile

from linnet import paths
from linnet.errors import Failure

MAGIC = 0xe0f5e1e2
LAYOUT_PLAIN, LAYOUT_INLINE = 0, 2
BLOCK_BITS = (9, 16)
# The same contents give the same bytes.
VOLUME_UUID = "6c696e6e-6574-4000-8000-000000000001"


def _stage(tree, folder):
    """Writes the tree below an empty folder."""
    linkable = {}
    for path, node in tree.sorted():
        target = folder + path
        if node.kind == "d":
            if path != "/":
                os.mkdir(target, 0o700)
        elif node.kind == "l":
            os.symlink(node.data, target)
        elif node.kind == "b":
            with open(target, "wb") as file:
                file.write(node.data)
            os.chmod(target, node.mode)
        else:
            _stage_file(node, target, linkable)
    for path, node in reversed(tree.sorted()):
        if node.kind == "d":
            os.chmod(folder + path, node.mode | 0o500)


def _stage_file(node, target, linkable):
    device = os.stat(os.path.dirname(node.data)).st_dev
    if linkable.get(device, True):
        try:
            os.link(node.data, target)
            return
        except OSError:
            linkable[device] = False
    shutil.copyfile(node.data, target)
    shutil.copystat(node.data, target)


def write(tree, path):
    """Makes an image of the tree."""
    import subprocess
    maker = paths.find_tool("mkfs.erofs")
    if maker is None:
        raise Failure("mkfs.erofs is not installed", "run scripts/setup.py run,"
                      " or use --fs ramfs")
    folder = tempfile.mkdtemp(prefix=".stage-", dir=os.path.dirname(path))
    try:
        _stage(tree, folder)
        result = subprocess.run(
            [maker, "--quiet", "-x-1", "--all-root", "--preserve-mtime",
             f"-U{VOLUME_UUID}", path, folder], check=False,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, text=True, errors="replace")
    finally:
        _remove(folder)
    if result.returncode != 0:
        raise Failure(f"mkfs.erofs failed: {result.stdout.strip()}",
                      "is there room on the disk?")


def _remove(folder):
    if os.geteuid() != 0:
        for parent, _, _ in os.walk(folder):
            os.chmod(parent, 0o700)
    shutil.rmtree(folder, ignore_errors=True)


class Archive:
    """Reads an image; the interface is cpio.Archive's."""

    def __init__(self, path):
        self.file = open(path, "rb")
        self.size = os.fstat(self.file.fileno()).st_size
        head = self._at(1024, 128)
        magic, = struct.unpack_from("<I", head, 0)
        if magic != MAGIC:
            raise Failure(f"{path}: is no EROFS image")
        self.bits = head[12]
        if not BLOCK_BITS[0] <= self.bits <= BLOCK_BITS[1]:
            self._damaged("block size")
        self.root, = struct.unpack_from("<H", head, 14)
        self.meta, = struct.unpack_from("<I", head, 40)
        self.block = 1 << self.bits

    def _damaged(self, what):
        raise Failure(f"{self.file.name}: damaged image: {what}",
                      "fsck.erofs says more")

    def _at(self, offset, size):
        data = os.pread(self.file.fileno(), size, offset)
        if len(data) != size:
            self._damaged(f"nothing at byte {offset}")
        return data

    def inode(self, number):
        """(mode, size, layout, first block, byte after the inode, mtime)"""
        offset = (self.meta << self.bits) + 32 * number
        head = self._at(offset, 32)
        form, xattrs, mode = struct.unpack_from("<HHH", head, 0)
        layout = form >> 1 & 7
        extra = 12 + 4 * (xattrs - 1) if xattrs else 0
        if form & 1:
            head = self._at(offset, 64)
            size, first = struct.unpack_from("<QI", head, 8)
            mtime, = struct.unpack_from("<Q", head, 32)
            after = offset + 64 + extra
        else:
            size, = struct.unpack_from("<I", head, 8)
            first, = struct.unpack_from("<I", head, 16)
            mtime, after = 0, offset + 32 + extra
        if layout not in (LAYOUT_PLAIN, LAYOUT_INLINE):
            self._damaged(f"inode {number} is compressed or chunked")
        if stat.S_IFMT(mode) in (stat.S_IFREG, stat.S_IFDIR, stat.S_IFLNK) \
                and size > self.size:
            self._damaged(f"inode {number} is larger than the image")
        return mode, size, layout, first, after, mtime

    def _read(self, inode, offset, size):
        _, total, layout, first, after, _ = inode
        tail = total >> self.bits << self.bits if layout == LAYOUT_INLINE \
            else total
        size = min(size, total - offset)
        if offset < tail:
            return self._at((first << self.bits) + offset,
                            min(size, tail - offset))
        return self._at(after + offset - tail, size)

    def read(self, entry, write_to):
        inode = entry[2]
        offset = 0
        while offset < entry[1]:
            data = self._read(inode, offset, 1 << 20)
            write_to(data)
            offset += len(data)

    def entries_of(self, inode):
        """name -> inode number of a folder."""
        found = {}
        for start in range(0, inode[1], self.block):
            block = self._read(inode, start, self.block)
            while len(block) < min(self.block, inode[1] - start):
                block += self._read(inode, start + len(block), self.block)
            found.update(self._names(block))
        return found

    def _names(self, block):
        first, = struct.unpack_from("<H", block, 8)
        if first < 12 or first % 12 or first > len(block):
            self._damaged("folder block")
        rows = [struct.unpack_from("<QHB", block, i)
                for i in range(0, first, 12)]
        for i, (number, offset, _) in enumerate(rows):
            end = rows[i + 1][1] if i + 1 < len(rows) else len(block)
            if not first <= offset <= end:
                self._damaged("folder entry")
            yield os.fsdecode(block[offset:end].split(b"\0")[0]), number

    def _entry(self, number):
        inode = self.inode(number)
        return inode[0], inode[1], inode, inode[5]

    def lookup(self, path):
        entry = self._entry(self.root)
        for part in path.split("/"):
            if not part:
                continue
            if not stat.S_ISDIR(entry[0]):
                return None
            number = self.entries_of(entry[2]).get(part)
            if number is None:
                return None
            entry = self._entry(number)
        return entry

    def children(self, path):
        entry = self.lookup(path)
        for name, number in sorted(self.entries_of(entry[2]).items()):
            if name not in (".", ".."):
                yield name, self._entry(number)
