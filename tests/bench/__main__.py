"""``python -m tests.bench``: what a cold check costs, beside the yardsticks of the same run."""

from __future__ import annotations

import argparse
import json
import platform
import shutil
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from tests.bench.tools import TOOLS, BenchError, Cost, Unit, available_tools, profile
from tests.ecosystem.projects import Size, fetched_projects, measure_size, python_files

# About 400,000 lines: Django, FastAPI, asynchronous drivers.
DEFAULT = ("pretix", "open-webui", "label-studio", "procrastinate")


@dataclass(frozen=True, slots=True)
class Row:
    """The least of the runs of each tool on one unit."""

    unit: str
    size: Size
    costs: Mapping[str, Cost]

    def ratio(self, tool: str, yardstick: str, by: str = "seconds") -> float | None:
        if tool not in self.costs or yardstick not in self.costs:
            return None
        return float(getattr(self.costs[tool], by) / getattr(self.costs[yardstick], by))


def main() -> int:
    arguments = _parser().parse_args()
    try:
        projects = fetched_projects(arguments.directory, arguments.names or DEFAULT)
        units = _units(arguments.directory, [project.name for project in projects], arguments.together)
        if arguments.profile:
            for unit in units:
                print(f"{unit.name}\n{profile(unit, arguments.option)}\n")
            return 0
        if arguments.growth:
            for unit in units:
                print(_growth(unit, arguments.runs, arguments.option))
            return 0
        tools = [name for name in arguments.only or TOOLS if name in available_tools()]
        rows = [_measure(unit, tools, arguments.runs, arguments.option) for unit in units]
    except (BenchError, ValueError) as error:
        print(error, file=sys.stderr)
        return 2
    total = [_total(rows)] if len(rows) > 1 else []
    print(_table([*rows, *total], tools))
    if arguments.json:
        arguments.json.write_text(json.dumps(_document([*rows, *total], arguments.runs), indent=1) + "\n")
    return 0


def _units(directory: Path, names: Sequence[str], together: bool) -> list[Unit]:
    if together:
        return [Unit("together", directory, tuple(names))]
    return [Unit(name, directory / name, (".",)) for name in names]


def _measure(unit: Unit, tools: Sequence[str], runs: int, options: Sequence[str]) -> Row:
    costs = {}
    for tool in tools:
        print(f"{unit.name}: {tool}", file=sys.stderr, flush=True)
        costs[tool] = _least([TOOLS[tool](unit, options) for _ in range(runs)])
    return Row(unit.name, measure_size(unit.roots), costs)


def _growth(unit: Unit, runs: int, options: Sequence[str]) -> str:
    """What 1, 2 and 4 copies of the code cost, each under a directory of its own, beside each other."""
    lines = [("copies", "files", "lines", "dodont s", "MB", "seconds / 1 copy", "MB more a 1,000 lines")]
    first: Row | None = None
    for count in (1, 2, 4):
        with tempfile.TemporaryDirectory() as name:
            directory = Path(name)
            for copy in range(count):
                for root in unit.roots:
                    for path in python_files(root):
                        target = directory / f"copy{copy}" / path.relative_to(unit.cwd)
                        target.parent.mkdir(parents=True, exist_ok=True)
                        shutil.copyfile(path, target)
            row = _measure(Unit(f"{unit.name} x {count}", directory, (".",)), ["dodont"], runs, options)
        cost = row.costs["dodont"]
        times = more = ""
        if first is not None:
            before = first.costs["dodont"]
            times = f"{cost.seconds / before.seconds:.2f}"
            more = f"{(cost.peak_mb - before.peak_mb) / (row.size.lines - first.size.lines) * 1000:.3f}"
        first = first or row
        size = (f"{row.size.files:,}", f"{row.size.lines:,}", f"{cost.seconds:.2f}", f"{cost.peak_mb:.0f}")
        lines.append((str(count), *size, times, more))
    widths = [max(len(line[column]) for line in lines) for column in range(len(lines[0]))]
    table = ("  ".join(cell.rjust(width) for cell, width in zip(line, widths, strict=True)) for line in lines)
    return "\n".join([unit.name, *table])


def _least(costs: Sequence[Cost]) -> Cost:
    return Cost(
        min(cost.seconds for cost in costs),
        min(cost.elapsed for cost in costs),
        min(cost.peak_mb for cost in costs),
    )


def _total(rows: Sequence[Row]) -> Row:
    """Seconds add up; memory does not, since each unit had a process of its own."""
    costs = {
        tool: Cost(
            sum(row.costs[tool].seconds for row in rows),
            sum(row.costs[tool].elapsed for row in rows),
            max(row.costs[tool].peak_mb for row in rows),
        )
        for tool in rows[0].costs
    }
    return Row("all", Size(sum(row.size.files for row in rows), sum(row.size.lines for row in rows)), costs)


#: What a tool's cost is held against, whether by CPU or by elapsed seconds, and how much is allowed, as docs/architecture.md says.
BUDGETS: Mapping[str, tuple[str, str, float | None]] = {
    "dodont": ("parse", "seconds", 2.5),
    "all cores": ("dodont", "elapsed", None),
    "keeping": ("dodont", "seconds", None),
    "warm": ("dodont", "seconds", 0.15),
    "one file": ("flake8 start", "seconds", 1.5),
    "flake8+dodont": ("flake8", "seconds", 1.15),
}


def _table(rows: Sequence[Row], tools: Sequence[str]) -> str:
    """One line a tool and unit, as Markdown."""
    lines = [["code", "files", "lines", "what", "CPU s", "elapsed s", "MB", "ratio", "budget"]]
    for row in rows:
        for tool in tools:
            cost = row.costs[tool]
            yardstick, by, budget = BUDGETS.get(tool, ("", "", None))
            ratio = row.ratio(tool, yardstick, by)
            lines.append(
                [
                    row.unit,
                    f"{row.size.files:,}",
                    f"{row.size.lines:,}",
                    tool,
                    f"{cost.seconds:.2f}",
                    f"{cost.elapsed:.2f}",
                    f"{cost.peak_mb:.0f}",
                    f"{ratio:.2f} of {yardstick}" if ratio is not None else "",
                    "" if ratio is None or budget is None else f"{budget} {'held' if ratio <= budget else 'missed'}",
                ]
            )
    widths = [max(len(line[column]) for line in lines) for column in range(len(lines[0]))]
    lines.insert(1, ["-" * width for width in widths])
    return "\n".join(f"| {' | '.join(map(str.ljust, line, widths))} |" for line in lines)


def _document(rows: Sequence[Row], runs: int) -> dict[str, object]:
    return {
        "python": platform.python_version(),
        "runs": runs,
        "rows": [
            {
                "unit": row.unit,
                **asdict(row.size),
                "costs": {tool: asdict(cost) for tool, cost in row.costs.items()},
                "dodont_to_parse": row.ratio("dodont", "parse"),
                "plugin_to_flake8": row.ratio("flake8+dodont", "flake8"),
            }
            for row in rows
        ],
    }


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("directory", metavar="DIR", type=lambda text: Path(text).resolve(), help="fetched projects")
    parser.add_argument("names", metavar="NAME", nargs="*", help=f"default: {' '.join(DEFAULT)}")
    parser.add_argument("--runs", type=int, default=3, help="the least of so many runs counts (default: 3)")
    parser.add_argument("--together", action="store_true", help="all projects in one process")
    parser.add_argument("--only", action="append", choices=[*TOOLS], help="this tool alone; may be repeated")
    parser.add_argument("--profile", action="store_true", help="print where dodont spends its time instead")
    parser.add_argument("--growth", action="store_true", help="what 1, 2 and 4 copies of a project cost instead")
    parser.add_argument("--json", metavar="FILE", type=Path, help="write the figures here too")
    parser.add_argument("--option", action="append", default=[], help="handed to dodont, as --option=--jobs=1")
    return parser


if __name__ == "__main__":
    sys.exit(main())
