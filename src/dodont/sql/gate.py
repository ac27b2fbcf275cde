"""Is a text SQL? First a cheap look at its beginning, then the parser as the judge.

English begins with the same verbs ("Select a value from {x}", "Update available", "create table reservation for"), so a
verb must be followed by what SQL puts after it, and a verb spelt as at the start of a sentence needs more.
"""

from __future__ import annotations

import re
from functools import cache

_LEAD = re.compile(r"(?:\s|--[^\n]*\n|/\*.*?\*/|\()*", re.S)
# A name, perhaps with dots, quotes and holes in it.
_WORD = r"""(?:"[^"]+"|`[^`]+`|\[[^\]]+\]|\{[^{}]*\}|%s|[\w$@])+"""
_NAME = rf"{_WORD}(?:\s*\.\s*{_WORD})*"
_END = r"\s*(?:;|\)|\Z|--|/\*)"
_OBJECT = (
    r"(?:TABLE|INDEX|VIEW|SEQUENCE|SCHEMA|DATABASE|TRIGGER|FUNCTION|PROCEDURE|TYPE|EXTENSION|ROLE|USER|POLICY|DOMAIN)"
)
_CLAUSE = (
    r"(?:WHERE|GROUP|ORDER|HAVING|LIMIT|OFFSET|UNION|EXCEPT|INTERSECT|JOIN|INNER|LEFT|RIGHT|FULL|CROSS|NATURAL|FOR|FETCH"
    r"|WINDOW|USING|SET|ON)"
)
_ARTICLE = r"(?!(?:the|an?|your|our|my|his|her|its|their|this|that|these|those)\s)"
_PARENS = r"\((?:[^()]|\((?:[^()]|\([^()]*\))*\))*\)"
_CALL = rf"{_NAME}\s*{_PARENS}(?:\s+(?:FILTER|OVER|WITHIN\s+GROUP)\s*{_PARENS})*(?:\s+(?!(?:FROM|AS|INTO)\b)\w+)?"
# One entry of a SELECT list: no two bare words in a row unless AS joins them.
_ITEM = (
    rf"(?:(?:DISTINCT|ALL)\s+(?!FROM\b))?"
    rf"(?:(?:{_NAME}\s*\.\s*)?\*|CASE\b.*?\bEND|'(?:[^']|'')*'|[:$?]\w*|{_CALL}|{_NAME}|{_PARENS})"
    rf"(?:\s*::\s*\w+)?(?:\s*(?:[-+*/]|\|\||->>?)\s*(?:{_NAME}|'[^']*'))*(?:\s+(?:AS\s+){_NAME})?"
)


def _either(*alternatives: str) -> str:
    return "|".join(alternatives)


_PATTERNS = {
    "SELECT": _either(
        rf"SELECT\s+{_ITEM}(?:\s*,\s*{_ITEM})*(?:\s+INTO\s+{_NAME})?\s+FROM\s+{_ARTICLE}(?:ONLY\s+)?"
        rf"(?:\(|LATERAL\b|UNNEST\b|{_NAME}(?:\s*\(.*?\))?(?:\s+AS\s+{_NAME}|\s+(?!{_CLAUSE}\b)[\w{{}}]+)?"
        rf"\s*(?:,|{_CLAUSE}\b|[{{%]|{_END}))",
        rf"SELECT\s+(?:(?:\w+\.)?\w+\s*\([^()]*\)|\d+|'[^']*'|\(SELECT\b.*\)|EXISTS\s*\(.*\)|@@\w+)(?:\s+AS\s+\w+)?{_END}",
    ),
    "INSERT": _either(
        rf"(?:INSERT|REPLACE)\s+(?:OR\s+\w+\s+|IGNORE\s+|\{{[^{{}}]*\}}\s+)*INTO\s+{_NAME}(?:\s+AS\s+\w+)?\s*"
        rf"(?:\(|\bVALUES?\b\s*[({{%]|\bSELECT\b|\bDEFAULT\s+VALUES\b|\bSET\s+{_NAME}\s*=)"
    ),
    "UPDATE": _either(
        rf"UPDATE\s+(?:ONLY\s+|OR\s+\w+\s+)?{_NAME}(?:\s+(?:AS\s+)?(?!SET\b)\w+)?\s+SET\s+(?:{_NAME}\s*=|\(|\{{)"
    ),
    "DELETE": _either(
        rf"DELETE\s+FROM\s+(?:ONLY\s+)?{_ARTICLE}{_NAME}(?:\s+(?:AS\s+)?(?!(?:WHERE|USING)\b)\w+)?"
        rf"(?:{_END}|\s+(?:WHERE|USING|RETURNING|LIMIT)\b|\s*[{{%])"
    ),
    "MERGE": _either(rf"MERGE\s+INTO\s+{_NAME}(?:\s+(?:AS\s+)?\w+)?\s+USING\b"),
    "WITH": _either(rf"WITH\s+(?:RECURSIVE\s+)?{_NAME}(?:\s*\([^()]*\))?\s+AS\s+(?:(?:NOT\s+)?MATERIALIZED\s+)?\("),
    "VALUES": _either(r"VALUES\s*\(.+\)"),
    "CREATE": _either(
        r"CREATE\s+(?:(?:OR\s+REPLACE|TEMP|TEMPORARY|UNIQUE|UNLOGGED|MATERIALIZED|GLOBAL|LOCAL|VIRTUAL|RECURSIVE)\s+)*"
        rf"{_OBJECT}\s+(?:CONCURRENTLY\s+)?(?:IF\s+NOT\s+EXISTS\s+)?{_NAME}"
        rf"(?:{_END}|\s*\(|\s+(?:AS|ON|USING|LIKE|PARTITION|WITH|BEFORE|AFTER|RETURNS)\b)",
        rf"CREATE\s+(?:UNIQUE\s+)?INDEX\s+ON\s+{_NAME}\s*\(",
    ),
    "ALTER": _either(
        rf"ALTER\s+{_OBJECT}\s+(?:IF\s+EXISTS\s+)?(?:ONLY\s+)?{_NAME}\s+"
        r"(?:ADD|DROP|ALTER|RENAME|SET|RESET|OWNER|ENABLE|DISABLE|MODIFY|CHANGE|WITH)\b"
    ),
    "DROP": _either(
        rf"DROP\s+(?:MATERIALIZED\s+)?{_OBJECT}\s+(?:CONCURRENTLY\s+)?(?:IF\s+EXISTS\s+)?{_NAME}(?:\s*,\s*{_NAME})*"
        rf"(?:\s*\([^()]*\))?(?:\s+ON\s+{_NAME})?(?:\s+(?:CASCADE|RESTRICT))?{_END}"
    ),
    "TRUNCATE": _either(
        rf"(?:(?-i:TRUNCATE)|TRUNCATE\s+TABLE)\s+(?:TABLE\s+)?(?:ONLY\s+)?{_NAME}(?:\s*,\s*{_NAME})*"
        rf"(?:\s+(?:RESTART|CONTINUE)\s+IDENTITY)?(?:\s+(?:CASCADE|RESTRICT))?{_END}"
    ),
    "GRANT": _either(rf"(?:GRANT|REVOKE)\s+[\w\s,(){{}}]{{1,200}}?\s+ON\s+.{{1,200}}?\s+(?:TO|FROM)\s+{_NAME}"),
    "PRAGMA": _either(rf"PRAGMA\s+{_NAME}\s*(?:\(|=|{_END})"),
    "CALL": _either(
        rf"(?:CALL|EXEC|EXECUTE)\s+{_NAME}\s*\(.*\){_END}",
        rf"(?:EXEC|EXECUTE)\s+{_NAME}\s+(?:@\w+\s*=\s*)?(?:N?'|\?|%s)",
    ),
    "COPY": _either(
        rf"COPY\s+(?:{_NAME}(?:\s*\([^()]*\))?|\(SELECT\b.*\))\s+(?:(?-i:FROM|TO)\s+(?:STDIN|STDOUT|PROGRAM|'|\{{)"
        r"|(?:FROM|TO)\s+(?:STDIN|STDOUT|PROGRAM|'))"
    ),
    "SET": _either(
        rf"SET\s+(?:(?:LOCAL|SESSION|GLOBAL)\s+)?(?:{_NAME}\s*(?:=|\bTO\b)|ROLE\b|TRANSACTION\b|TIME\s+ZONE\b)"
    ),
    "USE": _either(rf"USE\s+{_NAME}{_END}"),
    "SAVEPOINT": _either(rf"(?:SAVEPOINT|RELEASE\s+SAVEPOINT|ROLLBACK\s+TO(?:\s+SAVEPOINT)?)\s+{_NAME}{_END}"),
    "SHOW": _either(rf"SHOW\s+(?:TABLES|DATABASES|COLUMNS|INDEX(?:ES)?|CREATE\s+TABLE|{_NAME}{_END})"),
}
_SAME = {
    "REPLACE": "INSERT",
    "REVOKE": "GRANT",
    "EXEC": "CALL",
    "EXECUTE": "CALL",
    "RELEASE": "SAVEPOINT",
    "ROLLBACK": "SAVEPOINT",
}


@cache
def _pattern(verb: str) -> re.Pattern[str] | None:
    """Compiled when a text begins with the verb: most runs meet a few of them, or none."""
    alternatives = _PATTERNS.get(_SAME.get(verb, verb))
    return re.compile(alternatives, re.I | re.S) if alternatives is not None else None


#: English verbs and nouns that count as SQL in capitals only.
_SHOUTED = frozenset(
    {"SET", "USE", "CALL", "SHOW", "GRANT", "REVOKE", "EXECUTE", "EXEC", "RELEASE", "ROLLBACK", "VALUES"}
)
# What a sentence that begins with a verb does not have.
_EVIDENCE = re.compile(
    r"SELECT\s+(?:\w+\.)?\*\s+FROM\b|\b(?:WHERE|SET)\s+\S+\s*(?:[<>=]|LIKE\b|IN\s*\()|\bVALUES\s*\(|IF\s+(?:NOT\s+)?EXISTS\b"
    r"|\bCOUNT\s*\(|\(\s*\w+\s+\w+\b.*\)|\b(?:GROUP|ORDER)\s+BY\s+\w|\bJOIN\s+\w+.*\bON\s+\S+\s*=|\bAS\s*\(",
    re.I | re.S,
)
_EXPLAIN = re.compile(r"EXPLAIN\s+(?:QUERY\s+PLAN\s+|ANALYZE\s+|VERBOSE\s+|\([^()]*\)\s*)*", re.I)
_WINDOW = 4000  # characters; what makes a text SQL stands at its beginning


def looks_like_sql(text: str) -> bool:
    """The beginning of ``text`` has the shape of a statement. Holes may stand in it as ``{}``, ``{name}`` or ``%s``."""
    lead = _LEAD.match(text)
    start = lead.end() if lead is not None else 0
    text = text[start : start + _WINDOW]
    if (explained := _EXPLAIN.match(text)) is not None:
        text = text[explained.end() :]
    word = re.match(r"[A-Za-z]+", text)
    if word is None:
        return False
    verb = word[0].upper()
    pattern = _pattern(verb)
    if pattern is None or (verb in _SHOUTED and word[0] != verb) or pattern.match(text) is None:
        return False
    return not word[0].istitle() or _EVIDENCE.search(text) is not None


def is_sql(parts: tuple[str | None, ...]) -> bool:
    """The template looks like SQL and the parser reads it as a familiar statement."""
    if not looks_like_sql("".join("{}" if part is None else part for part in parts)):
        return False
    from dodont.sql.questions import read

    statement = read(parts)
    return (
        statement is not None
        and "OTHER" not in statement.kinds
        and all(hole.position != "unknown" for hole in statement.holes)
    )
