"""Issues of Azure Pipelines' log."""

from __future__ import annotations

from dodont.core.diagnostic import Diagnostic
from dodont.output.escaping import printable
from dodont.output.repository import in_repository
from dodont.output.result import Result


def render(result: Result) -> str:
    return "\n".join(_command(result, each) for each in in_repository(result.diagnostics, result.root))


def _command(result: Result, diagnostic: Diagnostic) -> str:
    properties = {
        "type": diagnostic.severity,
        "sourcepath": diagnostic.path,
        "linenumber": str(diagnostic.span.line),
        "columnnumber": str(diagnostic.span.column + 1),
        "code": diagnostic.code,
    }
    head = "".join(f"{name}={_property(value)};" for name, value in properties.items())
    remedy = result.remedy(diagnostic)
    text = f"{diagnostic.rule}: {diagnostic.message}" + (f"; {remedy}" if remedy else "")
    return f"##vso[task.logissue {head}]{_data(printable(text))}"


def _data(text: str) -> str:
    return text.replace("%", "%AZP25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(printable(text)).replace(";", "%3B").replace("]", "%5D")
