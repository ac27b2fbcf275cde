"""Statements of instruction files: read from every kind of file, and told apart by what they mean."""

from __future__ import annotations

from pathlib import Path

import pytest

from dodont.agentfile.block import BadBlock, block, synced
from dodont.agentfile.coverage import covered, practised
from dodont.agentfile.matching import meant
from dodont.agentfile.reading import statements
from dodont.core.rule import Rule
from dodont.engine import catalogue
from dodont.engine.settings import Settings

#: Statements as teams write them, with the practice that each means.
MEANT = [
    ("do-db-1", "Always use parameterised queries"),
    ("do-db-1", "Use bind parameters for SQL"),
    ("dont-db-1", "Never build SQL with f-strings or string formatting"),
    ("dont-db-1", "Don't concatenate user input into SQL"),
    ("dont-db-2", "Never use SELECT *"),
    ("dont-db-2", "Avoid `SELECT *`; list the columns you need"),
    ("do-db-2", "Add an index for every foreign key and every column in a WHERE clause"),
    ("do-db-3", "Wrap related writes in a transaction"),
    ("do-db-3", "Use transaction.atomic() around multi-step updates"),
    ("do-db-4", "Use optimistic locking (version column) when several users may edit a row"),
    ("do-db-5", "Reuse connections through a pool"),
    ("do-db-7", "Schema changes go through Alembic migrations"),
    ("dont-db-7", "Never change the schema by hand; write a migration"),
    ("dont-db-5", "Avoid N+1 queries: use select_related or joinedload"),
    ("dont-db-4", "Never store passwords in plain text"),
    ("dont-db-6", "Don't use a database table as a job queue"),
    ("do-arch-2", "Inject dependencies through the constructor"),
    ("do-arch-3", "Keep controllers thin; business logic lives in services and data access in repositories"),
    ("dont-arch-1", "No business logic in route handlers"),
    ("dont-arch-2", "Views must not query the database directly"),
    ("dont-arch-3", "Avoid module-level mutable state"),
    ("dont-arch-3", "No global variables"),
    ("do-arch-5", "Functions should be shorter than 40 lines"),
    ("do-arch-5", "Keep functions under 50 lines and do one thing"),
    ("do-arch-4", "Use descriptive names for functions and variables"),
    ("do-arch-6", "Always await coroutines"),
    ("dont-arch-8", "Never call blocking I/O inside async functions"),
    ("dont-arch-8", "Don't use requests in async code; use httpx"),
    ("do-arch-7", "Handle None and empty values explicitly"),
    ("dont-arch-7", "Do not hardcode URLs or configuration"),
    ("dont-arch-4", "Avoid god classes"),
    ("do-api-1", "GET endpoints must not modify data"),
    ("do-api-2", "Return 201 for created resources and 404 when not found"),
    ("do-api-3", "Validate request bodies with Pydantic models"),
    ("do-api-4", "All endpoints return the same error format"),
    ("do-api-5", "Paginate all list endpoints"),
    ("do-api-6", "Prefix routes with /v1"),
    ("do-api-7", "Propagate X-Request-ID through all logs"),
    ("do-sec-2", "Hash passwords using argon2 or bcrypt"),
    ("do-sec-3", "Read secrets from environment variables"),
    ("dont-sec-8", "Never commit secrets or API keys"),
    ("dont-sec-2", "Do not log passwords or tokens"),
    ("do-sec-4", "Rate limit login endpoints"),
    ("do-sec-5", "Use HTTPS everywhere"),
    ("do-sec-6", "Set CORS and security headers"),
    ("dont-sec-4", "Always verify JWT signatures"),
    ("dont-sec-3", "Don't use MD5 or SHA1"),
    ("dont-sec-1", "Never return stack traces to clients"),
    ("do-err-1", "Use structlog for structured logging"),
    ("do-err-2", "Log exceptions with full context using logger.exception"),
    ("do-err-4", "Set timeouts and circuit breakers on external calls"),
    ("do-err-5", "Expose a /health endpoint"),
    ("do-err-6", "Shut down gracefully on SIGTERM"),
    ("do-test-1", "Write a failing test before fixing a bug"),
    ("do-test-2", "Mock external services in unit tests"),
    ("do-test-3", "Use factory_boy to build test data"),
    ("do-test-4", "Test error paths as well as the happy path"),
    ("do-test-5", "Keep coverage of services above 90%"),
    ("dont-test-2", "Tests must not depend on each other's order"),
    ("dont-test-5", "Never ignore flaky tests"),
    ("dont-test-4", "Test behaviour, not implementation"),
    ("dont-sec-7", "Check that the current user owns an object before returning it by id"),
]

#: What else stands in such files.
OTHERS = [
    "Run `npm test` before committing",
    "Use TypeScript strict mode",
    "Prefer composition over inheritance in React components",
    "Write commit messages in the imperative",
    "Use tabs for indentation",
    "Ask before adding new dependencies",
    "Keep the README up to date",
    "Use `make lint` to check formatting",
    "Use Tailwind for styling",
    "The app lives in `src/`",
    "Branch names start with feat/ or fix/",
    "Open a pull request for every change",
    "Do not edit generated files",
    "Prefer pathlib over os.path",
    "Use type hints on all public functions",
    "Sort imports with isort",
    "Use #tool:search to find existing patterns",
    "Node 20 and pnpm are required",
    "Deploy with terraform apply",
    "Never force-push to main",
    "Use British spelling in docs",
    "Tests live in `tests/`",
    "Use double quotes for strings",
    "Follow the existing code style",
    "Respond concisely",
]


def subject(practice: str) -> str:
    """`Never change the schema by hand; write a migration` is a DO and a DON'T at once, do-db-7 and dont-db-7."""
    return "db-7" if practice.endswith("db-7") else practice


@pytest.mark.parametrize(("practice", "text"), MEANT)
def test_statements_are_recognised_by_what_they_say(practice: str, text: str) -> None:
    (statement,) = statements(f"- {text}")
    found = meant(statement)
    assert found is not None
    assert subject(found.id) == subject(practice)


@pytest.mark.parametrize("text", OTHERS)
def test_other_statements_mean_no_practice(text: str) -> None:
    (statement,) = statements(f"- {text}")
    assert meant(statement) is None


def test_every_practice_is_recognised_by_its_own_text() -> None:
    for practice in catalogue.practices():
        (statement,) = statements(f"- {practice.text.split('. ')[0]}")
        found = meant(statement)
        assert found is not None, practice
        assert subject(found.id) == subject(practice.id)


FILE = """\
---
description: "- Never use SELECT *"
globs: ["**/*.py"]
---

# Backend

- Some project facts

### DO

**Database:**
- Use a connection pool
  that lives as long as the application
1. Hash passwords with argon2

```md
- Never build SQL from strings
```

<!-- - Never log passwords -->

### DON'T

* SELECT * in production code

## Notes

- Never log passwords
"""


def test_items_are_read_with_their_places_and_headings() -> None:
    assert [(each.line, each.text, each.forbids, each.under) for each in statements(FILE)] == [
        (8, "Some project facts", False, ("Backend",)),
        (13, "Use a connection pool that lives as long as the application", False, ("Backend", "DO", "Database:")),
        (15, "Hash passwords with argon2", False, ("Backend", "DO", "Database:")),
        (25, "SELECT * in production code", True, ("Backend", "DON'T")),
        (29, "Never log passwords", True, ("Backend", "Notes")),
    ]
    assert list(statements(FILE.replace("\n", "\r\n"))) == list(statements(FILE))


def test_where_there_are_sections_of_dos_and_donts_they_are_the_rules() -> None:
    assert [practice.id for _, practice in practised(FILE)] == ["do-db-5", "do-sec-2", "dont-db-2"]


LONG = Rule(
    name="long-function", code="ODD109", summary="Function that is too long", practices=("do-arch-5",), category="x",
    status="strict", since="0.1", options={"max-lines": 30},
)  # fmt: skip


def states(text: str, **settings: object) -> list[tuple[str, str, str]]:
    rules = {**catalogue.rules(), LONG.name: LONG}
    found = covered(text, rules, Settings(root=Path("/p"), **settings))  # type: ignore[arg-type]
    return [(each.practice.id, each.state, each.why) for each in found]


def test_what_runs_is_enforced_and_what_the_configuration_says_otherwise_is_told() -> None:
    star, length = "- Never use SELECT *", "- Keep functions under 30 lines"
    assert states(star) == [("dont-db-2", "enforced", "")]
    assert states(star, ignore=("ODD202",)) == [
        ("dont-db-2", "contradicted", "the configuration switches off ODD202 select-star")
    ]
    assert states(length) == [("do-arch-5", "advice", "select ODD109 long-function (strict) to enforce it")]
    assert states(length, extend_select=("long-function",)) == [("do-arch-5", "enforced", "")]
    assert states(length, extend_select=("long-function",), rule_options={"long-function": {"max-lines": 80}}) == [
        ("do-arch-5", "contradicted", "the file says 30 lines, and `long-function.max-lines` is 80")
    ]


def test_the_block_is_written_once_and_kept_up_to_date() -> None:
    first = synced("# Agents\r\n\r\n- Be kind\r\n", block([]))
    assert first.startswith("# Agents\r\n\r\n- Be kind\r\n\r\n<!-- dodont:begin -->\r\n")
    assert "\n" not in first.replace("\r\n", "")
    assert synced(first, block([])) == first
    second = synced(first + "after\r\n", block([LONG]))
    assert second.endswith("<!-- dodont:end -->\r\nafter\r\n")
    assert "- ODD109 long-function: Function that is too long\r\n" in second
    assert practised(second) == []  # what it says is no statement of the file
    assert synced("", block([])).startswith("<!-- dodont:begin -->\n")


@pytest.mark.parametrize("text", ["<!-- dodont:begin -->", "<!-- dodont:end --> <!-- dodont:begin -->"])
def test_half_a_block_is_refused(text: str) -> None:
    with pytest.raises(BadBlock, match="needs one"):
        synced(text, block([]))
