# SPDX-License-Identifier: BSD-3-Clause
"""What every image has besides its program: mount points, a small /etc, and
the folders and links of /var that daemons write to by their old names.

Nothing here replaces what the tree has already (a --rootfs, a -v).
"""

import os

FOLDERS = {"/dev": 0o755, "/etc": 0o755, "/home": 0o755, "/mnt": 0o755,
           "/proc": 0o555, "/root": 0o700, "/run": 0o755, "/sys": 0o555,
           "/tmp": 0o1777, "/usr/share/locale": 0o755, "/var": 0o755,
           "/var/lib": 0o755, "/var/log": 0o755, "/var/tmp": 0o1777}

TEXTS = {
    "/etc/passwd": "root:x:0:0:root:/root:/bin/sh\n"
                   "daemon:x:1:1:daemon:/usr/sbin:/usr/sbin/nologin\n"
                   "www-data:x:33:33:www-data:/var/www:/usr/sbin/nologin\n"
                   "nobody:x:65534:65534:nobody:/nonexistent:"
                   "/usr/sbin/nologin\n",
    "/etc/group": "root:x:0:\ndaemon:x:1:\ntty:x:5:\nwww-data:x:33:\n"
                  "nogroup:x:65534:\n",
    "/etc/hosts": "127.0.0.1 localhost linnet\n"
                  "::1 localhost ip6-localhost ip6-loopback\n",
    "/etc/nsswitch.conf": "passwd: files\ngroup: files\nshadow: files\n"
                          "hosts: files dns\nnetworks: files\n"
                          "protocols: files\nservices: files\n",
    "/etc/hostname": "linnet\n",
    "/etc/resolv.conf": "",  # no network: a server here makes some fail
    "/etc/fstab": "",
}
TERMINALS = ("ansi", "dumb", "linux", "screen", "screen-256color", "tmux",
             "tmux-256color", "vt100", "vt220", "xterm", "xterm-256color")
TERMINFO = ("/etc/terminfo", "/lib/terminfo", "/usr/share/terminfo")
LOCALES = ("/usr/lib/locale/C.utf8", "/usr/lib/locale/C.UTF-8")
MERGED = ("/bin", "/sbin", "/lib", "/lib64")
LINKS = {"/var/run": "/run", "/var/lock": "/run/lock"}
SHELL = "/bin/sh"  # what system() and popen() run
# Loaded by name at run time, so no ELF file says that they are needed.
RUNTIME_LIBRARIES = ("libgcc_s.so.1",)


def add(tree):
    """Mount points and texts."""
    for path, mode in FOLDERS.items():
        # Made on the way to a program in it, it has the usual mode.
        if path not in tree.nodes or tree.nodes[path].mode == 0o755:
            tree.add_folder(path, mode)
    for path, text in TEXTS.items():
        if tree.real_parent(path) not in tree.nodes:
            tree.add_bytes(path, text.encode())
    for path, target in LINKS.items():
        if tree.real_parent(path) not in tree.nodes:
            tree.add_link(path, target)
    for path in MERGED:
        if path not in tree.nodes and os.path.islink(path):
            tree.add_link(path, os.readlink(path))
            tree.add_folder(os.path.realpath(path))
    for path in ("/etc/os-release", "/etc/localtime"):
        if path not in tree.nodes and os.path.exists(path):
            tree.add_same(path)


def add_terminals(tree):
    """Descriptions of the usual terminals and of the user's own."""
    names = TERMINALS + (os.environ.get("TERM", "dumb"),)
    for folder in TERMINFO:
        for name in names:
            path = os.path.join(folder, name[:1] or "_", name)
            if "/" not in name and os.path.isfile(path):
                tree.add_same(path)


def add_c_library(tree, resolver, interpreter):
    """What glibc (or musl) opens by itself."""
    if "musl" in interpreter:
        name = os.path.basename(interpreter).split(".")[0]
        path = f"/etc/{name}.path"
        if os.path.exists(path):
            tree.add_same(path)
        return
    if os.path.exists("/etc/ld.so.cache"):
        tree.add_same("/etc/ld.so.cache")
    for path in LOCALES:
        if os.path.isdir(path):
            tree.add_folder_tree(path, path)
    program = resolver.objects[next(iter(resolver.objects))]
    if os.path.exists(SHELL):
        shell = resolver.object_at(tree.add_same(SHELL))
        if shell is not None:
            resolver.add(shell, shell.interpreter, required=False)
    for name in RUNTIME_LIBRARIES:
        path = resolver.find(name, (program,), interpreter)
        if path is not None:
            resolver.found[path] = None
