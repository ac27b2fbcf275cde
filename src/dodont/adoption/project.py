"""What a repository shows of the tools it uses."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import yaml

from dodont import __version__
from dodont.adoption import json_text, toml_text, yaml_text
from dodont.adoption.files import Files
from dodont.engine.settings import CONFIG_FILES

PRE_COMMIT = ".pre-commit-config.yaml"
GITLAB = ".gitlab-ci.yml"
WORKFLOWS = Path(".github", "workflows")
TASKS, SETTINGS = Path(".vscode", "tasks.json"), Path(".vscode", "settings.json")
CLAUDE, CURSOR = Path(".claude", "settings.json"), Path(".cursor", "hooks.json")
COPILOT = Path(".github", "hooks", "dodont.json")
INSTRUCTIONS = (Path("AGENTS.md"), Path("CLAUDE.md"), Path(".github", "copilot-instructions.md"))
RUFF = (".ruff.toml", "ruff.toml", "pyproject.toml")

_TEMPLATES = Path(__file__).parent / "templates"


def template(name: str) -> str:
    """A file as it is written where there is none; the guides quote them."""
    return (_TEMPLATES / name).read_text(encoding="utf-8").replace("VERSION", __version__)


class Project:
    """A directory, the root of its settings, and the repository around it: tools' files stand at the root of the latter."""

    def __init__(self, start: Path) -> None:
        above = (start, *start.parents)
        self.repository = next((each for each in above if (each / ".git").exists()), None)
        within = above[: above.index(self.repository) + 1] if self.repository is not None else above
        marks = (*CONFIG_FILES, "setup.cfg", "setup.py")
        marked = next((each for each in within if any((each / name).is_file() for name in marks)), None)
        self.home = marked or self.repository or start
        self.top = self.repository or self.home
        self.files = Files(self.top)

    def text(self, path: Path | str) -> str | None:
        return self.files.text(self.top / path)

    def exists(self, path: Path | str) -> bool:
        return (self.top / path).exists()

    def configuration(self) -> Path | None:
        """The file that has dodont's settings, here or above within the repository. Raises BadToml and Unusable."""
        for folder in self._upwards():
            for name in CONFIG_FILES:
                text = self.files.text(folder / name)
                if text is None or (name == "pyproject.toml" and "dodont" not in text):
                    continue
                if (
                    name != "pyproject.toml"
                    or toml_text.at(self.read_toml(folder / name), ("tool", "dodont")) is not None
                ):
                    return folder / name
        return None

    def ruff(self) -> Path | None:
        """The file that has ruff's settings. Raises BadToml and Unusable."""
        for folder in self._upwards():
            for name in RUFF:
                text = self.files.text(folder / name)
                if text is None or (name == "pyproject.toml" and "ruff" not in text):
                    continue
                if (
                    name != "pyproject.toml"
                    or toml_text.at(self.read_toml(folder / name), ("tool", "ruff")) is not None
                ):
                    return folder / name
        return None

    def _upwards(self) -> Iterator[Path]:
        for folder in (self.home, *self.home.parents):
            yield folder
            if folder == self.top:
                return

    def read_toml(self, path: Path) -> dict[str, object]:
        """What a TOML file says. Raises BadToml with the file's name, and Unusable."""
        try:
            return toml_text.read(self.files.text(path) or "")
        except toml_text.BadToml as error:
            raise toml_text.BadToml(f"{path}: no valid TOML: {error}") from None

    def read_yaml(self, path: Path | str) -> yaml.Node | None:
        """The last document of a YAML file. Raises BadYaml with the file's name, and Unusable."""
        try:
            found = yaml_text.documents(self.text(path) or "")
        except yaml_text.BadYaml as error:
            raise yaml_text.BadYaml(f"{self.top / path}: no valid YAML: {error}") from None
        return found[-1] if found else None

    def read_json(self, path: Path | str) -> object:
        """What a JSON file says, which may have comments; None where it is empty. Raises BadJson with the file's name, and Unusable."""
        text = self.text(path) or ""
        try:
            return json_text.read(text).value if text.strip() else None
        except json_text.BadJson as error:
            raise json_text.BadJson(f"{self.top / path}: no valid JSON: {error}") from None

    def hooks(self) -> list[tuple[str, str, yaml.Node]]:
        """The hooks of pre-commit: of which repository, what they are called, and all they say. Raises BadYaml and Unusable."""
        return [
            (yaml_text.scalar(yaml_text.child(each, "repo")), yaml_text.scalar(yaml_text.child(hook, "id")), hook)
            for each in yaml_text.items(yaml_text.child(self.read_yaml(PRE_COMMIT), "repos"))
            for hook in yaml_text.items(yaml_text.child(each, "hooks"))
        ]

    def revision(self, repository: str) -> str:
        """The ``rev`` of one of pre-commit's repositories."""
        return next(
            (
                yaml_text.scalar(yaml_text.child(each, "rev"))
                for each in yaml_text.items(yaml_text.child(self.read_yaml(PRE_COMMIT), "repos"))
                if yaml_text.scalar(yaml_text.child(each, "repo")) == repository
            ),
            "",
        )

    def workflows(self) -> list[Path]:
        folder = self.top / WORKFLOWS
        found = sorted(folder.iterdir()) if folder.is_dir() else []
        return [path for path in found if path.suffix in (".yml", ".yaml") and path.is_file()]


def dependencies(hook: yaml.Node) -> list[str]:
    """What a hook of pre-commit installs beside its own."""
    return [yaml_text.scalar(each) for each in yaml_text.items(yaml_text.child(hook, "additional_dependencies"))]


def is_own(hook: yaml.Node, name: str) -> bool:
    """Whether a hook of pre-commit runs dodont."""
    entry = yaml_text.scalar(yaml_text.child(hook, "entry"))
    in_flake8 = name == "flake8" and any(each.startswith("dodont") for each in dependencies(hook))
    return name in ("dodont", "dodont-fix", "dodont-diff") or entry.startswith("dodont ") or in_flake8


def calls_hook(value: object) -> bool:
    """Whether ``dodont hook`` is called anywhere in a configuration of hooks."""
    pending = [value]
    while pending:
        each = pending.pop()
        if isinstance(each, dict):
            pending += each.values()
        elif isinstance(each, list):
            pending += each
        elif isinstance(each, str) and "dodont hook" in each:
            return True
    return False
