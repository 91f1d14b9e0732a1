# SPDX-License-Identifier: BSD-3-Clause
"""Images and their cache in build/images.

An image's name is the hash of what was asked for (program, copies, form, and
this package's own code).  Beside it lies its recipe: every host file and
folder that was read, with size, time and inode.  As long as all of them are as
they were the image is used again; looking costs a few milliseconds.  The cache
is bounded by LINNET_IMAGES_MAX (default 8G): the longest unused go first.
"""

import json
import os

from linnet import paths
from linnet.errors import Failure

CACHE_MAX = "8G"
RECENT = 600  # seconds
SUFFIXES = {"rofs": ".erofs", "ramfs": ".cpio"}
CODE = ("base.py", "contents.py", "cpio.py", "elf.py", "erofs.py", "image.py",
        "libraries.py", "packages.py", "tree.py")


# Where the guest mounts empty filesystems: what an image has there would be
# hidden, so it comes in an archive that is unpacked after mounting.
HIDDEN = ("/tmp/", "/run/", "/dev/shm/")
EXTRA = ".extra"
VARIABLES = ("LD_LIBRARY_PATH", "LD_PRELOAD", "TZ")


class Request:
    """What an image is to hold."""

    def __init__(self, program=None, *, fs="rofs", copies=(), rootfs=None,
                 folders=(), terminal=False, variables=None, arch="x86_64",
                 tmpfs=(), programs=()):
        self.program = program    # as the user wrote it; None: no program
        self.fs = fs
        self.copies = list(copies)   # (host path or bytes, guest path)
        self.rootfs = rootfs
        self.folders = list(folders)  # empty ones to make
        self.terminal = terminal
        # Those that decide what is in it.
        self.variables = {k: v for k, v in (variables or {}).items()
                          if k in VARIABLES}
        self.arch = arch
        # Folders that the guest mounts a tmpfs on: as /tmp.
        self.programs = list(programs)  # further ones, as the user wrote them
        self.tmpfs = list(tmpfs) if fs == "rofs" else []

    def mount_options(self):
        """Kernel options for the tmpfs mounts."""
        from linnet import qemu
        return [qemu.option("mount-fs", f"tmpfs,tmpfs,{folder}")
                for folder in self.tmpfs]


class Image:
    """A finished image."""

    def __init__(self, path, recipe, fresh):
        self.path = path
        self.program = recipe["program"]  # guest path
        self.path_folders = recipe["path_folders"]
        self.packages = recipe["packages"]  # whose data is in it: name -> why
        self.total = recipe["total"]      # bytes of files in it
        self.skipped = recipe["skipped"]
        self.fresh = fresh                # made just now
        self.extra = extra_of(path) if recipe["extra"] else None

    @property
    def size(self):
        return os.path.getsize(self.path)


    @property
    def memory_size(self):
        """Bytes that are unpacked into memory at boot."""
        if self.path.endswith(SUFFIXES["ramfs"]):
            return self.size
        return os.path.getsize(self.extra) if self.extra else 0


def extra_of(path):
    return os.path.splitext(path)[0] + EXTRA


def identity(path):
    """What changes when the file or folder does; "-" when it is gone."""
    try:
        status = os.lstat(path)
    except OSError:
        return "-"
    return f"{status.st_mtime_ns} {status.st_size} {status.st_ino}"


def _key(request, program):
    import hashlib
    copies = [[os.fsencode(h).hex() if isinstance(h, str)
               else hashlib.sha256(h).hexdigest(), g]
              for h, g in request.copies]
    here = os.path.dirname(os.path.abspath(__file__))
    what = [program, request.fs, copies, request.rootfs, request.folders,
            request.terminal and os.environ.get("TERM", ""),
            request.variables, request.arch, request.tmpfs,
            request.programs, os.environ.get("PATH") if request.programs
            else None,
            [identity(os.path.join(here, name)) for name in CODE]]
    return hashlib.sha256(json.dumps(what).encode()).hexdigest()[:24]


def _load(path):
    try:
        with open(path, encoding="utf-8") as file:
            return json.load(file)
    except (OSError, ValueError):
        return None


def _is_current(recipe):
    return all(identity(path) == was for path, was in recipe["inputs"])


def ensure(request):
    """The image for the request, from the cache or made now."""
    from linnet import contents
    if request.rootfs is not None:
        program = contents.find_in_rootfs(request.rootfs, request.program) \
            if request.program else None
    else:
        program = contents.find_program(request.program) \
            if request.program else None
    key = _key(request, program)
    path = os.path.join(paths.IMAGES, key + SUFFIXES[request.fs])
    recipe_path = os.path.join(paths.IMAGES, key + ".recipe")
    recipe = _load(recipe_path)
    if recipe is not None and os.path.exists(path) and _is_current(recipe):
        try:
            os.utime(recipe_path)
        except PermissionError:
            pass  # someone else's cache: its order of use is not ours
        return Image(path, recipe, False)
    os.makedirs(paths.IMAGES, exist_ok=True)
    recipe = make(request, program, path)
    _write_whole(recipe_path, json.dumps(recipe).encode())
    _bound_cache(path)
    return Image(path, recipe, True)


def make(request, program, path):
    """Makes the image file at `path`; returns its recipe."""
    tree, recipe = collect(request, program)
    hidden = split_hidden(tree, request.tmpfs) \
        if request.fs == "rofs" else None
    recipe["extra"] = hidden is not None
    if hidden is not None:
        write_tree(hidden, "ramfs", extra_of(path))
    write_tree(tree, request.fs, path)
    recipe["inputs"] = [[p, identity(p)] for p in tree.inputs]
    recipe["total"] = tree.total
    recipe["skipped"] = tree.skipped[:100]
    return recipe


def split_hidden(tree, tmpfs=()):
    """Takes what would be hidden out of the tree; None when there is none."""
    from linnet.tree import Tree
    hidden = Tree()
    folders = HIDDEN + tuple(f + "/" for f in tmpfs)
    for path, node in tree.sorted():
        if path.startswith(folders):
            hidden.add_folder(os.path.dirname(path))
            hidden.nodes[path] = node
            del tree.nodes[path]
    for path in hidden.nodes:  # folders on the way keep their modes
        if path in tree.nodes:
            hidden.nodes[path] = tree.nodes[path]
    return hidden if len(hidden.nodes) > 1 else None


def collect(request, program):
    """The tree of a request, and the start of its recipe."""
    from linnet import base, contents
    recipe = {"program": program, "path_folders": [], "packages": {}}
    if request.rootfs is not None:
        tree = contents.rootfs_tree(request.rootfs)
        _add_extras(request, tree)
        base.add(tree)
        return tree, recipe
    builder = contents.Builder(request.arch, request.variables,
                               copies=request.copies)
    if program is not None:
        builder.add_program(program)
        for name in request.programs:
            builder.add_found(contents.find_program(name))
        builder.add_data()
        recipe["path_folders"] = builder.path_folders
        recipe["packages"] = builder.data.packages
    builder.finish(request.terminal)
    _add_extras(request, builder.tree)
    return builder.tree, recipe


def _add_extras(request, tree):
    for host, guest in request.copies:
        if isinstance(host, bytes):
            tree.add_bytes(guest, host, 0o755 if host[:2] == b"#!" else 0o644)
        elif os.path.isdir(host):
            tree.add_folder_tree(host, guest)
        else:
            tree.add_file(host, guest)
    for folder in request.folders + request.tmpfs:
        tree.add_folder(folder)


def write_tree(tree, fs, path):
    """Writes an image of the tree in whole or not at all."""
    import tempfile
    handle, temporary = tempfile.mkstemp(
        prefix=".new-", dir=os.path.dirname(path) or ".")
    os.close(handle)
    try:
        if fs == "ramfs":
            from linnet import cpio
            cpio.write(tree, temporary)
        else:
            from linnet import erofs, kernel
            kernel.ensure_tools("erofs")
            erofs.write(tree, temporary)
        os.chmod(temporary, 0o644)
        os.replace(temporary, path)
    except BaseException:
        os.unlink(temporary)
        raise


def _write_whole(path, data):
    temporary = f"{path}.{os.getpid()}"
    with open(temporary, "wb") as file:
        file.write(data)
    os.replace(temporary, path)


def _bound_cache(keep):
    """Removes the longest unused images beyond the bound, and what killed
    runs left behind.  Recent ones stay: another run may be about to open its
    image, or have written it and not yet its recipe."""
    import time
    from linnet.arguments import parse_size
    limit = parse_size(os.environ.get("LINNET_IMAGES_MAX", CACHE_MAX),
                       "LINNET_IMAGES_MAX")
    rows = []
    for entry in os.scandir(paths.IMAGES):
        stem, suffix = os.path.splitext(entry.path)
        if suffix not in SUFFIXES.values():
            continue
        try:
            status = entry.stat()
            used = os.stat(stem + ".recipe").st_mtime
        except FileNotFoundError:
            used = status.st_mtime
        if entry.path != keep:
            rows.append((used, status.st_size, entry.path, stem))
    total = os.path.getsize(keep) + sum(row[1] for row in rows)
    recent = time.time() - RECENT
    for used, size, path, stem in sorted(rows):
        if total <= limit or used > recent:
            break
        for victim in (path, stem + ".recipe", stem + EXTRA):
            try:
                os.unlink(victim)
            except FileNotFoundError:
                pass
        total -= size
    _remove_stale()


def _remove_stale():
    """Temporary files and stages older than an hour."""
    import shutil
    import time
    limit = time.time() - 3600
    for entry in os.scandir(paths.IMAGES):
        if entry.name.startswith((".new-", ".stage-")) and \
                entry.stat(follow_symlinks=False).st_mtime < limit:
            if entry.is_dir(follow_symlinks=False):
                shutil.rmtree(entry.path, ignore_errors=True)
            else:
                os.unlink(entry.path)


def open_image(path):
    """A reader of either form, by what the file says."""
    try:
        with open(path, "rb") as file:
            head = file.read(1028)
    except OSError as error:
        raise Failure(f"{path}: {error.strerror}", "linnet image ls needs an "
                      "image file") from error
    if head[:5] == b"07070":
        from linnet import cpio
        return cpio.Archive(path)
    if head[1024:1028] == b"\xe2\xe1\xf5\xe0":
        from linnet import erofs
        return erofs.Archive(path)
    raise Failure(f"{path}: is neither an EROFS image nor a cpio archive",
                  "linnet image make makes one")
