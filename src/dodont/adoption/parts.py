"""The parts of a set-up: where each goes, whether it is there already, and how it gets there."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Literal, NamedTuple

from dodont.adoption import json_text, toml_text, yaml_text
from dodont.adoption.project import (
    CLAUDE,
    COPILOT,
    CURSOR,
    GITLAB,
    INSTRUCTIONS,
    PRE_COMMIT,
    SETTINGS,
    TASKS,
    WORKFLOWS,
    Project,
    calls_hook,
    is_own,
    template,
)

#: What came of a part: done, there already, not wanted, kept as the user has it, or to be done by hand.
State = Literal["done", "there", "left", "kept", "by hand"]

Bad = (json_text.BadJson, toml_text.BadToml, yaml_text.BadYaml)
_Unfit = (json_text.Unfit, toml_text.Unfit, yaml_text.Unfit)


class Told(NamedTuple):
    """What came of a part, in words; ``add`` is what is to be added by hand."""

    state: State
    what: str
    why: str
    add: str = ""


class Part(NamedTuple):
    """Something that can be set up. ``option`` asks for it, ``shown`` tells whether the repository does."""

    name: str
    option: str
    shown: Callable[[Project], bool]
    lacking: str
    add: Callable[[Project], Iterator[Told]]


def _configuration(project: Project) -> Iterator[Told]:
    found = project.configuration()
    if found is not None:
        yield Told("there", _name(project, found), "has dodont's settings")
        return
    path = project.home / "pyproject.toml"
    text = project.files.text(path)
    # pip builds a project otherwise as soon as there is a pyproject.toml.
    bare = text is None and any((project.home / name).exists() for name in ("setup.py", "setup.cfg"))
    note = "# The stable rules run; `dodont check --show-settings` tells what is set, and where.\n"
    if bare:
        path = project.home / "dodont.toml"
        project.files.put(path, note)
        yield Told("done", _name(project, path), "for dodont's settings, as there is no pyproject.toml")
        return
    project.read_toml(path)
    block = f"[tool.dodont]\n{note}"
    try:
        project.files.put(path, toml_text.with_table(text or "", block))
        yield Told("done", _name(project, path), "[tool.dodont]")
    except toml_text.Unfit as error:
        yield Told("by hand", _name(project, path), str(error), block)


def _ruff(project: Project) -> Iterator[Told]:
    path = project.ruff()
    if path is None:
        path = project.home / (
            "pyproject.toml" if project.files.text(project.home / "pyproject.toml") is not None else "ruff.toml"
        )
    content, name = project.read_toml(path), _name(project, path)
    table = ("tool", "ruff") if path.name == "pyproject.toml" else ()
    external = toml_text.at(content, (*table, "lint", "external"))
    older = toml_text.at(content, (*table, "external"))  # before ruff 0.2
    where = (*table, "external") if external is None and older is not None else (*table, "lint", "external")
    listed = external if external is not None else older
    dotted = ".".join(where)
    if isinstance(listed, list) and "ODD" in listed:
        yield Told("there", name, f"{dotted} has ODD")
        return
    add = f'[{".".join(where[:-1])}]\nexternal = ["ODD"]\n' if where[:-1] else 'external = ["ODD"]\n'
    if listed is None and toml_text.at(content, (*table, "extend")) is not None:
        yield Told("by hand", name, "it extends another file, whose `external` a new one would replace; add there", add)
        return
    try:
        project.files.put(path, toml_text.with_word(project.files.text(path) or "", where, "ODD"))
        yield Told("done", name, f"ODD in {dotted}, so that ruff leaves `# noqa: ODD...` alone")
    except toml_text.Unfit as error:
        yield Told("by hand", name, str(error), add)


def _pre_commit(project: Project) -> Iterator[Told]:
    name, block = PRE_COMMIT, template("pre-commit.yaml")
    if any(is_own(hook, called) for _, called, hook in project.hooks()):
        yield Told("there", name, "runs dodont")
        return
    try:
        project.files.put(project.top / name, yaml_text.with_item(project.text(name) or "", "repos", block))
        yield Told("done", name, "the hook dodont")
    except yaml_text.Unfit as error:
        yield Told("by hand", name, str(error), block)


def _github(project: Project) -> Iterator[Told]:
    for path in project.workflows():
        if "dodont" in (project.files.text(path) or ""):
            yield Told("there", _name(project, path), "runs dodont")
            return
    path = project.top / WORKFLOWS / "dodont.yml"
    if project.files.text(path) is not None:
        yield Told("kept", _name(project, path), "is something else; name it differently and run this again")
        return
    project.files.put(path, template("github.yml"))
    yield Told("done", _name(project, path), "what is new in a pull request")


def _gitlab(project: Project) -> Iterator[Told]:
    text, root = project.text(GITLAB) or "", project.read_yaml(GITLAB)
    if "dodont" in text:
        yield Told("there", GITLAB, "speaks of dodont")
        return
    block = template("gitlab.yml")
    stages = [yaml_text.scalar(each) for each in yaml_text.items(yaml_text.child(root, "stages"))]
    why = "a job for what is new in a merge request"
    if stages and "test" not in stages:  # where a job without a stage would be
        import json

        likely = [
            each for each in stages if any(word in each.lower() for word in ("lint", "check", "quality", "verif"))
        ]
        stage = json.dumps([*likely, *stages][0], ensure_ascii=False)
        block = block.replace("dodont:\n", f"dodont:\n  stage: {stage}\n", 1)
        why += f", in the stage {stage}"
    try:
        project.files.put(project.top / GITLAB, yaml_text.with_block(text, block))
        yield Told("done", GITLAB, why)
    except yaml_text.Unfit as error:
        yield Told("by hand", GITLAB, str(error), block)


def _vscode(project: Project) -> Iterator[Told]:
    yield from _tasks(project)
    yield from _settings(project)


def _tasks(project: Project) -> Iterator[Told]:
    name, content, whole = TASKS.as_posix(), project.read_json(TASKS), template("tasks.json")
    task = json_text.read(whole).value["tasks"][0]
    if content is None:
        project.files.put(project.top / TASKS, whole)
        yield Told("done", name, "a task that fills the Problems panel")
        return
    tasks = content.get("tasks") if isinstance(content, dict) else None
    for each in tasks if isinstance(tasks, list) else ():
        if isinstance(each, dict) and (each.get("label") == "dodont" or "dodont" in str(each.get("command"))):
            yield Told("there", name, "has a task for dodont")
            return
    try:
        text = project.text(TASKS) or ""
        if isinstance(content, dict) and "version" not in content:
            text = json_text.with_member(text, ["version"], "2.0.0")
        project.files.put(project.top / TASKS, json_text.with_item(text, ["tasks"], task))
        yield Told("done", name, "a task that fills the Problems panel")
    except json_text.Unfit as error:
        yield Told("by hand", name, str(error), whole)


def _settings(project: Project) -> Iterator[Told]:
    name, content, whole = SETTINGS.as_posix(), project.read_json(SETTINGS), template("settings.json")
    why = "the flake8 extension sees dodont and shows its findings as warnings"
    if content is None:
        project.files.put(project.top / SETTINGS, whole)
        yield Told("done", name, why)
        return
    wanted = json_text.read(whole).value
    text, changed = project.text(SETTINGS) or "", False
    try:
        if not isinstance(content, dict):
            raise json_text.Unfit("it is no object")
        strategy, severity = content.get("flake8.importStrategy"), content.get("flake8.severity")
        if strategy is None:
            text = json_text.with_member(text, ["flake8.importStrategy"], wanted["flake8.importStrategy"])
            changed = True
        elif strategy != wanted["flake8.importStrategy"]:
            yield Told(
                "kept", name, "flake8.importStrategy is another one, with which the extension does not see dodont"
            )
        if severity is None:
            text = json_text.with_member(text, ["flake8.severity"], wanted["flake8.severity"])
            changed = True
        elif not isinstance(severity, dict) or not any(str(key).startswith("ODD") for key in severity):
            text = json_text.with_member(text, ["flake8.severity", "ODD"], wanted["flake8.severity"]["ODD"])
            changed = True
    except json_text.Unfit as error:
        yield Told("by hand", name, str(error), whole)
        return
    if changed:
        project.files.put(project.top / SETTINGS, text)
        yield Told("done", name, why)
    else:
        yield Told("there", name, "speaks of flake8")


def _hooks(where: Path, whole: str, project: Project) -> Iterator[Told]:
    """The hooks of an agent, each where none calls dodont yet."""
    name, content = where.as_posix(), project.read_json(where)
    if content is None:
        project.files.put(project.top / where, whole)
        yield Told("done", name, "what is new is told after each edit, and before the agent stops")
        return
    text, changed = project.text(where) or "", False
    wanted: dict[str, Any] = json_text.read(whole).value
    try:
        if not isinstance(content, dict):
            raise json_text.Unfit("it is no object")
        if content.get("disableAllHooks") is True:
            yield Told("kept", name, "disableAllHooks is set, so none will run")
        hooks = content.get("hooks")
        if "version" in wanted and "version" not in content:
            text = json_text.with_member(text, ["version"], wanted["version"])
        for event, (item,) in wanted["hooks"].items():
            if not calls_hook(hooks.get(event) if isinstance(hooks, dict) else None):
                text, changed = json_text.with_item(text, ["hooks", event], item), True
    except json_text.Unfit as error:
        yield Told("by hand", name, str(error), whole)
        return
    if changed:
        project.files.put(project.top / where, text)
        yield Told("done", name, "what is new is told after each edit, and before the agent stops")
    else:
        yield Told("there", name, "calls `dodont hook`")


def _claude(project: Project) -> Iterator[Told]:
    yield from _hooks(CLAUDE, template("claude.json"), project)


def _cursor(project: Project) -> Iterator[Told]:
    yield from _hooks(CURSOR, template("cursor.json"), project)


def _copilot(project: Project) -> Iterator[Told]:
    # VS Code and Copilot read Claude's file too: both would run the hook twice.
    if calls_hook(project.read_json(CLAUDE)):
        yield Told("there", CLAUDE.as_posix(), "calls `dodont hook`, and Copilot reads it")
        return
    yield from _hooks(COPILOT, template("copilot.json"), project)


def instructions(project: Project) -> list[Path]:
    """The instruction files that agents read by themselves, each once."""
    found: dict[Path, Path] = {}
    for path in INSTRUCTIONS:
        text = project.text(path)
        if text is not None and not ("@AGENTS.md" in text and project.exists(INSTRUCTIONS[0])):
            found.setdefault((project.top / path).resolve(), path)
    return list(found.values())


def _instructions(project: Project) -> Iterator[Told]:
    from dodont.agentfile.block import BadBlock, block, synced
    from dodont.config import load
    from dodont.engine import catalogue
    from dodont.engine.selection import select

    rules = catalogue.rules()
    running = select(rules, load(project.top))
    for path in instructions(project):
        text, name = project.text(path) or "", path.as_posix()
        try:
            new = synced(text, block(rule for rule in rules.values() if rule.name in running))
        except BadBlock as error:
            yield Told("kept", name, f"it {error}")
            continue
        if new == text:
            yield Told("there", name, "says which rules run")
        else:
            project.files.put(project.top / path, new)
            yield Told("done", name, "which rules run, between two comments")


def _uses_ruff(project: Project) -> bool:
    return project.ruff() is not None or any("ruff" in repository for repository, _, _ in project.hooks())


def _uses_copilot(project: Project) -> bool:
    return any(project.exists(path) for path in (INSTRUCTIONS[2], COPILOT.parent, Path(".github", "agents")))


PARTS = (
    Part("settings", "", lambda project: True, "", _configuration),
    Part("ruff", "--ruff", _uses_ruff, "no settings of ruff", _ruff),
    Part("pre-commit", "--pre-commit", lambda project: project.exists(PRE_COMMIT), f"no {PRE_COMMIT}", _pre_commit),
    Part("github", "--ci github", lambda project: project.exists(".github"), "no .github", _github),
    Part("gitlab", "--ci gitlab", lambda project: project.exists(GITLAB), f"no {GITLAB}", _gitlab),
    Part("vscode", "--vscode", lambda project: project.exists(".vscode"), "no .vscode", _vscode),
    Part("claude", "--agents claude", lambda project: project.exists(".claude"), "no .claude", _claude),
    Part("copilot", "--agents copilot", _uses_copilot, "nothing of Copilot's in .github", _copilot),
    Part("cursor", "--agents cursor", lambda project: project.exists(".cursor"), "no .cursor", _cursor),
    Part("instructions", "", lambda project: True, "", _instructions),
)


def set_up(project: Project, wanted: frozenset[str] | None) -> Iterator[Told]:
    """Make the parts of those names, or those that the repository shows it uses; in memory. Raises what is wrong with the files."""
    for part in PARTS:
        if wanted is not None and part.option and part.name not in wanted:
            continue
        if wanted is not None and part.name == "instructions" and not wanted & {"claude", "copilot", "cursor"}:
            continue
        if wanted is not None or part.shown(project):
            yield from part.add(project)
        else:
            yield Told("left", part.name, f"{part.lacking}; {part.option} adds it")


def _name(project: Project, path: Path) -> str:
    return path.relative_to(project.top).as_posix()
