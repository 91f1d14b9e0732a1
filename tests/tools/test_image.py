# SPDX-License-Identifier: BSD-3-Clause
"""tree.py, cpio.py, erofs.py, contents.py, packages.py, image.py."""

import os
import stat
import subprocess
import unittest
from unittest import mock

from support import TemporaryFolder, has, linnet
from linnet import contents, cpio, erofs, image, packages
from linnet.errors import Failure
from linnet.tree import Tree


def read_file(archive, path):
    parts = []
    archive.read(archive.lookup(path), parts.append)
    return b"".join(parts)


class Trees(TemporaryFolder):
    def test_links_on_the_way(self):
        os.makedirs(self.path("real/bin"))
        self.write("real/bin/x", "x", 0o755)
        os.symlink("real", self.path("alias"))
        os.symlink("x", self.path("real/bin/y"))
        tree = Tree()
        real = tree.add_same(self.path("alias/bin/y"))
        self.assertEqual(real, self.path("real/bin/x"))
        self.assertEqual(tree.nodes[self.path("alias")].data, "real")
        self.assertEqual(tree.nodes[self.path("real/bin/y")].data, "x")
        self.assertEqual(tree.nodes[real].kind, "h")

    def test_loop(self):
        os.symlink("b", self.path("a"))
        os.symlink("a", self.path("b"))
        with self.assertRaises(Failure):
            Tree().add_same(self.path("a"))

    def test_file_against_folder(self):
        tree = Tree()
        tree.add_bytes("/a/b", b"x")
        for call in (lambda: tree.add_bytes("/a", b"y"),
                     lambda: tree.add_bytes("/a/b/c", b"y")):
            with self.assertRaises(Failure):
                call()

    def test_through_links_of_the_tree(self):
        tree = Tree()
        tree.add_link("/bin", "usr/bin")
        tree.add_bytes("/bin/x", b"x")
        self.assertIn("/usr/bin/x", tree.nodes)
        self.assertNotIn("/bin/x", tree.nodes)

    def test_special_files_left_out(self):
        os.mkfifo(self.path("fifo"))
        self.write("file", "x")
        tree = Tree()
        tree.add_folder_tree(self.folder, "/d")
        self.assertIn("/d/file", tree.nodes)
        self.assertNotIn("/d/fifo", tree.nodes)


class Formats(TemporaryFolder):
    def example(self):
        tree = Tree()
        tree.add_folder("/tmp", 0o1777)
        tree.add_bytes("/etc/empty", b"")
        tree.add_bytes("/etc/text", b"hello\n", 0o600)
        tree.add_link("/bin", "usr/bin")
        tree.add_folder("/usr/bin")
        big = bytes(range(256)) * 5000 + b"tail"
        tree.add_file(self.write("big", big, 0o755), "/usr/bin/big")
        for i in range(300):
            tree.add_bytes(f"/many/file-with-a-long-name-{i:04}", b"%d" % i)
        return tree, big

    def check(self, archive, big):
        self.assertEqual(read_file(archive, "/etc/text"), b"hello\n")
        self.assertEqual(read_file(archive, "/etc/empty"), b"")
        self.assertEqual(read_file(archive, "/usr/bin/big"), big)
        self.assertEqual(read_file(archive, "/bin"), b"usr/bin")
        self.assertIsNone(archive.lookup("/nope"))
        self.assertEqual(len(list(archive.children("/many"))), 300)
        self.assertEqual(read_file(archive,
                                   "/many/file-with-a-long-name-0123"),
                         b"123")
        for path, mode in (("/tmp", stat.S_IFDIR | 0o1777),
                           ("/etc/text", stat.S_IFREG | 0o600),
                           ("/usr/bin/big", stat.S_IFREG | 0o755)):
            self.assertEqual(archive.lookup(path)[0], mode)

    def test_cpio(self):
        tree, big = self.example()
        path = self.path("x.cpio")
        cpio.write(tree, path)
        self.check(cpio.Archive(path), big)
        self.assertEqual(os.path.getsize(path) % 512, 0)
        if has("/usr/bin/cpio"):
            with open(path, "rb") as file:
                names = subprocess.run(["cpio", "-t", "--quiet"], stdin=file,
                                       capture_output=True, text=True,
                                       check=True).stdout.split("\n")
            self.assertIn("usr/bin/big", names)
            self.assertEqual(len(names), len(tree.nodes) + 1)

    def test_cpio_damaged(self):
        path = self.path("x.cpio")
        cpio.write(self.example()[0], path)
        for size in (50, 1000, os.path.getsize(path) // 2):
            with open(path, "rb") as file:
                bad = self.write("bad", file.read(size))
            with self.assertRaises(Failure):
                cpio.Archive(bad)

    def test_changing_file(self):
        tree, _ = self.example()
        self.write("big", "short now")
        with self.assertRaises(Failure):
            cpio.write(tree, self.path("x.cpio"))

    @unittest.skipUnless(has("/usr/bin/mkfs.erofs"), "no mkfs.erofs")
    def test_erofs(self):
        tree, big = self.example()
        path = self.path("x.erofs")
        erofs.write(tree, path)
        self.check(erofs.Archive(path), big)
        subprocess.run(["fsck.erofs", path], check=True,
                       capture_output=True)
        self.assertEqual([n for n in os.listdir(self.folder)
                          if n.startswith(".stage")], [])

    @unittest.skipUnless(has("/usr/bin/mkfs.erofs"), "no mkfs.erofs")
    def test_erofs_damaged(self):
        import random
        path = self.path("x.erofs")
        erofs.write(self.example()[0], path)
        with open(path, "rb") as file:
            good = file.read()
        chance = random.Random(2)
        for _ in range(100):
            data = bytearray(good)
            for _ in range(30):
                data[chance.randrange(1024, 20000)] = chance.randrange(256)
            try:
                archive = erofs.Archive(self.write("bad", data))
                for name, entry in archive.children("/"):
                    if stat.S_ISREG(entry[0]):
                        archive.read(entry, len)
            except (Failure, RecursionError):
                pass


class Contents(TemporaryFolder):
    def failure(self, name, status):
        with self.assertRaises(Failure) as caught:
            path = contents.find_program(name)
            contents.Builder().add_program(path)
        self.assertEqual(caught.exception.status, status, name)
        self.assertTrue(caught.exception.cure, name)
        return caught.exception.line()

    def test_failures(self):
        self.failure("no-such-program-here", 127)
        self.failure(self.path("none"), 127)
        self.failure(self.folder, 126)
        self.failure(self.write("plain", "x", 0o644), 126)
        self.failure(self.write("data", "x\n", 0o755), 126)
        self.failure(self.write("script", "#!/no/such\n", 0o755), 126)
        self.failure(self.write("empty", "#!\n", 0o755), 126)
        from test_elf import header
        self.assertIn("32-bit", self.failure(
            self.write("i386", header(bits=1, machine=3), 0o755), 126))
        self.assertIn("aarch64", self.failure(
            self.write("arm", header(machine=183), 0o755), 126))
        self.failure(self.write("cut", b"\x7fELF", 0o755), 126)

    def test_script_and_env(self):
        script = self.write("s", "#!/usr/bin/env -S bash -e\necho\n", 0o755)
        builder = contents.Builder()
        builder.add_program(script)
        for path in (script, "/usr/bin/env"):
            self.assertIn(path, builder.programs)
        self.assertTrue(builder.path_folders)
        self.assertTrue(any(p.endswith("/bash") for p in builder.programs))

    def test_endless_scripts(self):
        a = self.path("a")
        self.write("a", f"#!{self.path('b')}\n", 0o755)
        self.write("b", f"#!{a}\n", 0o755)
        builder = contents.Builder()
        builder.add_program(a)   # each once; the kernel says ELOOP
        self.assertEqual(len(builder.programs), 2)

    def test_shims_are_skipped(self):
        self.write("shims/tool", "#!/bin/sh\n", 0o755)
        real = self.write("bin/tool", "#!/bin/sh\n", 0o755)
        search = f"{self.path('shims')}:{self.path('bin')}"
        self.assertEqual(contents.find_program("tool", search), real)

    def test_installation(self):
        program = self.write("pkg/bin/tool", "#!/bin/sh\n", 0o755)
        self.write("pkg/lib/tool/data", "x")
        self.write("pkg/share/man/man1/tool.1", "x")
        self.write("pkg/share/tool/more", "x")
        builder = contents.Builder()
        builder.add_program(program)
        builder.add_data()
        nodes = builder.tree.nodes
        self.assertIn(self.path("pkg/lib/tool/data"), nodes)
        self.assertIn(self.path("pkg/share/tool/more"), nodes)
        self.assertNotIn(self.path("pkg/share/man/man1/tool.1"), nodes)

    def test_helpers(self):
        """Scripts among what may be run bring their interpreters."""
        script = self.write("helper", "#!/bin/cat\n", 0o755)
        builder = contents.Builder()
        builder.add_helper(script)
        builder.add_helper(self.write("odd", "#!/no/such\n", 0o755))
        self.assertIn(script, builder.tree.nodes)
        self.assertIn(os.path.realpath("/bin/cat"), builder.tree.nodes)
        self.assertTrue(builder.resolver.found)

    def test_time_zones(self):
        self.write("zones/Europe/X", "x")
        self.write("zones/right/Europe/X", "x")
        zones = self.path("zones")
        with mock.patch.object(contents, "ZONES", zones):
            for variable, everything, wanted in (
                    ("", False, []), ("UTC0", False, []),
                    (":Europe/X", False, ["Europe/X"]),
                    ("../helper", False, []), ("", True, ["Europe/X"])):
                builder = contents.Builder(variables={"TZ": variable})
                builder._add_zones(everything)
                self.assertEqual(
                    [p.removeprefix(zones + "/")
                     for p, node in builder.tree.sorted()
                     if node.kind == "h"], wanted, variable)

    def test_converters(self):
        """For objects that use iconv(), but not for a shell."""
        for mentions, shells, wanted in (
                ({"iconv_open"}, set(), True), (set(), set(), False),
                ({"iconv_open"}, {"/x"}, False)):
            builder = contents.Builder()
            builder.interpreter = "/lib64/ld-linux-x86-64.so.2"
            builder.resolver.objects["/x"] = mock.Mock(mentions=mentions)
            self.write("gconv/X.so", "")
            with mock.patch.object(contents, "default_folders",
                                   return_value=[self.folder]), \
                    mock.patch.object(builder, "shells",
                                      return_value=shells):
                builder._add_converters()
            self.assertEqual(self.path("gconv/X.so") in builder.tree.nodes,
                             wanted)

    def test_rootfs(self):
        self.write("root/usr/bin/tool", "#!/bin/sh\n", 0o755)
        os.symlink("/usr/bin", self.path("root/bin"))
        root = self.path("root")
        self.assertEqual(contents.find_in_rootfs(root, "tool"),
                         "/usr/bin/tool")
        self.assertEqual(contents.find_in_rootfs(root, "/bin/tool"),
                         "/bin/tool")
        with self.assertRaises(Failure) as caught:
            contents.find_in_rootfs(root, "ls")
        self.assertEqual(caught.exception.status, 127)
        os.symlink("/../../etc", self.path("root/out"))
        self.assertIsNone(contents.inside_rootfs(root, "/out/passwd"))

    def test_copies(self):
        self.assertEqual(contents.parse_copy(f"{self.folder}:/x/../y"),
                         (self.folder, "/y"))
        for bad in (f"{self.folder}:y", "/no/such:/x", ":/x",
                    f"{self.folder}:/x:ro"):
            with self.assertRaises(Failure):
                contents.parse_copy(bad)


STATUS = """\
Package: tool
Status: install ok installed
Source: tool-src
Depends: tool-data (>= 1) | other, libx

Package: tool-data
Status: install ok installed
Source: tool-src

Package: tool-doc
Status: install ok installed
Source: tool-src

Package: tool-plugin
Status: install ok installed
Depends: tool:any

Package: libx
Status: install ok installed
Depends: base, zones, assembler

Package: base
Status: install ok installed
Priority: required

Package: zones
Status: install ok installed
Priority: required

Package: assembler
Status: install ok installed
Depends: base

Package: gone
Status: deinstall ok config-files

Package: stranger
Status: install ok installed
"""


class Packages(TemporaryFolder):
    def setUp(self):
        super().setUp()
        status = self.write("status", STATUS)
        for name, lines in (
                ("tool", "/usr/bin/tool\n/usr/lib/tool\n/var/log\n/var/no\n"),
                ("tool-data", "/usr/share/tool\n/usr/share/tool/a\n"
                              "/usr/share/man/man1/tool.1\n"),
                ("tool-plugin:amd64", "/usr/lib/tool\n/usr/lib/tool/p\n"
                                      "/usr/lib/pp/x\n"),
                ("libx", "/usr/lib/x86_64-linux-gnu\n"),
                ("base", "/usr/bin/base\n/usr/share/base/x\n"),
                ("zones", "/usr/share/zones/x\n"),
                ("assembler", "/usr/share/man/man1/as.1\n"
                              f"{self.write('as', '', 0o755)}\n"
                              "/usr/bin/not-there\n"),
                ("stranger", "/bin/merged\n/usr/share/tool\n")):
            self.write(f"info/{name}.list", lines)
        for patch in (mock.patch.object(packages, "STATUS", status),
                      mock.patch.object(packages, "INFO",
                                        self.path("info"))):
            patch.start()
            self.addCleanup(patch.stop)
        self.database = packages.Database()

    def test_relations(self):
        database = self.database
        self.assertEqual(database.owners("/usr/bin/tool"), {"tool"})
        self.assertEqual(database.owners("/usr/bin/merged"), {"stranger"})
        self.assertEqual(database.owners("/usr/bin/none"), set())
        family = database.family({"tool"})
        self.assertEqual(family, {"tool", "tool-data"})
        self.assertEqual(database.with_dependencies({"tool"}),
                         {"tool", "tool-data", "libx", "zones", "assembler"})
        self.assertEqual(database.plugins(family, [b"/usr/lib/tool"]) -
                         family, {"tool-plugin"})
        self.assertNotIn("gone", database.packages)

    def test_programs(self):
        """Those of what is depended on; of the owners for scripts."""
        with mock.patch.object(packages, "PROGRAM_FOLDERS",
                               (b"/bin", os.fsencode(self.folder))):
            data = packages.data_of(["/usr/bin/tool"])
            self.assertEqual(data.programs, [self.path("as")])
            self.assertEqual(data.packages["assembler"], "depended on")
            self.assertEqual(data.empty, ["/var/log"])
            self.assertEqual(data.packages["tool-data"], "its own")
            with mock.patch.object(os, "access", return_value=True):
                data = packages.data_of(["/usr/bin/tool"], is_script=True)
            self.assertIn("/usr/bin/tool", data.programs)

    def test_alternatives(self):
        program = self.write("real", "", 0o755)
        with mock.patch.object(packages, "ALTERNATIVES",
                               self.path("alternatives")):
            self.assertEqual(packages.with_alternatives([program]), [program])
            os.mkdir(self.path("alternatives"))
            for name, target in (("awk", program), ("none", "/no/such")):
                os.symlink(target, self.path("alternatives/" + name))
            with mock.patch.object(os.path, "islink", return_value=True):
                self.assertEqual(
                    packages.with_alternatives([program, program]),
                    [program, "/usr/bin/awk", "/usr/sbin/awk"])

    def test_units(self):
        for path, unit in (
                (b"/usr/lib/python3.11/os.py", b"/usr/lib/python3.11"),
                (b"/usr/lib/x86_64-linux-gnu/perl/5/x",
                 b"/usr/lib/x86_64-linux-gnu/perl"),
                (b"/usr/lib/x86_64-linux-gnu", None),
                (b"/usr/share/doc/x/y", None), (b"/usr/bin/x", None),
                (b"/opt/thing/bin/x", b"/opt/thing")):
            self.assertEqual(packages._unit(path), unit)
        for own, unit in (((b"vim-nox", b"vim"), b"/usr/share/vim"),
                          ((b"clang",), None)):
            self.assertEqual(packages._unit(b"/usr/share/vim/x", own), unit)

    @unittest.skipUnless(has("/usr/bin/perl"), "no perl")
    def test_why(self):
        mock.patch.stopall()
        text = linnet("image", "why", "@perl").stdout.decode()
        self.assertIn("its own: ", text)
        self.assertRegex(text, r"(?m)^ *[0-9.]+M  /usr/share/perl[^ ]*$")
        self.assertRegex(text, r"(?m)^ *[0-9.]+M  in all$")

    @unittest.skipUnless(has("/usr/bin/perl"), "no perl")
    def test_real_languages(self):
        mock.patch.stopall()
        for program, file in (("/usr/bin/perl", "/strict.pm"),
                              ("/usr/bin/python3", "/json/__init__.py"),
                              ("/usr/bin/ruby", "/set.rb")):
            if has(program):
                builder = contents.Builder()
                builder.add_program(program)
                builder.add_data()
                self.assertTrue(any(p.endswith(file)
                                    for p in builder.tree.nodes), program)


class Cache(TemporaryFolder):
    def request(self, **more):
        return image.Request(self.program, fs="ramfs", **more)

    def setUp(self):
        super().setUp()
        self.program = self.write("bin/prog", "#!/bin/sh\n", 0o755)

    def test_used_again(self):
        first = image.ensure(self.request())
        self.assertTrue(first.fresh)
        second = image.ensure(self.request())
        self.assertFalse(second.fresh)
        self.assertEqual(first.path, second.path)
        self.assertEqual(first.program, self.program)

    def test_changes_are_seen(self):
        data = self.write("data/a", "1")
        copies = [(self.path("data"), "/data")]
        image.ensure(self.request(copies=copies))
        self.write("data/b", "2")
        self.assertTrue(image.ensure(self.request(copies=copies)).fresh)
        os.unlink(data)
        self.assertTrue(image.ensure(self.request(copies=copies)).fresh)
        self.assertFalse(image.ensure(self.request(copies=copies)).fresh)
        self.write("bin/prog", "#!/bin/sh\n\n", 0o755)
        self.assertTrue(image.ensure(self.request(copies=copies)).fresh)

    def test_bytes_are_part_of_the_name(self):
        one = image.ensure(self.request(copies=[(b"1", "/x")]))
        two = image.ensure(self.request(copies=[(b"2", "/x")]))
        self.assertNotEqual(one.path, two.path)
        self.assertEqual(read_file(cpio.Archive(two.path), "/x"), b"2")

    def test_bounded(self):
        with mock.patch.dict(os.environ, LINNET_IMAGES_MAX="1K"):
            first = image.ensure(self.request())
            second = image.ensure(self.request(folders=["/w"]))
            self.assertTrue(has(first.path))  # it is recent
            os.utime(first.path.replace(".cpio", ".recipe"), (1, 1))
            os.utime(first.path, (1, 1))
            third = image.ensure(self.request(folders=["/x"]))
        self.assertFalse(has(first.path))
        self.assertTrue(has(second.path) and has(third.path))

    def test_no_recipe_yet(self):
        """Another run has written its image and is about to use it."""
        with mock.patch.dict(os.environ, LINNET_IMAGES_MAX="1K"):
            first = image.ensure(self.request())
            os.unlink(first.path.replace(".cpio", ".recipe"))
            image.ensure(self.request(folders=["/w"]))
        self.assertTrue(has(first.path))

    @unittest.skipUnless(has("/usr/bin/mkfs.erofs"), "no mkfs.erofs")
    def test_hidden_by_mounts(self):
        made = image.ensure(image.Request(
            self.program, fs="rofs", copies=[(b"1", "/tmp/x/y")]))
        self.assertIsNone(image.open_image(made.path).lookup("/tmp/x"))
        extra = image.open_image(made.extra)
        self.assertEqual(read_file(extra, "/tmp/x/y"), b"1")
        self.assertEqual(extra.lookup("/tmp")[0], stat.S_IFDIR | 0o1777)
        again = image.ensure(image.Request(
            self.program, fs="rofs", copies=[(b"1", "/tmp/x/y")]))
        self.assertFalse(again.fresh)
        self.assertEqual(again.extra, made.extra)

    def test_failure_leaves_nothing(self):
        with mock.patch.object(cpio, "write", side_effect=OSError("full")):
            with self.assertRaises(OSError):
                image.ensure(self.request())
        self.assertEqual([n for n in os.listdir(self.path("images"))
                          if n.startswith(".new")], [])

    def test_what_is_in_it(self):
        made = image.ensure(self.request())
        archive = image.open_image(made.path)
        for path in ("/etc/passwd", "/proc", "/tmp", self.program,
                     os.path.realpath("/bin/sh")):
            self.assertIsNotNone(archive.lookup(path), path)
        self.assertEqual(read_file(archive, "/var/run"), b"/run")
        with self.assertRaises(Failure):
            image.open_image(self.program)


if __name__ == "__main__":
    unittest.main()
