"""What runs read of files, kept in the cache for the next one: see ``project.readings``."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence

from dodont.engine.cache import Cache
from dodont.project.readings import Overview, Reading


class CacheShelf:
    """``display`` gives a file's path as the run names it, by which the cache knows it."""

    def __init__(self, cache: Cache, display: Callable[[str], str]) -> None:
        self._cache = cache
        self._display = display
        self._known: dict[str, Reading | None] = {}
        self._new: set[str] = set()

    def fetch(self, paths: Sequence[str]) -> None:
        shown = {self._display(path): path for path in paths if path not in self._known}
        self._known.update(dict.fromkeys(shown.values()))
        for name, stamp, digest, overview in self._cache.readings(shown):
            try:
                made = Overview(*json.loads(overview)) if overview else None
                self._known[shown[name]] = Reading(tuple(json.loads(stamp)), digest, made)
            except (ValueError, TypeError):
                continue

    def get(self, path: str) -> Reading | None:
        if path not in self._known:
            self.fetch([path])
        return self._known[path]

    def put(self, path: str, reading: Reading) -> None:
        self._known[path] = reading
        self._new.add(path)

    def save(self) -> None:
        """Hand over to the cache what is new."""
        rows = []
        for path in sorted(self._new):
            reading = self._known[path]
            if reading is not None:
                overview = _text(reading.overview) if reading.overview is not None else ""
                rows.append((self._display(path), _text(reading.stamp), reading.digest, overview))
        if rows:
            self._cache.keep_readings(rows)
        self._new.clear()


def _text(found: Overview | tuple[int, ...]) -> str:
    return json.dumps(found, separators=(",", ":"))
