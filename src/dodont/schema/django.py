"""What Django's models declare."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from dodont.project.inputs import LISTING
from dodont.project.outlines import flat
from dodont.schema.tables import Column, Index, Relationship, Table, Unread
from dodont.schema.written import Call, Written, class_body, reader
from dodont.semantic.definitions import ClassInfo, ModuleInfo
from dodont.semantic.frame import Frame
from dodont.semantic.objects import lineage

if TYPE_CHECKING:
    from dodont.schema.declared import Declared

MODEL = "django.db.models.Model"

#: The fields that lead to a row of another table by a column of their own.
_KEYS = frozenset({"ForeignKey", "OneToOneField"})
_MANY = frozenset({"ManyToManyField"})
#: Attributes that read rows of other tables, and have neither a column nor a table of their own.
_GENERIC = frozenset({"GenericForeignKey", "GenericRelation"})
_BOOLEAN = frozenset({"BooleanField", "NullBooleanField"})
#: Fields that are unique or indexed unless they say otherwise.
_INDEXED = frozenset({"SlugField"})
_KINDS = frozenset(
    """AutoField BigAutoField SmallAutoField BigIntegerField BinaryField BooleanField CharField CommaSeparatedIntegerField DateField
    DateTimeField DecimalField DurationField EmailField FileField FilePathField FloatField GenericIPAddressField IPAddressField
    ImageField IntegerField JSONField NullBooleanField PositiveBigIntegerField PositiveIntegerField PositiveSmallIntegerField
    SlugField SmallIntegerField TextField TimeField URLField UUIDField GeneratedField OrderWrt ArrayField HStoreField
    IntegerRangeField BigIntegerRangeField DecimalRangeField DateTimeRangeField DateRangeField SearchVectorField CICharField
    CIEmailField CITextField GeometryField PointField LineStringField PolygonField MultiPointField MultiLineStringField
    MultiPolygonField GeometryCollectionField RasterField CompositePrimaryKey""".split()
) | _KEYS | _MANY | _GENERIC  # fmt: skip

#: What classes of well-known libraries are made from.
_MADE_FROM = {
    "autoslug.fields.AutoSlugField": "SlugField",
    "autoslug.AutoSlugField": "SlugField",
    "ckeditor.fields.RichTextField": "TextField",
    "ckeditor_uploader.fields.RichTextUploadingField": "TextField",
    "colorfield.fields.ColorField": "CharField",
    "django_countries.fields.CountryField": "CharField",
    "django_extensions.db.fields.AutoSlugField": "SlugField",
    "django_extensions.db.fields.CreationDateTimeField": "DateTimeField",
    "django_extensions.db.fields.ModificationDateTimeField": "DateTimeField",
    "django_extensions.db.fields.RandomCharField": "CharField",
    "django_fsm.FSMField": "CharField",
    "encrypted_model_fields.fields.EncryptedCharField": "TextField",
    "encrypted_model_fields.fields.EncryptedTextField": "TextField",
    "jsonfield.JSONField": "JSONField",
    "localflavor.us.models.USStateField": "CharField",
    "model_utils.fields.AutoCreatedField": "DateTimeField",
    "model_utils.fields.AutoLastModifiedField": "DateTimeField",
    "model_utils.fields.MonitorField": "DateTimeField",
    "model_utils.fields.StatusField": "CharField",
    "model_utils.fields.UUIDField": "UUIDField",
    "modelcluster.fields.ParentalKey": "ForeignKey",
    "modelcluster.fields.ParentalManyToManyField": "ManyToManyField",
    "mptt.fields.TreeForeignKey": "ForeignKey",
    "mptt.fields.TreeManyToManyField": "ManyToManyField",
    "mptt.fields.TreeOneToOneField": "OneToOneField",
    "mptt.models.TreeForeignKey": "ForeignKey",
    "mptt.models.TreeManyToManyField": "ManyToManyField",
    "multiselectfield.MultiSelectField": "CharField",
    "oauth2_provider.models.ForeignKey": "ForeignKey",
    "phonenumber_field.modelfields.PhoneNumberField": "CharField",
    "picklefield.fields.PickledObjectField": "TextField",
    "shortuuid.django_fields.ShortUUIDField": "CharField",
    "sortedm2m.fields.SortedManyToManyField": "ManyToManyField",
    "sorl.thumbnail.ImageField": "ImageField",
    "sorl.thumbnail.fields.ImageField": "ImageField",
    "taggit.managers.TaggableManager": "GenericRelation",
    "timezone_field.TimeZoneField": "CharField",
    "tinymce.models.HTMLField": "TextField",
    "treebeard.fields.TreeForeignKey": "ForeignKey",
    "versatileimagefield.fields.VersatileImageField": "ImageField",
    "wagtail.contrib.routable_page.models.RichTextField": "TextField",
    "wagtail.fields.RichTextField": "TextField",
    "wagtail.fields.StreamField": "TextField",
}

#: The columns that abstract models of Django's own bring, with their kinds.
BROUGHT = {
    "django.contrib.auth.base_user.AbstractBaseUser": (("password", "CharField"), ("last_login", "DateTimeField")),
    "django.contrib.auth.models.PermissionsMixin": (("is_superuser", "BooleanField"),),
    "django.contrib.sessions.base_session.AbstractBaseSession": (
        ("session_key", "CharField"), ("session_data", "TextField"), ("expire_date", "DateTimeField"),
    ),
}  # fmt: skip
BROUGHT["django.contrib.auth.models.AbstractBaseUser"] = BROUGHT["django.contrib.auth.base_user.AbstractBaseUser"]
BROUGHT["django.contrib.auth.models.AbstractUser"] = (
    ("password", "CharField"), ("last_login", "DateTimeField"), ("is_superuser", "BooleanField"), ("username", "CharField"),
    ("first_name", "CharField"), ("last_name", "CharField"), ("email", "EmailField"), ("is_staff", "BooleanField"),
    ("is_active", "BooleanField"), ("date_joined", "DateTimeField"),
)  # fmt: skip
_UNIQUE = frozenset({"username", "session_key"})


@dataclass(slots=True)
class Own:
    """What the body of one class declares, whichever tables come of it."""

    columns: dict[str, Column] = field(default_factory=dict)  # by attribute
    relationships: dict[str, Relationship] = field(default_factory=dict)
    hidden: set[str] = field(default_factory=set)  # attributes set to None, which take a base's field away
    through: list[tuple[str, Call, Relationship]] = field(default_factory=list)  # many-to-many
    unread: list[Unread] = field(default_factory=list)
    has_meta: bool = False


def is_entity(frame: Frame, info: ClassInfo) -> bool:
    return any(ref == MODEL for ref, entry in lineage(frame, info.ref) if not isinstance(entry, ClassInfo))


class Reader:
    """Reads classes for ``declared``, which knows them all."""

    def __init__(self, declared: Declared) -> None:
        self._declared = declared
        self._labels: dict[str, str] = {}

    def own(self, info: ClassInfo) -> Own:
        """What a class's own body declares."""
        frame = reader(self._declared.frame(info), info)
        found = Own()
        for statement in flat(class_body(frame, info)):
            match statement:
                case ast.ClassDef(name="Meta"):
                    found.has_meta = True
                case ast.Assign(targets=[ast.Name(id=name)], value=value):
                    self._attribute(found, name, Written(value, frame), info)
                case ast.AnnAssign(target=ast.Name(id=name), value=ast.expr() as value):
                    self._attribute(found, name, Written(value, frame), info)
        return found

    def meta(self, info: ClassInfo) -> dict[str, Written]:
        """The options in a class's own ``Meta``, and in those that this one is made from."""
        found: dict[str, Written] = {}
        frame = reader(self._declared.frame(info), info)
        meta = frame.world.class_named(f"{info.ref}.Meta")
        if meta is None:
            return found
        for _, entry in reversed(lineage(frame, meta.ref)):  # `class Meta(Parent.Meta)`
            if isinstance(entry, ClassInfo):
                inner = reader(frame, entry)
                for name, value in _assigned(class_body(inner, entry)):
                    found[name] = Written(value, inner)
                if entry is not meta:
                    found.pop("abstract", None)
        return found

    def _attribute(self, found: Own, name: str, value: Written, info: ClassInfo) -> None:
        if value.constant is None:
            found.hidden.add(name)
            return
        call = value.call
        if call is None:
            return
        kind, known = self._kind(call.frame, call.ref)
        if kind == "" and not known:
            if call.ref and call.frame.world.class_named(call.ref) is None and call.ref.endswith(("Field", "Key")):
                found.unread.append(Unread(call.site, f"what `{name}` declares"))
            return
        if kind in _GENERIC:
            many = kind == "GenericRelation"
            target = self._target(call, info) if many and call.ref in _GENERICS else None
            found.relationships[name] = Relationship(name, target, many, site=call.site, query=many)
        elif kind in _MANY:
            related = self._relationship(name, kind, call, info)
            found.relationships[name] = related
            found.through.append((name, call, related))
        else:
            found.columns[name] = self._column(name, kind, call, info)
            if kind in _KEYS:
                found.relationships[name] = self._relationship(name, kind, call, info)

    def _relationship(self, name: str, kind: str, call: Call, info: ClassInfo) -> Relationship:
        said = call.word("related_name")
        back = (said.text or "+") if said is not None else ""
        if not back:
            back = "%(class)s" if kind == "OneToOneField" else "%(class)s_set"
        many = kind in _MANY
        return Relationship(
            name, self._target(call, info), many, site=call.site, back="" if back.endswith("+") else back,
            back_many=kind != "OneToOneField", query=many,
        )  # fmt: skip

    def _kind(self, frame: Frame, ref: str) -> tuple[str, bool]:
        """Which of Django's fields a class is or is made from, and whether it is a field in any case."""
        known = self._library_kind(frame, ref)
        if known:
            return known, True
        for _, entry in lineage(frame, ref) if ref else ():
            if not isinstance(entry, ClassInfo):
                continue
            for base in entry.bases:
                known = self._library_kind(frame, base)
                if known:
                    return known, True
                if base in ("django.db.models.Field", "django.db.models.fields.Field"):
                    return "", True
        return "", False

    @staticmethod
    def _library_kind(frame: Frame, ref: str) -> str:
        last = ref.rpartition(".")[2]
        if ref.partition(".")[0] in ("django", "polymorphic"):
            return last if last in _KINDS else ""
        return _MADE_FROM.get(ref, "")

    def _column(self, name: str, kind: str, call: Call, info: ClassInfo) -> Column:
        is_key = kind in _KEYS
        column = call.text(10**6, "db_column")
        if call.word("db_column") is not None and column is None:
            column = "?"
        unique = call.flag("unique") if kind != "OneToOneField" else True
        indexed = call.flag("db_index", default=is_key or kind in _INDEXED)
        references = None
        if is_key:
            references = self._referred(call, info)
        choices = call.word("choices")
        is_own = call.frame.world.class_named(call.ref) is not None
        return Column(
            column or (f"{name}_id" if is_key else name), name, kind,
            nullable=call.flag("null") or kind == "NullBooleanField",
            primary_key=call.flag("primary_key"),
            unique=None if is_own and unique is False and call.word("unique") is None and self._sets(call, "unique") else unique,
            indexed=None if is_own and not indexed and self._sets(call, "db_index") else indexed,
            references=references,
            default=call.word("db_default") is not None or kind in ("AutoField", "BigAutoField", "SmallAutoField"),
            few=kind in _BOOLEAN or (choices is not None and choices.constant is not None),
            site=call.site,
        )  # fmt: skip

    def _sets(self, call: Call, word: str) -> bool:
        """Whether a field class of the project gives its base such a word itself: ``kwargs["db_index"] = True``."""
        for _, entry in lineage(call.frame, call.ref):
            function = entry.functions.get("__init__") if isinstance(entry, ClassInfo) else None
            node = self._declared.project.body(function) if function is not None else None
            if node is not None and any(
                (isinstance(each, ast.Constant) and each.value == word)
                or (isinstance(each, ast.keyword) and each.arg == word)
                for each in ast.walk(node)
            ):
                return True
        return False

    def _referred(self, call: Call, info: ClassInfo) -> str:
        target = self._entity(call, info)
        table = self._declared.table_name(target) if target is not None else ""
        if target is None or not table:
            return "?"
        to_field = call.text(10**6, "to_field")
        return f"{table}.{to_field or self._declared.key_of(target)}"

    def key(self, info: ClassInfo) -> str:
        """The primary key of a model, as far as the bodies say one."""
        for _, entry in lineage(self._declared.frame(info), info.ref):
            if not isinstance(entry, ClassInfo):
                continue
            frame = reader(self._declared.frame(info), entry)
            for name, value in _assigned(class_body(frame, entry)):
                if isinstance(value, ast.Call) and any(word.arg == "primary_key" for word in value.keywords):
                    call = Call(value, frame)
                    kind, _ = self._kind(frame, call.ref)
                    if call.flag("primary_key"):
                        return call.text(10**6, "db_column") or (f"{name}_id" if kind in _KEYS else name)
        return "id"

    def _entity(self, call: Call, info: ClassInfo) -> ClassInfo | None:
        """The model that a field leads to."""
        first = call.argument(0, "to")
        if first is None:
            return None
        text = first.text
        if text is None:
            value = first.value
            if value.ref is None and _names_user(first):  # settings.AUTH_USER_MODEL, which no settings module says
                return None
            return self._declared.class_of(first.frame, first.node)
        if text == "self":
            return info
        label, dot, name = text.rpartition(".")
        if not dot:
            return self._declared.named(name, info.module)
        return self._declared.model(label, name)

    def _target(self, call: Call, info: ClassInfo) -> str | None:
        found = self._entity(call, info)
        return found.ref if found is not None else None

    # Tables

    def tables(self, info: ClassInfo) -> list[Table]:
        """The table of a model, and those of its many-to-many fields; none for one that is abstract or a proxy."""
        table = self.table(info)
        return [table, *self.through(info, table)] if table is not None else []

    def table(self, info: ClassInfo) -> Table | None:
        frame = self._declared.frame(info)
        own = self._declared.django_meta(info)
        if _says(own, "abstract") or _says(own, "proxy"):
            return None
        parts, parents, unread, brought = self._parts(info, frame)
        meta = self._meta_of(parts)
        columns: dict[str, Column] = {}
        relationships: dict[str, Relationship] = {}
        hidden: set[str] = set()
        keyed = None
        for each, declares in parts:
            for attribute, column in declares.columns.items():
                if attribute not in hidden:
                    columns.setdefault(column.name, column)
            for attribute, related in declares.relationships.items():
                if attribute not in hidden:
                    back = related.back.replace("%(class)s", info.name.lower())  # of a base that is abstract, too
                    back = back.replace("%(app_label)s", self.label(info.module))
                    relationships.setdefault(attribute, related._replace(back=back))
            hidden |= declares.hidden | declares.columns.keys() | declares.relationships.keys() | each.functions.keys()
            unread += declares.unread
        for column in brought:
            if column.attribute not in hidden:
                columns.setdefault(column.name, column)
        keyed = next((each for each in columns.values() if each.primary_key), None)
        ordered: dict[str, Column] = {}
        if keyed is None:
            for parent in parents:
                name = f"{parent.name.lower()}_ptr"
                references = f"{self._declared.table_name(parent)}.{self._declared.key_of(parent)}"
                ordered[f"{name}_id"] = Column(
                    f"{name}_id", name, "OneToOneField", nullable=False, primary_key=not ordered, unique=True, indexed=True,
                    references=references, default=False, site=info.site,
                )  # fmt: skip
                relationships.setdefault(name, Relationship(name, parent.ref, False, site=info.site))
            if not parents:
                ordered["id"] = Column(
                    "id", "id", self._auto(info), nullable=False, primary_key=True, default=True, site=info.site
                )
        # A base's columns come first, and after them those of the class, in the order written.
        for column in brought:
            if columns.get(column.name) is column:
                ordered[column.name] = column
        for _, declares in reversed(parts):
            for column in declares.columns.values():
                if columns.get(column.name) is column:
                    ordered[column.name] = column
        if (order := meta.get("order_with_respect_to")) is not None and order.constant is not None:
            ordered["_order"] = Column("_order", "_order", "OrderWrt", nullable=False, indexed=False, site=order.site)
        named = meta.get("db_table") if "db_table" in own else None
        inherited = meta.get("db_table") if named is None else None
        label = meta["app_label"].text if "app_label" in own else self.label(info.module)
        name = f"{label}_{info.name.lower()}" if label else ""
        if named is not None or inherited is not None:
            said = (named or inherited).text  # type: ignore[union-attr]
            name = said.strip('"') if said is not None else ""
        if not name and info.site is not None:
            unread.append(Unread(info.site, f"the name of the table of `{info.name}`"))
        indexes = self._indexes(meta, {column.attribute: column.name for column in ordered.values()}, unread)
        managed = not ("managed" in own and own["managed"].constant is False)
        return Table(name, info.ref, ordered, indexes, relationships, tuple(unread), managed, info.site)

    def table_name(self, info: ClassInfo, family: str = "") -> str:
        """The name alone, without reading the fields."""
        own = self._declared.django_meta(info)
        if "db_table" in own:
            return (own["db_table"].text or "").strip('"')
        if _says(own, "proxy"):
            parent = next(
                (each for each in self._bases(info) if not _says(self._declared.django_meta(each), "abstract")), None
            )
            return self._declared.table_name(parent) if parent is not None else ""
        label = own["app_label"].text if "app_label" in own else self.label(info.module)
        return f"{label}_{info.name.lower()}" if label else ""

    def _bases(self, info: ClassInfo) -> Iterator[ClassInfo]:
        frame = self._declared.frame(info)
        for base in info.bases:
            found = self._declared.class_named(frame, base)
            if found is not None and is_entity(frame, found):
                yield found

    def _parts(
        self, info: ClassInfo, frame: Frame
    ) -> tuple[list[tuple[ClassInfo, Own]], list[ClassInfo], list[Unread], list[Column]]:
        """The class and its abstract bases, nearest first; the concrete models it extends; what is not known of others."""
        parts: list[tuple[ClassInfo, Own]] = []
        parents: list[ClassInfo] = []
        unread: list[Unread] = []
        brought: list[Column] = []
        pending = [info]
        seen: set[str] = set()
        while pending:
            current = pending.pop(0)
            if current.ref in seen:
                continue
            seen.add(current.ref)
            declares = self._declared.django_own(current)
            parts.append((current, declares))
            unread += self._declared.unknown_bases(current)
            for base in current.bases:
                found = self._declared.class_named(frame, base)
                if found is None:
                    if base in BROUGHT:
                        brought += _brought(base)
                elif is_entity(frame, found) and not _says(self._declared.django_meta(found), "abstract"):
                    concrete = self._concrete(found)
                    if concrete is not None and concrete not in parents:
                        parents.append(concrete)
                else:
                    pending.append(found)
        return parts, parents, unread, brought

    def _concrete(self, info: ClassInfo) -> ClassInfo | None:
        """The model whose table a proxy stands for."""
        seen: set[str] = set()
        current: ClassInfo | None = info
        while current is not None and current.ref not in seen and _says(self._declared.django_meta(current), "proxy"):
            seen.add(current.ref)
            current = next(
                (each for each in self._bases(current) if not _says(self._declared.django_meta(each), "abstract")), None
            )
        return current

    def _meta_of(self, parts: list[tuple[ClassInfo, Own]]) -> dict[str, Written]:
        """The options of the nearest class that has any."""
        for index, (each, declares) in enumerate(parts):
            if declares.has_meta:
                kept = dict(self._declared.django_meta(each))
                if index:
                    kept.pop("abstract", None)
                return kept
        return {}

    def _auto(self, info: ClassInfo) -> str:
        value = self._declared.project.setting("DEFAULT_AUTO_FIELD")
        said = value.const if value is not None else None
        return said.rpartition(".")[2] if isinstance(said, str) else "AutoField"

    def _indexes(self, meta: dict[str, Written], names: dict[str, str], unread: list[Unread]) -> tuple[Index, ...]:
        found: list[Index] = []
        for option in ("unique_together", "index_together"):
            if option in meta:
                together = _texts(meta[option])
                if together is None:
                    unread.append(Unread(meta[option].site, f"`{option}`", indexes=True))
                found += [Index(each, unique=option == "unique_together") for each in together or ()]
        for option in ("indexes", "constraints"):
            for each in meta[option].elements() if option in meta else ():
                call = each.call if each is not None else None
                last = call.ref.rpartition(".")[2] if call is not None else ""
                if call is None or not call.ref:
                    unread.append(Unread(meta[option].site, f"`{option}`", indexes=True))
                elif last not in ("CheckConstraint", "ExclusionConstraint"):
                    found.append(self._index(call, last))
        return tuple(
            index._replace(columns=tuple(names.get(each.lstrip("-"), each.lstrip("-")) for each in index.columns))
            for index in found
        )

    @staticmethod
    def _index(call: Call, kind: str) -> Index:
        fields = call.word("fields")
        columns = [each.text if each is not None else None for each in fields.elements()] if fields is not None else []
        if fields is None:
            for each in call.positional:
                inner = each.call
                while (
                    inner is not None
                    and isinstance(inner.node.func, ast.Attribute)
                    and inner.node.func.attr in ("asc", "desc")
                ):
                    inner = Written(inner.node.func.value, inner.frame).call
                is_column = inner is not None and inner.ref.rpartition(".")[2] in ("F", "OrderBy")
                columns.append(inner.text(0, "name") if inner is not None and is_column else each.text)
        partial = call.word("condition") is not None
        name = call.text(10**6, "name") or ""
        # A column that is not known begins no index that could be asked for, and stands for any.
        return Index(tuple(each or "" for each in columns), kind == "UniqueConstraint", partial, name)

    def through(self, info: ClassInfo, table: Table) -> Iterator[Table]:
        """The tables between two models that many-to-many fields make."""
        frame = self._declared.frame(info)
        for _, declares in self._parts(info, frame)[0]:
            for name, call, related in declares.through:
                if call.word("through") is not None:
                    continue
                other = frame.world.class_named(related.entity) if related.entity is not None else None
                said = call.word("db_table")
                shown = said.text if said is not None else f"{table.name}_{name}" if table.name else ""
                near = info.name.lower()
                far = other.name.lower() if other is not None else ""
                if other is info:
                    near, far = f"from_{near}", f"to_{near}"
                if not far:
                    first = call.argument(0, "to")
                    text = first.text if first is not None else None
                    far = text.rpartition(".")[2].lower() if text else ""
                unread = () if far and shown else (Unread(call.site, f"the table of `{name}`"),)
                site = call.site
                key = self._auto(info)
                columns = {"id": Column("id", "id", key, nullable=False, primary_key=True, default=True, site=site)}
                ends = [(f"{near}_id", f"{table.name}.{self._declared.key_of(info)}")]
                if far:
                    target = self._declared.table_name(other) if other is not None else ""
                    ends.append(
                        (
                            f"{far}_id",
                            f"{target}.{self._declared.key_of(other)}" if other is not None and target else "?",
                        )
                    )
                for column, references in ends:
                    columns[column] = Column(
                        column, column.removesuffix("_id"), "ForeignKey", nullable=False, indexed=True, references=references,
                        default=False, site=site,
                    )  # fmt: skip
                pair = (Index(tuple(column for column, _ in ends), unique=True),) if len(ends) == 2 else ()
                yield Table(shown or "", "", columns, pair, {}, unread, table.managed, site)

    # Applications

    def label(self, module: ModuleInfo) -> str:
        """The label of the application that a module belongs to: of the nearest package around it that has ``apps.py`` or ``models``."""
        known = self._labels.get(module.name)
        if known is None:
            known = self._labels[module.name] = self._label(module)
        return known

    def _label(self, module: ModuleInfo) -> str:
        project = self._declared.project
        prefix, _, dotted = module.name.rpartition(":")
        parts = dotted.split(".")
        package = module.package.rpartition(":")[2].split(".") if module.package else []
        if "models" in parts:
            package = parts[: len(parts) - 1 - parts[::-1].index("models")]
        directory = Path(module.file).parent
        while directory.name and package and directory.name != package[-1]:
            directory = directory.parent
        for end in range(len(package), 0, -1):
            shown = project.display(str(directory))
            project.touched.add((LISTING, shown))
            if "apps.py" in project.finder.listing(str(directory)):
                name = ".".join(package[:end])
                label = self._configured(f"{prefix}:{name}.apps" if prefix else f"{name}.apps", name)
                return label or package[end - 1]
            directory = directory.parent
        return package[-1] if package else ""

    def _configured(self, apps: str, package: str) -> str:
        """The label that an AppConfig gives."""
        project = self._declared.project
        found = project.resolve(apps)
        module = project.modules.get(found.ref) if found is not None and found.ref is not None else None
        for info in module.classes if module is not None else ():
            label = info.members.get("label")
            if (
                any(base.endswith("AppConfig") for base in info.bases)
                and label is not None
                and isinstance(label.const, str)
            ):
                name = info.members.get("name")
                if name is None or name.const == package or not isinstance(name.const, str):
                    return label.const
        return ""


_GENERICS = (
    "django.contrib.contenttypes.fields.GenericRelation", "django.contrib.contenttypes.generic.GenericRelation",
)  # fmt: skip


def _says(meta: dict[str, Written], option: str) -> bool:
    return option in meta and meta[option].constant is True


def _assigned(body: list[ast.stmt]) -> Iterator[tuple[str, ast.expr]]:
    for statement in flat(body):
        match statement:
            case ast.Assign(targets=[ast.Name(id=name)], value=value):
                yield name, value
            case ast.AnnAssign(target=ast.Name(id=name), value=ast.expr() as value):
                yield name, value


def _brought(base: str) -> list[Column]:
    return [
        Column(
            name, name, kind, nullable=name == "last_login", unique=name in _UNIQUE, primary_key=name == "session_key",
            indexed=name == "expire_date", few=kind in _BOOLEAN, default=False,
        )
        for name, kind in BROUGHT[base]
    ]  # fmt: skip


def _names_user(written: Written) -> bool:
    return isinstance(written.node, ast.Attribute) and written.node.attr == "AUTH_USER_MODEL"


def _texts(written: Written) -> list[tuple[str, ...]] | None:
    """``(("a", "b"), ("c", "d"))``, or one of them alone."""
    found: list[tuple[str, ...]] = []
    flat_names: list[str] = []
    for each in written.elements():
        if each is None:
            return None
        text = each.text
        if text is not None:
            flat_names.append(text)
            continue
        inner = [item.text if item is not None else None for item in each.elements()]
        if None in inner:
            return None
        found.append(tuple(item for item in inner if item is not None))
    return [tuple(flat_names)] if flat_names else found
