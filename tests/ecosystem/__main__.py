"""``python -m tests.ecosystem``: fetch the pinned projects, run dodont on them, look at what it says."""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from tests.ecosystem import repairs, show, sturdy, suppressions
from tests.ecosystem.faults.awaits import Awaits
from tests.ecosystem.faults.eager import Eager
from tests.ecosystem.faults.schema import Schema
from tests.ecosystem.faults.sql import Sql
from tests.ecosystem.faults.transactions import Atomic, Commits, Updates
from tests.ecosystem.fetch import FetchError, fetch
from tests.ecosystem.projects import directories, fetched_projects, load_projects, measure_size
from tests.ecosystem.results import Finding, RunError, check, load_results


def main() -> int:
    arguments = _parser().parse_args()
    try:
        status: int = arguments.command(arguments)
    except ValueError as error:
        print(error, file=sys.stderr)
        return 2
    return status


def _fetch(arguments: argparse.Namespace) -> int:
    failed = 0
    for project in load_projects(arguments.names):
        try:
            new = fetch(project, arguments.directory)
        except FetchError as error:
            failed += 1
            print(error, file=sys.stderr, flush=True)
            continue
        size = measure_size([arguments.directory / project.name])
        state = "fetched" if new else "there"
        print(f"{project.name:28} {state:8} {size.files:6,} files {size.lines:10,} lines  {project.why}", flush=True)
    return 1 if failed else 0


def _run(arguments: argparse.Namespace) -> int:
    results = arguments.results or arguments.directory / "results"
    options = ["--select", arguments.select] if arguments.select else []
    failed = 0
    findings: list[Finding] = []
    for project in fetched_projects(arguments.directory, arguments.names):
        if project.python and arguments.python == sys.executable and sys.version_info < _version(project.python):
            print(f"{project.name}: some files need Python {project.python} or later; see --python", file=sys.stderr)
        try:
            result = check(project, arguments.directory, results, [*options, *arguments.option], arguments.python)
        except RunError as error:
            failed += 1
            print(error, file=sys.stderr, flush=True)
            continue
        findings += result.findings
        print(
            f"{result.project}: {len(result.findings)} findings, {result.files:,} files, {result.lines:,} lines, "
            f"{result.seconds:.1f} s, {result.peak_mb:.0f} MB",
            flush=True,
        )
        _print_counts(result.findings)
    print(f"all: {len(findings)} findings")
    _print_counts(findings)
    return 1 if failed else 0


def _sample(arguments: argparse.Namespace) -> int:
    results = load_results(arguments.results or arguments.directory / "results", arguments.names)
    findings, total = show.sample(results, arguments.rule, arguments.size, arguments.seed)
    for number, finding in enumerate(findings, 1):
        print(f"[{number}]", "\n".join(show.render(finding, arguments.directory)), end="\n\n")
    print(f"{len(findings)} of {total} findings of {arguments.rule}, seed {arguments.seed}")
    return 0


def _diff(arguments: argparse.Namespace) -> int:
    gone, new = show.changes(load_results(arguments.old), load_results(arguments.new))
    for sign, findings in (("-", gone), ("+", new)):
        for item in findings:
            print(f"{sign} {item.project}/{item.filename}:{item.row}:{item.column}: {item.code} {item.message}")
    for title, findings in (("gone", gone), ("new", new)):
        print(f"{title}: {len(findings)}")
        _print_counts(findings)
    return 0


def _suppressions(arguments: argparse.Namespace) -> int:
    total = suppressions.Outcome(0, 0, 0, 0, 0)
    for root in directories(arguments.directory, arguments.names):
        made = suppressions.run(root, arguments.seed)
        print(
            f"{root.name}: {made.used} used, {made.unused} unused; {made.told} told, {made.right} right; {made.left} findings left"
        )
        total = suppressions.Outcome(*map(sum, zip(total, made, strict=True)))
    print(
        f"together: {total.used} used, {total.unused} unused; {total.told} told, {total.right} right; {total.left} findings left"
    )
    return 0


def _repairs(arguments: argparse.Namespace) -> int:
    rules = arguments.select.split(",") if arguments.select else ()
    total, faults = Counter[str](), 0
    for root in directories(arguments.directory, arguments.names):
        outcome = repairs.run(root, rules, arguments.keep)
        total += outcome.fixed
        faults += len(outcome.faults)
        told = ", ".join(f"{count} {rule}" for rule, count in sorted(outcome.fixed.items()))
        print(
            f"{root.name}: {told or 'nothing to fix'} in {outcome.files} files, {len(outcome.faults)} faults",
            flush=True,
        )
        print("".join(f"  {fault}\n" for fault in outcome.faults), end="", flush=True)
        if arguments.diff:
            print(outcome.patch)
    print("all: " + ", ".join(f"{count} {rule}" for rule, count in sorted(total.items())) + f"; {faults} faults")
    return 1 if faults else 0


def _stdlib(arguments: argparse.Namespace) -> int:
    files = sturdy.modules(arguments.directories)
    if not arguments.installed:
        files = [file for file in files if "site-packages" not in file.parts or arguments.directories]
    return sturdy.report(files if arguments.one_in == 1 else sturdy.sample(files, arguments.one_in, arguments.seed))


def _print_counts(findings: Iterable[Finding]) -> None:
    for code, rule, count in show.count_by_rule(findings):
        print(f"  {count:6} {code} {rule}")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.ecosystem", description=__doc__)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    command = commands.add_parser("fetch", help="download, verify and unpack projects into DIR/<name>")
    command.add_argument("directory", metavar="DIR", type=_directory)
    command.add_argument("names", metavar="NAME", nargs="*")
    command.set_defaults(command=_fetch)

    command = commands.add_parser("run", help="run dodont on the projects fetched into DIR, keep the findings")
    command.add_argument("directory", metavar="DIR", type=_directory)
    command.add_argument("names", metavar="NAME", nargs="*")
    command.add_argument("--select", metavar="RULES", help="handed to dodont")
    command.add_argument("--results", metavar="DIR", type=_directory, help="where to (default: DIR/results)")
    command.add_argument(
        "--option", metavar="OPTION", action="append", default=[], help="handed to dodont, as --option=--jobs=1"
    )
    command.add_argument(
        "--python", default=sys.executable, help="run dodont with this Python, which has what it needs"
    )
    command.set_defaults(command=_run)

    command = commands.add_parser("sample", help="print a random sample of a rule's findings with their source")
    command.add_argument("directory", metavar="DIR", type=_directory)
    command.add_argument("rule", metavar="RULE", help="name or code")
    command.add_argument("names", metavar="NAME", nargs="*", help="only of these projects")
    command.add_argument("-n", dest="size", type=int, default=30, help="how many (default: 30)")
    command.add_argument("--seed", type=int, default=1)
    command.add_argument("--results", metavar="DIR", type=_directory, help="where from (default: DIR/results)")
    command.set_defaults(command=_sample)

    for kind in (Awaits(), Eager(), Sql(), Atomic(), Commits(), Updates(), Schema()):
        kind.add_to(commands)

    command = _on_projects(commands, "suppressions", "silence all findings in copies, and nothing as often")
    command.add_argument("--seed", type=int, default=1)
    command.set_defaults(command=_suppressions)

    command = _on_projects(commands, "repairs", "make all fixes in copies: nothing breaks")
    command.add_argument("--select", metavar="RULES", help="of these rules only, with commas between")
    command.add_argument("--diff", action="store_true", help="print what was changed")
    command.add_argument("--keep", metavar="DIR", type=_directory, help="leave the fixed copies there")
    command.set_defaults(command=_repairs)

    command = commands.add_parser(
        "stdlib", help="every rule and every fix on a copy of the standard library: nothing breaks"
    )
    command.add_argument("directories", metavar="DIR", type=_directory, nargs="*", help="these instead")
    command.add_argument("--installed", action="store_true", help="the packages installed beside it too")
    command.add_argument("--one-in", metavar="N", type=int, default=1, help="a sample: one file in so many")
    command.add_argument("--seed", type=int, default=1)
    command.set_defaults(command=_stdlib)

    command = commands.add_parser("diff", help="print the findings gone and new between two results directories")
    command.add_argument("old", metavar="OLD", type=_directory)
    command.add_argument("new", metavar="NEW", type=_directory)
    command.set_defaults(command=_diff)
    return parser


def _on_projects(commands: Any, name: str, told: str) -> argparse.ArgumentParser:
    """A command that goes over projects."""
    command: argparse.ArgumentParser = commands.add_parser(name, help=told)
    command.add_argument("directory", metavar="DIR", type=_directory)
    command.add_argument(
        "names", metavar="NAME", nargs="*", help="directories below DIR (default: the pinned projects)"
    )
    return command


def _version(text: str) -> tuple[int, ...]:
    return tuple(map(int, text.split(".")))


def _directory(text: str) -> Path:
    return Path(text).resolve()


if __name__ == "__main__":
    sys.exit(main())
