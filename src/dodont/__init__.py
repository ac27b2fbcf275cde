"""dodont: a linter for Python backend code that knows what the code means."""

TYPE_CHECKING = False  # for type checkers True; importing typing would take longer than all the rest
if TYPE_CHECKING:
    from dodont.api import Diagnostic, Report, Settings, check

__version__ = "0.1.0"

__all__ = ["Diagnostic", "Report", "Settings", "__version__", "check"]


def __getattr__(name: str) -> object:
    """Nothing is loaded before somebody asks for it: flake8 imports this module in each of its processes."""
    if name in __all__:
        from dodont import api

        return getattr(api, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
