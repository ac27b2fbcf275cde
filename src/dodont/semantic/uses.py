"""What queries ask of columns, noted for the module in which they stand (``ModuleInfo.uses``)."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from dodont.semantic.events import Entity
from dodont.semantic.objects import role_of
from dodont.semantic.trees import last_name
from dodont.semantic.values import Relation, Selection, Site, Type, Use

if TYPE_CHECKING:
    from dodont.semantic.calls import Arguments
    from dodont.semantic.frame import Frame

#: Methods of columns by what they ask: one or a few values, a range of them. All others ask something that no plain index answers.
_ASKS = {"in_": "equal", "any_": "equal", "__eq__": "equal", "between": "range"}
#: The same of Django's lookups.
_LOOKUPS = {
    "exact": "equal", "in": "equal", "gt": "least", "gte": "least", "lt": "most", "lte": "most", "range": "range",
    **dict.fromkeys(
        """iexact contains icontains startswith istartswith endswith iendswith date year month day week hour minute second isnull
        regex iregex search has_key overlap len time iso_year quarter week_day""".split(),
        "other",
    ),
}  # fmt: skip
_COMPARED = {ast.Eq: "equal", ast.Lt: "most", ast.LtE: "most", ast.Gt: "least", ast.GtE: "least"}
_TURNED = {"most": "least", "least": "most"}
#: What is put around a column, and changes nothing of how it is used.
_SAME = frozenset(
    "desc asc nullslast nullsfirst nulls_last nulls_first label and_ F Q OuterRef Subquery literal bindparam".split()
)
_Q = frozenset({"django.db.models.Q", "django.db.models.query_utils.Q", "tortoise.expressions.Q"})
MAX_DEPTH = 8

#: Methods of queries that are given columns, which say themselves of which class they are.
METHODS = {
    "filter": "filter", "where": "filter", "having": "filter", "order_by": "order", "join": "join", "outerjoin": "join",
}  # fmt: skip

Related = Callable[["Frame", Type | None, str], Relation | None]


def note(
    frame: Frame, node: ast.Call, query: Selection, word: str, given: Arguments, related: Related, *, owned: bool = False
) -> tuple[Use, ...]:  # fmt: skip
    """Note what a call that extends a query asks of columns. ``owned``: the query is for the rows that hang on one row alone."""
    asked = _Asked(frame, query.site, "other" if last_name(node.func) == "exclude" else "", related)
    if word == "limit":
        found = [Use(query.entity or "", "", "limit", frame.site(node), query=query.site)]
    else:
        found = [*asked.expressions(node.args, word)]
        if query.entity is not None:
            found += asked.named(query.entity, given, word)
        if found and _is_noted(frame) and (owned or _is_open(frame, node, query)):
            found.append(Use(query.entity or "", "", "open", frame.site(node), query=query.site))
    if found and _is_noted(frame):
        frame.module.uses.update(dict.fromkeys(found))
    return tuple(each for each in found if each.column)


def _is_noted(frame: Frame) -> bool:
    return not frame.silent and Entity in frame.world.heard


def note_unknown(frame: Frame, node: ast.Call, word: str) -> None:
    """Note what the columns in a call of an unknown query's method say by themselves: ``self.query(Order).filter(Order.day == day)``."""
    if not _is_noted(frame):
        return
    begins: ast.expr = node
    is_known = False
    while True:  # `x.filter(...).order_by(...)` is one query
        if isinstance(begins, ast.Call):
            begins = begins.func
            is_known = is_known or _called(frame, begins) in _BEGINS
        elif isinstance(begins, ast.Attribute):
            begins = begins.value
        else:
            break
    site = frame.site(begins)
    found = [*_Asked(frame, site, "", None).expressions(node.args, word)]
    if found and (not is_known or _is_narrowed(node)):
        found.append(Use("", "", "open", site, query=site))
    frame.module.uses.update(dict.fromkeys(found))


#: Methods of an entity's class, or of a manager of its rows, that make a row.
MAKES = frozenset(
    """create acreate get_or_create aget_or_create update_or_create aupdate_or_create bulk_create abulk_create model_validate from_orm
    parse_obj insert new add""".split()
)


def note_made(frame: Frame, node: ast.Call) -> None:
    """Note that the code puts rows into an entity's table: ``Order.objects.create(...)``, ``Order.model_validate(given)``."""
    if not _is_noted(frame) or not isinstance(node.func, ast.Attribute):
        return
    owner = frame.quiet(node.func.value)
    entity = owner.ref
    if isinstance(owner.query, Selection):
        entity = owner.query.entity
    elif entity is None and owner.type is not None and owner.type.args:
        entity = owner.type.args[0].name
    if entity is not None:
        note_instance(frame, node, entity)


def note_instance(frame: Frame, node: ast.Call, entity: str) -> None:
    """``Order(...)``, if that is an entity."""
    if _is_noted(frame) and role_of(frame, Type(entity)) == "entity":
        frame.module.uses[Use(entity, "", "made", frame.site(node))] = None


def note_split(frame: Frame, node: ast.Call) -> None:
    """Note that a text in a column is taken for a list: ``product.tags.split(",")``."""
    func = node.func
    if (
        not _is_noted(frame)
        or len(node.args) != 1
        or not isinstance(func, ast.Attribute)
        or not isinstance(func.value, ast.Attribute)
    ):
        return
    separator = node.args[0].value if isinstance(node.args[0], ast.Constant) else None
    if not isinstance(separator, str) or separator.strip() not in _SEPARATORS:
        return
    owner = frame.quiet(func.value.value).type
    if owner is not None and role_of(frame, owner) == "entity":
        use = Use(owner.name, func.value.attr, f"split {separator.strip()}", frame.site(node))
        frame.module.uses[use] = None


_SEPARATORS = frozenset({",", ";", "|"})

#: What begins a query, whatever it is called on.
_BEGINS = frozenset({"select", "query"})


def _is_open(frame: Frame, node: ast.Call, query: Selection) -> bool:
    """Whether a query may ask more than is seen: where it begins in another function, or takes arguments that do not stand here."""
    if (
        query.of
        or _is_narrowed(node)
        or any(word.arg is None for word in node.keywords)
        or any(isinstance(each, ast.Starred) for each in node.args)
    ):
        return True
    around = frame.function.site if frame.function is not None else None
    begins = query.site
    if begins is not None and around is not None and not _holds(around, begins):
        return True
    # `order.items.filter(...)`: what begins right here begins with a class, or it is asked of one row's own
    return begins is not None and _holds(frame.site(node), begins) and not _begins_anew(frame, node)


def _called(frame: Frame, func: ast.expr) -> str:
    """The name of what is called where it is defined: of ``from sqlalchemy import and_ as both`` it is ``and_``."""
    ref = frame.quiet(func).ref
    return ref.rpartition(".")[2] if ref is not None else last_name(func)


def _is_narrowed(node: ast.Call) -> bool:
    """Whether a method before this one may leave rows out in a way of its own: ``Order.query.with_parent(customer).filter_by(…)``."""
    inner: ast.expr = node.func
    while isinstance(inner, (ast.Attribute, ast.Call)):
        if isinstance(inner, ast.Attribute):
            inner = inner.value
        else:
            if isinstance(inner.func, ast.Attribute) and inner.func.attr not in _PLAIN:
                return True
            inner = inner.func
    return False


#: Methods of queries that leave no rows out, or whose conditions are seen.
_PLAIN = _BEGINS | frozenset(
    """all filter filter_by where having exclude order_by join outerjoin join_from outerjoin_from select_from options limit offset distinct
    using select_related prefetch_related only defer annotate alias values values_list group_by with_entities with_for_update
    select_for_update update delete add_columns execution_options exec scalars execute reverse get_session""".split()
)


def _holds(around: Site, site: Site) -> bool:
    return (
        around.path == site.path
        and (around.line, around.column) <= (site.line, site.column)
        and (site.end_line, site.end_column) <= (around.end_line, around.end_column)
    )


def _begins_anew(frame: Frame, node: ast.Call) -> bool:
    """Whether a query begins with a class, as in ``Order.objects.filter(...)``, or with a function that is given one."""
    inner: ast.expr = node
    while True:
        if isinstance(inner, ast.Call):
            if any(
                frame.quiet(each).ref is not None for each in inner.args if isinstance(each, (ast.Name, ast.Attribute))
            ):
                return True
            inner = inner.func
        elif isinstance(inner, ast.Attribute):
            inner = inner.value
            if isinstance(inner, (ast.Name, ast.Attribute)):
                value = frame.quiet(inner)
                if value.ref is not None and frame.world.class_named(value.ref) is not None:
                    return True
        else:
            return False


class _Asked:
    def __init__(self, frame: Frame, query: Site | None, how: str, related: Related | None) -> None:
        self._frame = frame
        self._query = query
        self._how = how  # what all is that is asked, if anything
        self._related = related

    def expressions(self, nodes: list[ast.expr], word: str) -> Iterator[Use]:
        """The columns in expressions over them: ``Order.status == "new"``, ``Order.created.desc()``."""
        for node in nodes:
            yield from self._columns(node, word if word in ("order", "join") else self._how or "other", 0)

    def _otherwise(self) -> _Asked:
        """For what stands in an OR, a NOT or a function: it finds no rows by itself, whatever is asked."""
        return _Asked(self._frame, self._query, "other", self._related)

    def _columns(self, node: ast.expr, how: str, depth: int, *, constant: bool = False) -> Iterator[Use]:
        if depth > MAX_DEPTH:
            return
        match node:
            case ast.Compare(left=left, ops=[op, *_], comparators=[right, *_]):
                inner = how if how == "join" else self._how or _COMPARED.get(op.__class__, "other")
                if self._is_null(right) or self._is_null(left):
                    inner = "other"
                elif self._is_column(left) and self._is_column(right):
                    inner = "join" if inner in ("equal", "join") else "other"
                yield from self._columns(left, inner, depth + 1, constant=self._is_constant(right))
                turned = _TURNED.get(inner, inner)
                yield from self._columns(right, turned, depth + 1, constant=self._is_constant(left))
            case ast.Call(func=ast.Attribute(value=value, attr=attr), args=args) if self._is_column(value):
                inner = how if attr in _SAME else self._how or _ASKS.get(attr, "other")
                fixed = bool(args) and all(map(self._is_constant, args))
                yield from self._columns(value, inner, depth + 1, constant=fixed)
            case ast.Call(func=func, args=args):
                name = _called(self._frame, func)
                inner = how if name in _SAME else "other"
                if name == "and_":
                    yield from self.expressions(args, how if how in ("order", "join") else "filter")
                    return
                inside = self if name in _SAME else self._otherwise()
                for each in args:
                    yield from inside._columns(each, inner, depth + 1)
                if isinstance(func, ast.Attribute):  # `func.lower(Order.name).desc()`
                    yield from inside._columns(func.value, inner, depth + 1)
            case ast.BinOp(left=left, op=op, right=right):
                for each in (left, right):
                    if isinstance(op, ast.BitAnd):
                        yield from self._columns(each, how, depth + 1)
                    else:
                        yield from _Asked(self._frame, self._query, "other", self._related)._columns(
                            each, "other", depth + 1
                        )
            case ast.UnaryOp(operand=operand):
                inner = how if how == "order" else "other"
                yield from self._otherwise()._columns(operand, inner, depth + 1)
            case ast.Tuple(elts=parts) | ast.List(elts=parts):
                for each in parts:
                    yield from self._columns(each, how, depth + 1)
            case ast.Attribute():
                ref = self._owner(node)
                if ref is not None:
                    yield Use(ref, node.attr, how, self._frame.site(node), constant, self._query)

    def _owner(self, node: ast.expr) -> str | None:
        """The entity whose attribute an expression is: ``Order.day``, ``models.Order.day``."""
        if not isinstance(node, ast.Attribute) or not isinstance(node.value, (ast.Name, ast.Attribute)):
            return None
        ref = self._frame.quiet(node.value).ref
        info = self._frame.world.class_named(ref) if ref is not None else None
        if info is None or ref is None:
            return None
        is_entity = "__tablename__" in info.members or role_of(self._frame, Type(ref)) == "entity"
        return info.ref if is_entity else None

    def _is_column(self, node: ast.expr) -> bool:
        return self._owner(node) is not None

    def _is_null(self, node: ast.expr) -> bool:
        """``Order.sent == None``, ``Order.sent == null()``."""
        return (isinstance(node, ast.Constant) and node.value is None) or (
            isinstance(node, ast.Call) and _called(self._frame, node.func) == "null"
        )

    def _is_constant(self, node: ast.expr) -> bool:
        """Whether all that is compared with is written in the code: a column's values are few then."""
        if Entity not in self._frame.world.heard:
            return False
        if isinstance(node, (ast.List, ast.Tuple, ast.Set)):
            return all(map(self._is_constant, node.elts))
        if isinstance(node, ast.Attribute) and node.attr in ("value", "name"):  # of an enumeration of another library
            node = node.value
        if isinstance(node, ast.Attribute) and node.attr.isupper() and self._frame.quiet(node.value).ref is not None:
            return True
        return self._frame.quiet(node).literal

    # By names

    def named(self, entity: str, given: Arguments, word: str) -> Iterator[Use]:
        """The columns that a query for rows of ``entity`` names: ``filter(customer__name="Ada")``, ``order_by("-created")``."""
        frame = self._frame
        if word == "order":
            for value, node in zip(given.positional, given.nodes, strict=True):
                if value.const.__class__ is str:
                    yield from self._through(entity, value.const.lstrip("-"), word, frame.site(node))
        for name, node in given.words.items():
            constant, null = self._is_constant(node), self._is_null(node)
            yield from self._through(entity, name, word, frame.site(node), constant=constant, null=null)
        for node in given.nodes:
            for each, plain in self._questions(node, True):
                asked = self if plain else self._otherwise()
                for keyword in each.keywords:
                    if keyword.arg is not None:
                        constant = self._is_constant(keyword.value)
                        yield from asked._through(
                            entity, keyword.arg, word, frame.site(keyword.value), constant=constant
                        )

    def _questions(self, node: ast.expr, plain: bool) -> Iterator[tuple[ast.Call, bool]]:
        """The calls of ``Q`` in ``Q(a=1) | ~Q(b=2)``, and whether rows have to meet each of them."""
        match node:
            case ast.BinOp(left=left, op=op, right=right):
                plain = plain and isinstance(op, ast.BitAnd)
                yield from self._questions(left, plain)
                yield from self._questions(right, plain)
            case ast.UnaryOp(operand=operand):
                yield from self._questions(operand, False)
            case ast.Call(func=ast.Name() | ast.Attribute() as func, args=args) if self._frame.quiet(func).ref in _Q:
                yield node, plain
                for each in args:
                    yield from self._questions(each, plain)

    def _through(
        self, entity: str, name: str, word: str, site: Site, *, constant: bool = False, null: bool = False
    ) -> Iterator[Use]:
        """``customer__name__in``: by the relationships that lead to a column, and what is asked of it."""
        parts = name.split("__")
        for index, part in enumerate(parts):
            found = self._related(self._frame, Type(entity), part) if self._related is not None else None
            rest = parts[index + 1 :]
            if found is None or found.entity is None or not rest or rest[0] in _LOOKUPS:
                how = "order" if word == "order" else self._how or ("other" if null else _asks(rest))
                yield Use(entity, part, how, site, constant, self._query)
                return
            yield Use(entity, part, "join", site, query=self._query)
            entity = found.entity


def _asks(lookups: list[str]) -> str:
    return _LOOKUPS.get(lookups[0], "other") if len(lookups) == 1 else "other" if lookups else "equal"
