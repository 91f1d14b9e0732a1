# SPDX-License-Identifier: BSD-3-Clause
"""What goes into the image for a program.

    program (links, #! interpreters) -> dynamic linker, libraries
            -> data and helpers of its packages, or its installation's folders
            -> libraries of the extension modules in that data
            -> what libraries open by themselves (conversions, time zones)
            -> -v copies, a minimal /etc, mount points
"""

import os
import re

from linnet import base
from linnet.elf import BadElf, Elf
from linnet.errors import NOT_EXECUTABLE, NOT_FOUND, Failure
from linnet.libraries import Resolver, default_folders
from linnet.tree import Tree

SCRIPT_DEPTH_MAX = 4   # as Linux
LINE_MAX = 256
SIZE_MAX = 8 << 30
FILES_MAX = 1000000
GUEST_PATH = ("/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin")
# Folders beside PREFIX/bin that belong to an installation outside packages.
SIBLINGS = ("lib", "lib64", "libexec", "share", "etc", "conf")
SHARED_PREFIXES = ("/", "/usr", "/usr/local", "/opt", "/home", "/root")
READING = ("man", "doc", "info", "locale")
# Opened by name at run time: converters of the C library's iconv(), which
# objects that import this symbol use; time zones.
ICONV = "iconv_open"
ZONES = "/usr/share/zoneinfo"
ZONES_AGAIN = ("posix", "right")  # the same once more, and with leap seconds


def find_program(name, search=None):
    """The host path of a program, as a shell finds it."""
    if "/" in name:
        path = os.path.abspath(name)
        if not os.path.lexists(path):
            raise Failure(f"{name}: no such file",
                          "check the path; it is looked up on this machine",
                          NOT_FOUND)
        if not os.path.exists(path):
            raise Failure(f"{name}: the symbolic link leads nowhere",
                          f"it says {os.readlink(path)}"
                          if os.path.islink(path) else "", NOT_FOUND)
        return check_executable(path, name)
    unusable = None
    for folder in (search or os.environ.get("PATH", GUEST_PATH)).split(":"):
        # Version managers put scripts there that ask which real program it
        # is to be; they cannot answer in a guest.
        if os.path.basename(folder) == "shims" or not folder:
            continue
        path = os.path.join(os.path.abspath(folder), name)
        if os.path.isfile(path):
            if os.access(path, os.X_OK):
                return path
            unusable = unusable or path
    if unusable:
        return check_executable(unusable, name)
    raise Failure(f"{name}: not found in PATH",
                  "install it, or name it by its path", NOT_FOUND)


def check_executable(path, name):
    if os.path.isdir(path):
        raise Failure(f"{name}: is a folder", "name a program in it",
                      NOT_EXECUTABLE)
    if not os.path.isfile(path):
        raise Failure(f"{name}: is no regular file", "", NOT_EXECUTABLE)
    if not os.access(path, os.X_OK):
        raise Failure(f"{name}: is not executable", f"chmod +x {path}",
                      NOT_EXECUTABLE)
    if not os.access(path, os.R_OK):
        raise Failure(f"{name}: may not be read", "ask its owner, or run as "
                      "root", NOT_EXECUTABLE)
    return path


class Builder:
    """Collects the tree of one program."""

    def __init__(self, arch="x86_64", variables=None, search=None,
                 copies=()):
        variables = variables or {}
        self.arch = arch
        self.variables = variables  # for the program: LD_*, TZ
        self.search = search
        self.tree = Tree()
        self.resolver = Resolver(arch, variables.get("LD_LIBRARY_PATH", ""),
                                 copies)
        self.data = None        # packages.Data
        self.interpreter = None
        self.programs = []      # host paths whose packages matter
        self.path_folders = []  # for the guest's PATH

    def add_program(self, path, depth=0):
        """A program, what it needs to start, and its interpreters."""
        if path in self.programs:
            return
        self.programs.append(path)
        real = self.tree.add_same(path)
        with open(real, "rb") as file:
            head = file.read(LINE_MAX)
        if head[:4] == b"\x7fELF":
            self._add_elf(path, real)
        elif head[:2] == b"#!":
            self._add_script(path, head, depth)
        else:
            raise Failure(f"{path}: is neither a program nor a script",
                          "a script needs a first line such as #!/bin/sh",
                          NOT_EXECUTABLE)

    def add_found(self, path):
        """A further program, to be found in the guest's PATH."""
        self.add_program(path)
        folder = os.path.dirname(path)
        if folder not in GUEST_PATH.split(":") + self.path_folders:
            self.path_folders.append(folder)

    def _add_elf(self, path, real):
        try:
            elf = Elf(real)
        except BadElf as error:
            raise Failure(f"{path}: {error}", "build or install it again",
                          NOT_EXECUTABLE) from error
        if elf.bits == 32:
            raise Failure(f"{path}: is a 32-bit program ({elf.machine})",
                          f"use its 64-bit {self.arch} version",
                          NOT_EXECUTABLE)
        if elf.machine != self.arch:
            raise Failure(f"{path}: is a program for {elf.machine}",
                          f"use its {self.arch} version", NOT_EXECUTABLE)
        if elf.type not in (2, 3):
            raise Failure(f"{path}: is an object file or core dump",
                          "link it first", NOT_EXECUTABLE)
        self.resolver.objects[real] = elf
        self._add_libraries(path, elf)

    def _add_libraries(self, path, elf):
        if elf.interpreter is not None:
            if not os.path.exists(elf.interpreter):
                raise Failure(f"{path}: its dynamic linker {elf.interpreter} "
                              "is not installed", "install the C library it "
                              "was built for, or link it statically",
                              NOT_FOUND)
            self.tree.add_same(elf.interpreter)
            self.interpreter = self.interpreter or elf.interpreter
        self.resolver.add(elf, elf.interpreter or self.interpreter)
        if self.resolver.missing:
            name, owner = self.resolver.missing[0]
            whose = "" if owner == path else f" (needed by {owner})"
            raise Failure(f"{path}: library {name} is not installed{whose}",
                          f"install it: apt-file search {name}; or give its "
                          "folder by -e LD_LIBRARY_PATH=DIR", NOT_FOUND)

    def _add_script(self, path, head, depth):
        if depth >= SCRIPT_DEPTH_MAX:
            raise Failure(f"{path}: scripts that interpret scripts, too deep",
                          "", NOT_EXECUTABLE)
        line = head[2:].split(b"\n")[0]
        words = os.fsdecode(line).split()
        if not words:
            raise Failure(f"{path}: its first line names no interpreter",
                          "write #!/bin/sh, for example", NOT_EXECUTABLE)
        if not os.path.isfile(words[0]):
            raise Failure(f"{path}: its interpreter {words[0]} does not exist",
                          "install it or correct the first line",
                          NOT_EXECUTABLE)
        self.add_program(os.path.normpath(words[0]), depth + 1)
        if os.path.basename(words[0]) == "env":
            for word in words[1:]:
                if not word.startswith("-") and "=" not in word:
                    inner = find_program(word, self.search)
                    self.path_folders.append(os.path.dirname(inner))
                    self.add_program(inner, depth + 1)
                    break

    def shells(self):
        """Which of the programs are shells of this machine (shells(5))."""
        try:
            with open("/etc/shells", encoding="utf-8") as file:
                shells = {os.path.realpath(line.strip()) for line in file
                          if line.startswith("/")}
        except OSError:
            shells = {os.path.realpath("/bin/sh")}
        return shells & {os.path.realpath(p) for p in self.programs}

    def add_commands(self):
        """What scripts run: a shell alone could only say "not found".  And
        what programs may run without saying so (Debian Policy 3.5); plain
        ones, without data of their own, hardly do."""
        from linnet import packages
        for path in packages.script_commands():
            self.add_helper(path)

    def add_helper(self, path, depth=0):
        """A program that may be run by others: nothing of it is required."""
        real = self.tree.add_same(path)
        elf = self.resolver.object_at(real)
        if elf is not None:
            self.resolver.add(elf, elf.interpreter, required=False)
            return
        try:
            with open(real, "rb") as file:
                head = file.read(LINE_MAX)
        except OSError:
            return
        words = os.fsdecode(head[2:].split(b"\n")[0]).split()
        if head[:2] == b"#!" and words and depth < SCRIPT_DEPTH_MAX and \
                os.access(words[0], os.X_OK):
            self.add_helper(os.path.normpath(words[0]), depth + 1)

    def add_preloaded(self):
        """The libraries named by LD_PRELOAD."""
        for name in re.split("[ :]+", self.variables.get("LD_PRELOAD", "")):
            if name:
                self.resolver.add_named(name, self.interpreter)

    # --- data ------------------------------------------------------------------

    def links_to(self, path):
        """A path and each link target on the way to the real file."""
        found = [path]
        for _ in range(40):
            if not os.path.islink(path):
                break
            path = os.path.normpath(os.path.join(
                os.path.dirname(path), os.readlink(path)))
            found.append(path)
        real = os.path.realpath(path)
        return found if real in found else found + [real]

    def add_data(self):
        """What the programs' packages or installations bring."""
        from linnet import packages
        chains = [p for program in self.programs
                  for p in self.links_to(program)]
        is_script = any(self.resolver.object_at(p) is None
                        for p in self.programs)
        data = self.data = packages.data_of(chains, is_script)
        if data.packages:
            self.tree.inputs[packages.STATUS] = None
        for folder in data.folders:
            self._add_data_folder(folder)
        for path in data.files:
            if os.path.isdir(path):
                self._add_data_folder(path)
            elif os.path.exists(path):
                self.tree.add_same(path)
        for path in data.empty:
            if not os.path.islink(path):
                self.tree.add_folder(path, os.stat(path).st_mode & 0o1777)
        for path in data.programs + data.libraries:
            if os.path.isfile(path):
                self.add_helper(path)
        installed = [self._add_installation(os.path.realpath(program))
                     for program in self.programs]
        has_own = data.has_own or any(installed)
        self._add_zones(has_own)
        self._follow_links()
        self._add_module_libraries()
        self._add_converters()
        if self.shells() or has_own:
            self.add_commands()

    def _add_zones(self, all_of_them):
        """Time zones: tzdata is part of every Debian system.  Plain programs
        without data get the one of the variable TZ."""
        def keep(path, _):
            return os.path.relpath(path, ZONES) not in ZONES_AGAIN

        zone = os.path.join(ZONES, self.variables.get("TZ", "").lstrip(":"))
        if all_of_them and os.path.isdir(ZONES):
            self.tree.add_folder_tree(ZONES, ZONES, keep)
        elif zone.startswith(ZONES + "/") and os.path.isfile(zone):
            self.tree.add_same(zone)

    def _add_data_folder(self, folder):
        real = self.tree.add_same(folder)
        self.tree.add_folder_tree(real, real)
        self._check_size(folder)

    def _check_size(self, what):
        if self.tree.total > SIZE_MAX or len(self.tree.nodes) > FILES_MAX:
            raise Failure(f"the image would be too large with {what}: "
                          f"{self.tree.total >> 20} MiB, "
                          f"{len(self.tree.nodes)} files",
                          "make a root folder yourself and use --rootfs")

    def _add_installation(self, real):
        """PREFIX/lib and its like of a program in PREFIX/bin; was there
        any?"""
        folder, prefix = os.path.split(os.path.dirname(real))
        if prefix not in ("bin", "sbin") or folder in SHARED_PREFIXES or \
                os.path.dirname(folder) == "/home":
            return False
        if not any(os.path.isdir(os.path.join(folder, s))
                   for s in ("lib", "lib64", "libexec")):
            return False
        for name in SIBLINGS:
            path = os.path.join(folder, name)
            if os.path.isdir(path) and path not in self.tree.nodes:
                inside = self.tree.add_same(path)
                self.tree.add_folder_tree(
                    inside, inside,
                    lambda p, d, s=os.path.join(folder, "share"):
                    not (d and os.path.dirname(p) == s and
                         os.path.basename(p) in READING))
                self._check_size(path)
        return True

    def _follow_links(self):
        """Links in the data that lead to files outside of it."""
        for path, node in self.tree.sorted():
            if node.kind != "l" or not path.startswith(
                    ("/usr/", "/opt/", "/etc/")):
                continue
            target = os.path.normpath(os.path.join(os.path.dirname(path),
                                                   node.data))
            if self.tree.real_parent(target) in self.tree.nodes or \
                    "/doc/" in target or "/man/" in target:
                continue
            if os.path.isfile(target):
                self.tree.add_same(target)

    def _add_module_libraries(self):
        """What the shared objects and helpers in the data need."""
        for path, node in self.tree.sorted():
            if node.kind == "h" and (".so" in path or node.mode & 0o111):
                elf = self.resolver.object_at(node.data)
                if elf is not None and elf.is_dynamic:
                    self.resolver.add(elf, elf.interpreter or
                                      self.interpreter, required=False)

    def _add_converters(self):
        """glibc's, when an object uses iconv().  Shells do for character
        sets that are not UTF-8 only."""
        shells = self.shells()
        if "musl" in (self.interpreter or "musl") or not any(
                elf and ICONV in elf.mentions and path not in shells
                for path, elf in self.resolver.objects.items()):
            return
        for folder in default_folders(self.arch):
            folder = os.path.join(folder, "gconv")
            if os.path.isdir(folder):
                self._add_data_folder(folder)
                break

    def finish(self, terminal=False):
        """The C library's needs, all libraries, the base."""
        if self.interpreter is not None and self.resolver.objects:
            base.add_c_library(self.tree, self.resolver, self.interpreter)
            self.add_preloaded()
        for path in self.resolver.found:
            self.tree.add_same(path)
        names = " ".join(self.resolver.found)
        if terminal or "libtinfo" in names or "libncurses" in names:
            base.add_terminals(self.tree)
        base.add(self.tree)

    def add_copies(self, copies):
        """-v HOST:GUEST."""
        for host, guest in copies:
            if os.path.isdir(host):
                self.tree.add_folder_tree(host, guest)
            else:
                self.tree.add_file(host, guest)
            self._check_size(host)


def parse_copy(text):
    """HOST[:GUEST] as two absolute paths."""
    host, colon, guest = text.partition(":")
    if guest.endswith((":ro", ":rw")):
        raise Failure(f"-v {text}: access modes have no meaning yet",
                      "leave it out; the copy is part of the image")
    path = os.path.abspath(host)
    if not host or not os.path.exists(path):
        raise Failure(f"-v {text}: {host or 'nothing'} does not exist on this "
                      "machine", "write HOST:GUEST")
    guest = guest if colon else path
    if not guest.startswith("/"):
        raise Failure(f"-v {text}: the path in the guest must begin with /")
    guest = os.path.normpath(guest)
    if guest.startswith(("/proc/", "/sys/", "/dev/")) and \
            not guest.startswith("/dev/shm/"):
        raise Failure(f"-v {text}: {guest.split('/')[1]} is the guest's own",
                      "choose another place")
    return path, guest


# --- --rootfs -----------------------------------------------------------------

def inside_rootfs(rootfs, path):
    """The real host path of a guest path in a root folder; links in it are
    followed inside.  None when it is not there."""
    done = ""
    parts = [p for p in path.split("/") if p]
    for _ in range(4096):
        if not parts:
            return rootfs + done
        part = parts.pop(0)
        if part == ".":
            continue
        if part == "..":
            done = os.path.dirname(done)
            continue
        host = rootfs + done + "/" + part
        if os.path.islink(host):
            target = os.readlink(host)
            if target.startswith("/"):
                done = ""
            parts = [p for p in target.split("/") if p] + parts
        elif os.path.lexists(host):
            done += "/" + part
        else:
            return None
    return None


def find_in_rootfs(rootfs, name, search=GUEST_PATH):
    """The guest path of a program in a root folder."""
    candidates = [name] if "/" in name else \
        [os.path.join(folder, name) for folder in search.split(":")]
    for guest in candidates:
        guest = os.path.normpath("/" + guest.lstrip("/"))
        host = inside_rootfs(rootfs, guest)
        if host is not None and os.path.isfile(host):
            check_executable(host, f"{name} in {rootfs}")
            return guest
    raise Failure(f"{name}: not found in {rootfs}",
                  "with --rootfs the program comes from that folder",
                  NOT_FOUND)


def rootfs_tree(rootfs):
    tree = Tree()
    tree.add_folder_tree(rootfs, "/")
    if tree.total > SIZE_MAX:
        raise Failure(f"{rootfs} is larger than {SIZE_MAX >> 30} GiB",
                      "take out what the program does not need")
    return tree
