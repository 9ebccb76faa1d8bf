"""Secrets of a service that change while it runs, where they lie in the folder `MELA_SECRETS`.

हिन्दी: Secret की फ़ाइल बदलते ही सेवा नई चाबी से काम करती है; उसे दोबारा चलाना नहीं पड़ता।
"""

import dataclasses
from collections.abc import Mapping
from typing import Any, Generic, TypeVar

import structlog

from mela.kernel import mounted
from mela.kernel import settings as kernel_settings

S = TypeVar("S")
log = structlog.get_logger()


class Renewed(Generic[S]):
    """A service's settings of now: those marked as secret follow the folder's files, all others stay as they were at the start.

    Files that cannot be read, or that do not fit together, are told once and change nothing.
    """

    def __init__(self, at_start: S, prefix: str, environ: Mapping[str, str], folder: mounted.Folder) -> None:
        self._now, self._prefix, self._folder = at_start, prefix, folder
        self._seen, self._told = folder.texts(), ""
        self._environ = {name: text for name, text in environ.items() if name not in self._seen}

    def __call__(self) -> S:
        """The settings of now."""
        try:
            texts = self._folder.texts()
            if texts != self._seen:
                self._seen = texts
                self._take(texts)
        except (ValueError, kernel_settings.SettingsError) as error:
            if str(error) != self._told:
                self._told = str(error)
                log.error("secrets cannot be taken", variables=f"{self._prefix}_*", reason=self._told)  # noqa: TRY400
        return self._now

    def _take(self, texts: Mapping[str, str]) -> None:
        """Raises: SettingsError, ValueError."""
        read: Any = kernel_settings.read(type(self._now), self._prefix, self._environ | dict(texts))  # type: ignore[type-var]
        secrets = [each.name for each in dataclasses.fields(read) if each.metadata.get("secret")]
        self._now = dataclasses.replace(self._now, **{name: getattr(read, name) for name in secrets})  # type: ignore[type-var]
        self._told = ""
        log.info("secrets of now are taken", variables=f"{self._prefix}_*")
