# SPDX-License-Identifier: BSD-3-Clause
"""Options of a verb: a table, its parser, its help text.

Unlike argparse this leaves everything after the first operand alone when asked
to (the arguments of the program belong to the program), refuses an option that
is known but has no meaning yet by its name, and starts in no time.

    -m 128M  -m128M  --memory=128M  --memory 128M  -it  (two flags)
"""

from linnet.errors import Failure


class Option:
    """One row: names, what its value is called (None: a flag), help."""

    def __init__(self, names, metavar=None, text="", *, default=None,
                 many=False, choices=None, refused=None, optional=None):
        self.names = names.split()
        self.metavar = metavar
        self.text = text
        self.many = many
        self.choices = choices
        self.refused = refused  # why the option has no meaning yet
        self.optional = optional  # value of --name without "=value"
        self.default = [] if many else default
        long_names = [n for n in self.names if n.startswith("--")]
        self.key = (long_names or self.names)[0].lstrip("-").replace("-", "_")


class Values(dict):
    """The parsed options: values.memory is values["memory"]."""

    def __getattr__(self, name):
        try:
            return self[name]
        except KeyError:
            raise AttributeError(name) from None

    def __setattr__(self, name, value):
        self[name] = value


class Parser:
    """Parses words by a table of options."""

    def __init__(self, verb, options, status=125):
        self.verb = verb
        self.options = options
        self.status = status
        self.by_name = {name: o for o in options for name in o.names}

    def fail(self, cause):
        raise Failure(cause, f"see linnet {self.verb} --help"
                      if not self.verb.startswith("scripts/")
                      else f"see {self.verb} --help", self.status)

    def parse(self, words, stop_at_operand=False):
        """Returns the values and the operands."""
        values = Values((o.key, list(o.default) if o.many else o.default)
                        for o in self.options)
        operands = []
        words = list(words)
        while words:
            word = words.pop(0)
            if word == "--":
                operands += words
                break
            if word.startswith("--"):
                self.take_long(values, word, words)
            elif word.startswith("-") and word != "-":
                self.take_short(values, word, words)
            else:
                operands.append(word)
                if stop_at_operand:
                    operands += words
                    break
        return values, operands

    def find(self, name):
        option = self.by_name.get(name)
        if option is None:
            import difflib
            near = difflib.get_close_matches(name, self.by_name, 1)
            hint = f" (did you mean {near[0]}?)" if near else ""
            self.fail(f"unknown option {name}{hint}")
        if option.refused:
            raise Failure(f"option {name} has no meaning yet: "
                          f"{option.refused}", status=self.status)
        return option

    def take_long(self, values, word, words):
        name, equals, value = word.partition("=")
        option = self.find(name)
        if option.metavar is None:
            if equals:
                self.fail(f"option {name} takes no value")
            values[option.key] = True
        elif equals:
            self.store(values, option, name, value)
        elif option.optional is not None:
            self.store(values, option, name, option.optional)
        elif words:
            self.store(values, option, name, words.pop(0))
        else:
            self.fail(f"option {name} needs a value: {option.metavar}")

    def take_short(self, values, word, words):
        while len(word) > 1:
            name = word[:2]
            option = self.find(name)
            if option.metavar is None:
                values[option.key] = True
                word = "-" + word[2:]
                continue
            if len(word) > 2:
                value = word[2:].removeprefix("=")
            elif words:
                value = words.pop(0)
            else:
                self.fail(f"option {name} needs a value: {option.metavar}")
            self.store(values, option, name, value)
            return

    def store(self, values, option, name, value):
        if option.choices and value not in option.choices:
            self.fail(f"{name} {value}: one of "
                      f"{', '.join(option.choices)} expected")
        if option.many:
            values[option.key].append(value)
        else:
            values[option.key] = value

    def help_lines(self):
        lines = []
        for option in self.options:
            if option.refused or option.text is None:
                continue
            names = ", ".join(option.names)
            if option.metavar:
                names += f" {option.metavar}"
            if len(names) > 24:
                lines.append(f"  {names}")
                names = ""
            lines.append(f"  {names:<24}  {option.text}")
        return "\n".join(lines)


def parse_count(text, name, low, high):
    """A decimal number within bounds."""
    if not text.isascii() or not text.isdigit():
        raise Failure(f"{name} {text}: a number expected")
    number = int(text)
    if not low <= number <= high:
        raise Failure(f"{name} {text}: {low} to {high} expected")
    return number


def parse_seconds(text, name):
    try:
        seconds = float(text)
    except ValueError:
        seconds = -1.0
    if not 0 < seconds < 1e9:
        raise Failure(f"{name} {text}: a number of seconds expected")
    return seconds


def parse_size(text, name):
    """Bytes from 64M, 2G, 512K, or a number of MiB as QEMU reads it."""
    units = {"K": 1 << 10, "M": 1 << 20, "G": 1 << 30, "T": 1 << 40}
    number, unit = text, "M"
    if text[-1:].upper() in units:
        number, unit = text[:-1], text[-1].upper()
    if not number.isascii() or not number.isdigit():
        raise Failure(f"{name} {text}: a size such as 128M or 2G expected")
    return int(number) * units[unit]


def format_size(size):
    for unit, shift in (("G", 30), ("M", 20), ("K", 10)):
        if size >= 1 << shift:
            amount = size / (1 << shift)
            return f"{amount:.0f}{unit}" if amount >= 10 or \
                amount == int(amount) else f"{amount:.1f}{unit}"
    return f"{size}B"
