# SPDX-License-Identifier: BSD-3-Clause
"""arguments.py: the table of options and its parser."""

import unittest

import support  # noqa: F401
from linnet.arguments import (Option, Parser, format_size, parse_count,
                              parse_seconds, parse_size)
from linnet.errors import Failure

OPTIONS = [
    Option("-e --env", "K=V", "text", many=True),
    Option("-m --memory", "SIZE", "text", default="128M"),
    Option("-i", None, "text"),
    Option("-t --tty", None, "text"),
    Option("--vmm", "X", "text", choices=("a", "b")),
    Option("-p --publish", "X", refused="no network"),
    Option("--sampler", "HZ", "text", optional="1000"),
]


class Arguments(unittest.TestCase):
    def parse(self, *words, stop=True):
        return Parser("run", OPTIONS).parse(words, stop)

    def test_forms(self):
        for words in (["-m", "1G"], ["-m1G"], ["-m=1G"], ["--memory", "1G"],
                      ["--memory=1G"]):
            self.assertEqual(self.parse(*words)[0].memory, "1G", words)

    def test_many_and_bundle(self):
        values, _ = self.parse("-e", "A=1", "--env=B=2 3", "-it")
        self.assertEqual(values.env, ["A=1", "B=2 3"])
        self.assertTrue(values.i and values.tty)

    def test_defaults_are_not_shared(self):
        self.parse("-e", "A=1")
        self.assertEqual(self.parse()[0].env, [])

    def test_program_arguments_untouched(self):
        words = ["ls", "-m", "--vmm=z", "--", "-e"]
        self.assertEqual(self.parse("-i", *words)[1], words)

    def test_double_dash(self):
        self.assertEqual(self.parse("--", "-i", "x")[1], ["-i", "x"])

    def test_single_dash_is_operand(self):
        self.assertEqual(self.parse("-")[1], ["-"])

    def test_optional_value(self):
        self.assertEqual(self.parse("--sampler")[0].sampler, "1000")
        self.assertEqual(self.parse("--sampler=5")[0].sampler, "5")

    def test_refusals(self):
        for words, text in ((["--memry", "1"], "did you mean --memory"),
                            (["-z"], "unknown option -z"),
                            (["--tty=1"], "takes no value"),
                            (["-m"], "needs a value"),
                            (["--vmm", "c"], "one of a, b"),
                            (["-p", "1:2"], "no meaning yet: no network")):
            with self.assertRaises(Failure) as caught:
                self.parse(*words)
            self.assertIn(text, caught.exception.line())
            self.assertEqual(caught.exception.status, 125)

    def test_sizes(self):
        self.assertEqual(parse_size("128M", "-m"), 128 << 20)
        self.assertEqual(parse_size("2g", "-m"), 2 << 30)
        self.assertEqual(parse_size("64", "-m"), 64 << 20)
        for bad in ("", "M", "1.5G", "-1M", "x", "\u0661M"):
            with self.assertRaises(Failure):
                parse_size(bad, "-m")
        self.assertEqual(format_size(1536 << 20), "1.5G")
        self.assertEqual(format_size(100), "100B")

    def test_numbers(self):
        self.assertEqual(parse_count("4", "-c", 1, 8), 4)
        self.assertEqual(parse_seconds("0.5", "-t"), 0.5)
        for bad in ("0", "9", "x", "-1", ""):
            with self.assertRaises(Failure):
                parse_count(bad, "-c", 1, 8)
        for bad in ("0", "nan", "inf", "-1", "x"):
            with self.assertRaises(Failure):
                parse_seconds(bad, "-t")


if __name__ == "__main__":
    unittest.main()
