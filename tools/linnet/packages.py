# SPDX-License-Identifier: BSD-3-Clause
"""The data files that belong to a program, from Debian's package database.

A language is more than its interpreter: python3 needs /usr/lib/python3.11.
No program is known by name here.  The rule:

 1. The family: the packages that own the program (and each link on the way to
    it), and the installed packages built from the same source, without the
    ones for developers and readers.
 2. What the owners depend on, without the base system: of that only what
    brings no programs, such as tzdata.
 3. Plug-ins: packages that depend on the family and put files into its
    folders.
 4. Of all these, the folders below /usr/lib, /usr/share ... that are theirs: a
    folder that no other package has is taken whole (with what was generated
    in it), of a shared one the packages' own files, and of one that the
    program itself lies in only its part of it.  The folder of the same name
    below /usr/local comes too.
 5. Their files in /etc that everyone may read.  The family's folders in /var,
    empty.
 6. Of what is depended on, also the programs: who depends on an assembler runs
    it.  Of the owners only when the program is a script: such wrappers run
    what lies beside them.  With them the links of Debian's alternatives that
    lead to them (/usr/bin/as, /usr/bin/which).
 7. The libraries of the packages that those with programs name: some are loaded
    by name only.
"""

import os
import re

INFO = "/var/lib/dpkg/info"
STATUS = "/var/lib/dpkg/status"
READERS = re.compile(r"-(dev|doc|docs|dbg|dbgsym|demo|source|examples|test|"
                     r"tests|testsuite|headers|venv|man)(:|$)")
BASE_PRIORITIES = ("required", "important")
ROOTS = re.compile(
    rb"^/(?:usr/)?(?:lib|libexec|share)/(?:[a-z0-9_]+-linux-(?:gnu|musl)/)?"
    rb"([^/]+)/")
# Folders of the whole system, of readers, of other programs, or of drivers
# for graphics cards.
FOREIGN = set(b"""aclocal appdata applications apport apt bash-completion
binfmt.d binfmts bug cmake completions cron debconf debhelper debug dh-elpa
doc doc-base dpkg dri emacsen-common fish gconv gdb gir-1.0 girepository-1.0
gtk-doc help i18n icons info initramfs-tools init kernel keyrings linda lintian
locale man menu metainfo mfx mime modprobe.d modules modules-load.d omf pam.d
pam-configs pixmaps pkgconfig polkit-1 reportbug sounds systemd systemtap
sysusers.d tabset terminfo tmpfiles.d udev vdpau vim zsh xml
xsessions""".split())
ETC_FOREIGN = set(b"""X11 alternatives apparmor.d apt bash_completion.d
cron.d cron.daily cron.hourly cron.monthly cron.weekly default dpkg init init.d
initramfs-tools kernel ld.so.conf.d logcheck logrotate.d modprobe.d
modules-load.d network pam.d profile.d rc0.d rc1.d rc2.d rc3.d rc4.d rc5.d
rc6.d rcS.d security skel ssh sudoers.d sysctl.d systemd udev
update-motd.d""".split())
LIBRARY = re.compile(rb"(?:/usr)?/lib(?:64|/[a-z0-9_]+-linux-gnu)?/"
                     rb"lib[^/]+\.so(?:\.[^/]*)?")
PROGRAM_FOLDERS = (b"/bin", b"/sbin", b"/games")  # also below /usr
ALTERNATIVES = "/etc/alternatives"
NOT_FOR_SCRIPTS = ("dpkg", "perl-base", "login", "sysvinit-utils")
ALIASES = ("bin", "sbin", "lib", "lib64", "libx32", "lib32")


class Database:
    """The installed packages; reads everything once, about 0.1 s."""

    def __init__(self):
        self.packages = {}   # name -> fields
        self.provides = {}   # virtual name -> [names]
        self.by_source = {}
        self.lists = {}      # name -> bytes of its file list
        self._read_status()

    def _read_status(self):
        try:
            with open(STATUS, encoding="utf-8", errors="replace") as file:
                text = file.read()
        except OSError:
            return
        for stanza in text.split("\n\n"):
            fields = dict(
                line.split(": ", 1) for line in stanza.split("\n")
                if ": " in line and line[:1].isalpha())
            name = fields.get("Package")
            if name is None or \
                    not fields.get("Status", "").endswith(" installed"):
                continue
            self.packages[name] = fields
            source = fields.get("Source", name).split(" ")[0]
            fields["Source"] = source
            self.by_source.setdefault(source, []).append(name)
            for provided in _names(fields.get("Provides", "")):
                self.provides.setdefault(provided[0], []).append(name)

    def read_lists(self):
        if self.lists or not self.packages:
            return
        for entry in os.scandir(INFO):
            if entry.name.endswith(".list"):
                name = entry.name[:-5].split(":")[0]
                if name in self.packages:
                    with open(entry.path, "rb") as file:
                        self.lists[name] = b"\n" + file.read()

    def owners(self, path):
        """Packages that have this file; /bin/x and /usr/bin/x are one."""
        self.read_lists()
        keys = [b"\n" + os.fsencode(p) + b"\n" for p in _spellings(path)]
        return {name for name, text in self.lists.items()
                if any(key in text for key in keys)}

    def family(self, owners):
        found = set(owners)
        for name in owners:
            for sibling in self.by_source[self.packages[name]["Source"]]:
                if not READERS.search(sibling):
                    found.add(sibling)
        return found

    def is_base(self, name):
        fields = self.packages[name]
        return fields.get("Essential") == "yes" or \
            fields.get("Priority") in BASE_PRIORITIES

    def installed(self, alternatives):
        """The package that fulfils "a | b"."""
        for name in alternatives:
            if name in self.packages:
                return name
            if name in self.provides:
                return self.provides[name][0]
        return None

    def depends(self, name):
        fields = self.packages[name]
        for key in ("Pre-Depends", "Depends"):
            for alternatives in _names(fields.get(key, "")):
                yield alternatives

    def with_dependencies(self, owners):
        found = set(owners)
        work = list(owners)
        while work:
            for alternatives in self.depends(work.pop()):
                name = self.installed(alternatives)
                if name is None or name in found or \
                        self.packages[name]["Source"] == "glibc":
                    continue
                if not self.is_base(name):
                    work.append(name)
                elif self.programs(name):
                    continue
                found.add(name)
        return found

    def files(self, name):
        self.read_lists()
        return self.lists.get(name, b"").split(b"\n")

    def programs(self, name):
        """Its files in the folders for programs."""
        return [os.fsdecode(line) for line in self.files(name)
                if os.path.dirname(line).removeprefix(b"/usr")
                in PROGRAM_FOLDERS]

    def libraries(self, name):
        """Its shared libraries that lie where they are searched."""
        return [os.fsdecode(line) for line in self.files(name)
                if LIBRARY.fullmatch(line)]

    def plugins(self, family, folders):
        """Packages that extend the family in its folders."""
        found = set()
        for name in self.packages:
            if any(family & set(a) for a in self.depends(name)) and \
                    not READERS.search(name) and any(
                        b"\n" + f + b"\n" in self.lists.get(name, b"")
                        for f in folders):
                found.add(name)
        return found


def script_commands():
    """What every shell script may count on: the programs of Debian's
    essential packages (Debian Policy 3.8), without the package manager's and
    perl; and awk, which base-files pre-depends on."""
    database = Database()
    found = ["/usr/bin/awk"]
    for name, fields in database.packages.items():
        if fields.get("Essential") == "yes" and name not in NOT_FOR_SCRIPTS:
            found += database.programs(name)
    return with_alternatives(p for p in found if os.access(p, os.X_OK))


def with_alternatives(programs):
    """The programs and the links in PATH that alternatives make to them."""
    found = list(dict.fromkeys(programs))
    real = {os.path.realpath(p) for p in found}
    try:
        names = sorted(os.listdir(ALTERNATIVES))
    except OSError:
        names = []
    for name in names:
        if os.path.realpath(os.path.join(ALTERNATIVES, name)) not in real:
            continue
        found += [path for path in (f"/usr/bin/{name}", f"/usr/sbin/{name}")
                  if os.path.islink(path) and path not in found]
    return found


def _names(text):
    """"a (>= 1) | b, c:any" -> [["a", "b"], ["c"]]"""
    return [[re.split(r"[ :(]", option.strip(), maxsplit=1)[0]
             for option in group.split("|")]
            for group in text.split(",") if group.strip()]


def _spellings(path):
    """A path with and without /usr, where these are one folder."""
    result = [path]
    parts = path.split("/")
    if len(parts) > 2 and parts[1] in ALIASES:
        result.append("/usr" + path)
    elif len(parts) > 3 and parts[1] == "usr" and parts[2] in ALIASES:
        result.append(path[4:])
    return result


def _unit(line, own=()):
    """The data folder that a listed path is in, or None.  A foreign one is
    not when it has the name of the package or of its source: vim's."""
    match = ROOTS.match(line + b"/")
    if match and (match.group(1) not in FOREIGN or match.group(1) in own) and \
            not match.group(1).endswith((b"-linux-gnu", b"-linux-musl")):
        return line[:match.end(1)]
    if line.startswith(b"/opt/"):
        return b"/".join(line.split(b"/")[:3])
    return None


def _units(database, names):
    units = {}
    for name in names:
        own = (name.encode(), database.packages[name]["Source"].encode())
        for line in database.files(name):
            unit = _unit(line, own)
            if unit is not None:
                units.setdefault(unit, []).append(line)
    return {unit: lines for unit, lines in units.items()
            if os.path.isdir(unit) and not os.path.islink(unit)}


class Data:
    """What a program's packages bring."""

    def __init__(self):
        self.packages = {}  # name -> why: "its own", "depended on", "plug-in"
        self.folders = []   # whole
        self.files = []     # single ones
        self.programs = []
        self.libraries = []
        self.empty = []       # folders without what is in them
        self.has_own = False  # folders of the program's own packages


def data_of(chains, is_script=False):
    """The data for programs at these host paths (links and their targets)."""
    data = Data()
    database = Database()
    owners = set()
    for path in chains:
        owners |= database.owners(path)
    if not owners:
        return data
    family = database.family(owners)
    needed = database.with_dependencies(owners)
    own = _units(database, family)
    plugins = database.plugins(family, own)
    data.has_own = bool(own)
    everyone = family | needed | plugins
    for names, why in ((plugins, "plug-in"), (needed, "depended on"),
                       (family, "its own")):
        data.packages.update(dict.fromkeys(names, why))
    for unit, lines in _units(database, everyone).items():
        _choose(database, everyone, unit, lines, data, chains)
        local = b"/usr/local" + unit.removeprefix(b"/usr")
        if os.path.isdir(local) and local not in data.folders:
            data.folders.append(local)
    data.folders = [os.fsdecode(f) for f in data.folders]
    data.files = [os.fsdecode(f) for f in data.files]
    data.files += _etc_files(database, everyone)
    for name in sorted(needed - owners | (owners if is_script else set())):
        if not database.is_base(name):
            data.programs += [p for p in database.programs(name)
                              if os.access(p, os.X_OK)]
    data.programs = with_alternatives(data.programs)
    data.empty = [os.fsdecode(line) for name in sorted(family)
                  for line in database.files(name)
                  if line.startswith(b"/var/") and os.path.isdir(line)]
    running = owners | {n for n in needed if database.programs(n)}
    named = {database.installed(alternatives) for name in running
             for alternatives in database.depends(name)}
    for name in sorted((named & needed) - owners):
        if not READERS.search(name):
            data.libraries += database.libraries(name)
    return data


def _choose(database, everyone, unit, lines, data, chains):
    key = b"\n" + unit + b"\n"
    inside = [os.fsencode(p)[len(unit) + 1:].split(b"/") for p in chains
              if os.fsencode(p).startswith(unit + b"/")]
    parts = {unit + b"/" + p[0] for p in inside if len(p) > 1}
    if not parts and not any(key in text
                             for name, text in database.lists.items()
                             if name not in everyone):
        data.folders.append(unit)
        return
    data.folders += sorted(p for p in parts if not os.path.islink(p))
    folders = set()
    for line in lines:
        if line != unit and not os.path.isdir(line):
            data.files.append(line)
            folders.add(os.path.dirname(line))
    for folder in sorted(folders):
        compiled = folder + b"/__pycache__"
        if os.path.isdir(compiled):
            data.folders.append(compiled)


def _etc_files(database, names):
    found = []
    for name in sorted(names):
        for line in database.lists.get(name, b"").split(b"\n"):
            parts = line.split(b"/")
            if len(parts) < 3 or parts[1] != b"etc" or \
                    parts[2] in ETC_FOREIGN:
                continue
            path = os.fsdecode(line)
            if os.path.isdir(path) and path != "/etc/ssl/certs":
                continue
            try:
                if os.stat(path).st_mode & 0o004:
                    found.append(path)
            except OSError:
                continue
    return found
