# SPDX-License-Identifier: BSD-3-Clause
"""The contents of an image before it is one: guest paths and what is there.

A node is a folder, a symbolic link, a file with given bytes, or a file of the
host.  Everything belongs to root in the guest.  `inputs` remembers every host
file and folder that was looked at, for the cache's check.
"""

import os
import stat

from linnet.errors import Failure

LINKS_MAX = 40  # as Linux: a longer chain is a loop


class Node:
    """One entry: kind is 'd', 'l', 'b' (bytes) or 'h' (host file)."""

    __slots__ = ("kind", "mode", "data", "size", "mtime")

    def __init__(self, kind, mode, data=None, size=0, mtime=0):
        self.kind = kind
        self.mode = mode
        self.data = data
        self.size = size
        self.mtime = mtime


class Tree:
    """Guest path -> Node; parents exist always."""

    def __init__(self):
        self.nodes = {"/": Node("d", 0o755)}
        self.inputs = {}   # host path -> None, in order
        self.skipped = []  # host files that could not be read
        self.total = 0     # bytes of files

    def _put(self, path, node):
        self.add_folder(os.path.dirname(path))
        old = self.nodes.get(path)
        if old is not None:
            if old.kind == "d" and node.kind != "d":
                raise Failure(f"{path} would be both a folder and a file in "
                              "the image", "choose another place with -v")
            self.total -= old.size
        self.nodes[path] = node
        self.total += node.size

    def real_parent(self, path):
        """The path with links of the image in its folders followed."""
        for _ in range(LINKS_MAX):
            parts = path.split("/")
            for i in range(2, len(parts)):
                node = self.nodes.get("/".join(parts[:i]))
                if node is not None and node.kind == "l":
                    base = os.path.join("/".join(parts[:i - 1]) or "/",
                                        node.data)
                    path = os.path.normpath(
                        os.path.join(base, *parts[i:]))
                    break
            else:
                return path
        raise Failure(f"{path}: too many symbolic links in the image")

    def add_folder(self, path, mode=0o755):
        path = self.real_parent(os.path.normpath(path))
        target = self.nodes.get(path)
        if target is not None and target.kind == "l":
            self.add_folder(os.path.normpath(
                os.path.join(os.path.dirname(path), target.data)), mode)
            return
        if target is not None and target.kind != "d":
            raise Failure(f"{path} would be both a folder and a file in the "
                          "image", "choose another place with -v")
        if target is None:
            if path != "/":
                self.add_folder(os.path.dirname(path))
            self.nodes[path] = Node("d", mode)
        elif mode != 0o755:
            target.mode = mode

    def add_bytes(self, path, data, mode=0o644):
        path = self.real_parent(path)
        self._put(path, Node("b", mode, data, len(data)))

    def add_link(self, path, target):
        path = self.real_parent(path)
        old = self.nodes.get(path)
        if old is not None and old.kind == "d":
            return  # something is in it already
        self._put(path, Node("l", 0o777, target))

    def add_file(self, host, path):
        """One host file (links followed) at a guest path."""
        status = os.stat(host)
        self._add_status(host, self.real_parent(path), status)

    def _add_status(self, host, path, status):
        if not stat.S_ISREG(status.st_mode):
            return  # sockets, pipes and devices have no place in an image
        if not os.access(host, os.R_OK):
            self.skipped.append(host)
            return
        self.inputs[host] = None
        self._put(path, Node("h", stat.S_IMODE(status.st_mode), host,
                             status.st_size, int(status.st_mtime)))

    def add_same(self, host):
        """A host path at the same guest path, with every symbolic link on
        the way.  A folder comes empty.  Returns the real path."""
        path = os.path.normpath(host)
        for _ in range(LINKS_MAX):
            parts = path.split("/")
            for i in range(2, len(parts) + 1):
                prefix = "/".join(parts[:i])
                if os.path.islink(prefix):
                    target = os.readlink(prefix)
                    self.inputs[prefix] = None
                    self.add_link(prefix, target)
                    path = os.path.normpath(os.path.join(
                        os.path.dirname(prefix), target, *parts[i:]))
                    break
            else:
                if os.path.isdir(path):
                    self.add_folder(path)
                elif path not in self.nodes:
                    self.add_file(path, path)
                return path
        raise Failure(f"{host}: too many symbolic links", status=126)

    def add_folder_tree(self, host, path, keep=None):
        """A host folder with everything in it; `keep(host path, is folder)`
        chooses.  Links inside are copied as links."""
        self.add_folder(path)
        path = self.real_parent(path)
        self.inputs[host] = None
        try:
            entries = sorted(os.scandir(host), key=lambda e: e.name)
        except OSError:
            self.skipped.append(host)
            return
        for entry in entries:
            target = os.path.join(path, entry.name)
            if entry.is_symlink():
                if keep is None or keep(entry.path, False):
                    self.inputs[entry.path] = None
                    self.add_link(target, os.readlink(entry.path))
            elif entry.is_dir():
                if keep is None or keep(entry.path, True):
                    self.add_folder_tree(entry.path, target, keep)
            elif keep is None or keep(entry.path, False):
                self._add_status(entry.path, target, entry.stat())

    def sorted(self):
        return sorted(self.nodes.items())
