"""What is not replaced stays as it was, character for character."""

from __future__ import annotations

import ast

import libcst as cst
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from dodont.core.diagnostic import Fix, Span
from dodont.fixes import CannotFix, edits
from dodont.fixes.rewriter import Editor, Source
from tests.unit.fixes.pairs import apply

EXPRESSIONS = st.recursive(
    st.sampled_from(["x", "ünï", "1", "'é'", 'f"{x!r:>{y}}"', "b'\\x00'", "...", '"""a\n\t b"""', 'rf"\\d{x}"', "''"]),
    lambda inner: st.one_of(
        st.builds("f({}, *{}, k={})".format, inner, inner, inner),
        st.builds("({} + {})".format, inner, inner),
        st.builds("( {}\n,  # ö\n\t\t{} )".format, inner, inner),
        st.builds("[\n        {},\n  ]".format, inner),
        st.builds("({}).a[{}:]".format, inner, inner),
        st.builds("g(v for v in ({}))".format, inner),
        st.builds("(w := {})".format, inner),
        st.builds("(lambda a={}: {})".format, inner, inner),
        st.builds("({} if {} else {})".format, inner, inner, inner),
        st.builds("{{{}: {}, **{}}}".format, inner, inner, inner),
    ),
    max_leaves=6,
)
STATEMENTS = st.recursive(
    st.one_of(
        st.builds("a = {}".format, EXPRESSIONS),
        st.builds("é: int = {}  # ü".format, EXPRESSIONS),
        st.builds("h({}); b = {};".format, EXPRESSIONS, EXPRESSIONS),
        st.sampled_from(["# only a comment\npass", "\f\npass", "\\\npass", "pass  \t"]),
    ),
    lambda inner: st.one_of(
        st.builds(lambda test, body: f"if {test}:\n" + indented(body, "\t"), EXPRESSIONS, inner),
        st.builds(lambda body: "async def m(self, x=1) -> 'T':\n" + indented(body, "  "), inner),
        st.builds(lambda one, two: f"{one}\n\n{two}", inner, inner),
    ),
    max_leaves=4,
)


def indented(body: str, by: str) -> str:
    """Deeper by ``by`` where a line begins a statement; insides of brackets and strings may stand anywhere."""
    starts = {node.lineno for node in ast.walk(ast.parse(body)) if isinstance(node, ast.stmt)}
    lines = body.split("\n")
    return "\n".join(by + line if n in starts and line.strip("\f") else line for n, line in enumerate(lines, 1))


@st.composite
def modules(draw: st.DrawFn) -> str:
    source = draw(STATEMENTS) + draw(st.sampled_from(["", "\n", "\n\n", "  # end", "\n\f\n"]))
    source = source.replace("\n", draw(st.sampled_from(["\n", "\r\n", "\r"])))
    try:
        ast.parse(source)
    except SyntaxError:
        assume(False)
    return source


@given(modules(), st.randoms(use_true_random=False))
def test_the_rest_stays(code: str, random: object) -> None:
    try:
        source = Source(code)
    except CannotFix:
        assume(False)
        raise
    nodes = [node for node in source.children if isinstance(node, cst.BaseExpression)]
    assume(nodes)
    node = random.choice(nodes)  # type: ignore[attr-defined]
    start, end = source.outer(node)
    editor = Editor(source, node)
    try:
        editor.replace(node, "(replaced)")
        after = apply(code, editor.edits())
    except CannotFix:
        assert "\f" in code[start:end]
        return
    assert after == code[:start] + "(replaced)" + code[end:]


@given(modules(), st.randoms(use_true_random=False))
def test_a_node_is_printed_as_it_stands(code: str, random: object) -> None:
    try:
        source = Source(code)
    except CannotFix:
        assume(False)
        raise
    nodes = [
        node
        for node in source.children
        if isinstance(node, cst.BaseExpression) and not isinstance(source.parents[node], cst.FormattedStringExpression)
    ]
    assume(nodes)
    node = random.choice(nodes)  # type: ignore[attr-defined]
    start, end = source.outer(node)
    assume("\f" not in code[start:end])
    assert Editor(source, node).code(node, node) == code[start:end]


@given(modules(), st.randoms(use_true_random=False))
def test_spans_are_found(code: str, random: object) -> None:
    """A node's own span leads back to a node of that text, and an expression that ``ast`` names is there."""
    try:
        source = Source(code)
    except CannotFix:
        assume(False)
        raise
    lines = [code[a:b] for a, b in zip(source.starts, [*source.starts[1:], len(code)], strict=True)]
    calls = [node for node in ast.walk(ast.parse(code)) if isinstance(node, (ast.Call, ast.Tuple, ast.GeneratorExp))]
    assume(calls)
    node = random.choice(calls)  # type: ignore[attr-defined]
    if any(isinstance(each, ast.JoinedStr) for each in ast.walk(ast.parse(code))):
        return
    at = Span(
        node.lineno,
        len(lines[node.lineno - 1].encode()[: node.col_offset].decode()),
        node.end_lineno,
        len(lines[node.end_lineno - 1].encode()[: node.end_col_offset].decode()),
    )
    kind = {ast.Call: cst.Call, ast.Tuple: cst.Tuple, ast.GeneratorExp: cst.GeneratorExp}[type(node)]
    assert isinstance(source.find(at, kind), kind)


def test_one_parse_serves_all_fixes_and_each_gets_its_answer() -> None:
    code = "\ufeffasync def f():\n    g(); h()\n    x\n"
    fixes = [("missing-await", Fix("", "safe", Span(2, a, 2, b))) for a, b in [(4, 7), (9, 12), (0, 1)]]
    first, second, third = edits(code, [*fixes[:2], ("no-such-rule", fixes[0][1])])
    assert isinstance(first, tuple) and isinstance(second, tuple)
    assert apply(code, [*first, *second]) == "\ufeffasync def f():\n    await g(); await h()\n    x\n"
    assert isinstance(third, CannotFix)
    assert isinstance(edits(code, fixes[2:])[0], CannotFix)


@pytest.mark.parametrize("span", [Span(9, 0, 9, 1), Span(0, 0, 0, 1), Span(1, 0, 1, 2)])
def test_a_span_without_a_node_is_declined(span: Span) -> None:
    with pytest.raises(CannotFix):
        Source("abc\n").find(span)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("f()", "f(x=1)"),
        ("f(a, b)", "f(a, b, x=1)"),
        ("f(\n    a, b\n)", "f(\n    a, b, x=1\n)"),
        ("f(\n    a,\n    b\n)", "f(\n    a,\n    b,\n    x=1\n)"),
        ("f(\n    a,\n    b,\n)", "f(\n    a,\n    b,\n    x=1,\n)"),
        ("f(a,\n  b)", "f(a,\n  b, x=1)"),
    ],
)
def test_an_argument_is_laid_out_as_its_neighbours(before: str, after: str) -> None:
    source = Source(before)
    call = next(node for node in source.children if isinstance(node, cst.Call))
    edit = Editor(source, call)
    _, end = source.region(call)
    items = [source.region(each) for each in call.args]
    edit.insert_item(items, len(items), "x=1", before.index("(") + 1, end - 1)
    assert apply(before, edit.edits()) == after
