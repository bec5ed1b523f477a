"""``tf.app``: command-line flags, and the function that runs ``main``."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence
from typing import Any


class _Flags:
    """The values of the flags; the command line is read when the first one is asked for."""

    def __init__(self) -> None:
        self.__dict__["_parser"] = argparse.ArgumentParser(allow_abbrev=False)
        self.__dict__["_values"] = {}
        self.__dict__["_parsed"] = False
        self.__dict__["_required"] = []

    def _define(
        self,
        name: str,
        default: Any,
        help: str | None,
        required: bool,
        short_name: str | None,
        **options: Any,
    ) -> None:
        text = (help or "").replace("%", "%%")
        spelled = [f"--{name}"] if short_name is None else [f"-{short_name}", f"--{name}"]
        self.__dict__["_parser"].add_argument(*spelled, default=default, help=text, dest=name, **options)
        if required:
            self.__dict__["_required"].append(name)
        self.__dict__["_parsed"] = False

    def _parse_flags(self) -> None:
        """Read the command line, as programs asked for before 1.5."""
        self._parse()

    def _parse(self, argv: Sequence[str] | None = None) -> list[str]:
        """Read the command line; what is left of it."""
        given = sys.argv[1:] if argv is None else list(argv)
        known, rest = self.__dict__["_parser"].parse_known_args(given)
        set_before = self.__dict__["_values"] if self.__dict__["_parsed"] else {}
        self.__dict__["_values"] = {**vars(known), **set_before}
        self.__dict__["_parsed"] = True
        return _parsed_by_absl(rest)

    def _check(self) -> None:
        """Stop the program where a flag that it needs has no value."""
        for name in self.__dict__["_required"]:
            if self.__dict__["_values"].get(name) is None:
                sys.exit(f"FATAL Flags parsing error: flag --{name} must have a value other than None")

    def __getattr__(self, name: str) -> Any:
        if name == "__flags":
            return self.flag_values_dict()
        if name.startswith("__"):
            raise AttributeError(name)
        if not self.__dict__["_parsed"]:
            self._parse()
        if name not in self.__dict__["_values"]:
            raise AttributeError(f"no flag named {name!r} was defined")
        return self.__dict__["_values"][name]

    def __contains__(self, name: str) -> bool:
        return name in self.flag_values_dict()

    def __setattr__(self, name: str, value: Any) -> None:
        if not self.__dict__["_parsed"]:
            self._parse()
        self.__dict__["_values"][name] = value

    def __call__(self, argv: Sequence[str], known_only: bool = False) -> list[str]:
        return [argv[0], *self._parse(argv[1:])]

    def flag_values_dict(self) -> dict[str, Any]:
        if not self.__dict__["_parsed"]:
            self._parse()
        return dict(self.__dict__["_values"])


def _parsed_by_absl(argv: Sequence[str]) -> list[str]:
    """What is left of the command line after the flags of absl, which were the same as TensorFlow's."""
    absl = sys.modules.get("absl.flags")
    if absl is None or absl.FLAGS.is_parsed():
        return list(argv)
    rest: list[str] = absl.FLAGS([sys.argv[0], *argv], known_only=True)
    return rest[1:]


def _truth(text: str) -> bool:
    if text.lower() in ("true", "t", "1", "yes"):
        return True
    if text.lower() in ("false", "f", "0", "no"):
        return False
    raise argparse.ArgumentTypeError(f"not a truth value: {text!r}")


def _between(kind: type, low: Any, high: Any) -> Callable[[str], Any]:
    """Reads a number of a kind, which is neither below nor above its bounds (None: there is none)."""

    def read(text: str) -> Any:
        number = kind(text)
        if (low is not None and number < low) or (high is not None and number > high):
            bounds = " and ".join(
                f"{words} {bound}"
                for words, bound in (("at least", low), ("at most", high))
                if bound is not None
            )
            raise argparse.ArgumentTypeError(f"{text} is not {bounds}")
        return number

    read.__name__ = kind.__name__
    return read


def _one_of(values: Sequence[str], case_sensitive: bool) -> Callable[[str], str]:
    """Reads one of some words."""

    def read(text: str) -> str:
        for value in values:
            if text == value or (not case_sensitive and text.lower() == value.lower()):
                return value
        raise argparse.ArgumentTypeError(f"{text!r} is none of {', '.join(values)}")

    return read


class _Several(argparse.Action):
    """Gathers the values of a flag; the first one given takes the place of the default."""

    def __call__(self, parser: Any, namespace: Any, values: Any, option_string: str | None = None) -> None:
        held = getattr(namespace, self.dest)
        setattr(namespace, self.dest, [values] if held is self.default else [*held, values])


class flags:
    """``tf.app.flags``."""

    FLAGS = _Flags()

    @staticmethod
    def DEFINE_string(
        name: str,
        default: Any = None,
        help: str | None = None,
        flag_values: Any = None,
        module_name: Any = None,
        required: bool = False,
        short_name: str | None = None,
    ) -> None:
        flags.FLAGS._define(name, default, help, required, short_name, type=str)

    @staticmethod
    def DEFINE_integer(
        name: str,
        default: Any = None,
        help: str | None = None,
        flag_values: Any = None,
        module_name: Any = None,
        required: bool = False,
        lower_bound: Any = None,
        upper_bound: Any = None,
        short_name: str | None = None,
    ) -> None:
        kind = _between(int, lower_bound, upper_bound)
        flags.FLAGS._define(name, default, help, required, short_name, type=kind)

    @staticmethod
    def DEFINE_float(
        name: str,
        default: Any = None,
        help: str | None = None,
        flag_values: Any = None,
        module_name: Any = None,
        required: bool = False,
        lower_bound: Any = None,
        upper_bound: Any = None,
        short_name: str | None = None,
    ) -> None:
        kind = _between(float, lower_bound, upper_bound)
        default = float(default) if isinstance(default, int) else default
        flags.FLAGS._define(name, default, help, required, short_name, type=kind)

    @staticmethod
    def DEFINE_boolean(
        name: str,
        default: Any = None,
        help: str | None = None,
        flag_values: Any = None,
        module_name: Any = None,
        required: bool = False,
        short_name: str | None = None,
    ) -> None:
        flags.FLAGS._define(name, default, help, required, short_name, type=_truth, nargs="?", const=True)
        flags.FLAGS._parser.add_argument(f"--no{name}", dest=name, action="store_false", default=default)

    DEFINE_bool = DEFINE_boolean

    @staticmethod
    def DEFINE_enum(
        name: str,
        default: Any,
        enum_values: Sequence[str],
        help: str | None = None,
        flag_values: Any = None,
        module_name: Any = None,
        required: bool = False,
        case_sensitive: bool = True,
        short_name: str | None = None,
    ) -> None:
        kind = _one_of(enum_values, case_sensitive)
        flags.FLAGS._define(name, default, help, required, short_name, type=kind)

    @staticmethod
    def DEFINE_list(
        name: str,
        default: Any,
        help: str | None = None,
        flag_values: Any = None,
        module_name: Any = None,
        required: bool = False,
        short_name: str | None = None,
    ) -> None:
        flags.FLAGS._define(name, default, help, required, short_name, type=lambda text: text.split(","))

    @staticmethod
    def DEFINE_multi_string(
        name: str,
        default: Any = None,
        help: str | None = None,
        flag_values: Any = None,
        module_name: Any = None,
        required: bool = False,
        short_name: str | None = None,
    ) -> None:
        flags._define_multi(name, default, help, required, short_name, type=str)

    @staticmethod
    def DEFINE_multi_integer(
        name: str,
        default: Any = None,
        help: str | None = None,
        flag_values: Any = None,
        module_name: Any = None,
        required: bool = False,
        lower_bound: Any = None,
        upper_bound: Any = None,
        short_name: str | None = None,
    ) -> None:
        kind = _between(int, lower_bound, upper_bound)
        flags._define_multi(name, default, help, required, short_name, type=kind)

    @staticmethod
    def DEFINE_multi_float(
        name: str,
        default: Any = None,
        help: str | None = None,
        flag_values: Any = None,
        module_name: Any = None,
        required: bool = False,
        lower_bound: Any = None,
        upper_bound: Any = None,
        short_name: str | None = None,
    ) -> None:
        kind = _between(float, lower_bound, upper_bound)
        flags._define_multi(name, default, help, required, short_name, type=kind)

    @staticmethod
    def DEFINE_multi_enum(
        name: str,
        default: Any,
        enum_values: Sequence[str],
        help: str | None = None,
        flag_values: Any = None,
        module_name: Any = None,
        required: bool = False,
        case_sensitive: bool = True,
        short_name: str | None = None,
    ) -> None:
        kind = _one_of(enum_values, case_sensitive)
        flags._define_multi(name, default, help, required, short_name, type=kind)

    @staticmethod
    def _define_multi(
        name: str, default: Any, help: str | None, required: bool, short_name: str | None, **options: Any
    ) -> None:
        """A flag that may be given several times, whose value is a list."""
        several = default if default is None or isinstance(default, (list, tuple)) else [default]
        flags.FLAGS._define(name, several, help, required, short_name, action=_Several, **options)

    @staticmethod
    def mark_flag_as_required(flag_name: str, flag_values: Any = None) -> None:
        """``tf.app.run`` stops where the flag has no value."""
        flags.FLAGS._required.append(flag_name)

    @staticmethod
    def mark_flags_as_required(flag_names: Sequence[str], flag_values: Any = None) -> None:
        """``tf.app.run`` stops where one of the flags has no value."""
        flags.FLAGS._required.extend(flag_names)


def run(main: Callable[[Any], Any] | None = None, argv: Sequence[str] | None = None) -> None:
    """Read the flags, call ``main`` with what is left of the command line, and exit."""
    given = list(sys.argv if argv is None else argv)
    rest = flags.FLAGS._parse(given[1:])
    flags.FLAGS._check()
    sys.exit((main or sys.modules["__main__"].main)([given[0], *rest]))  # type: ignore[attr-defined]
