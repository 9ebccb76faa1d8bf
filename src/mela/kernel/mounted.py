"""A folder of small text files that others change while we run, such as a Secret that the kubelet mounts.

हिन्दी: Secret बदलते ही फ़ाइल बदलती है; प्रक्रिया को दोबारा चलाना नहीं पड़ता।

The kubelet replaces all files of a mounted Secret at once, some time after the object has changed.
Source: https://kubernetes.io/docs/concepts/configuration/secret/#mounted-secrets-are-updated-automatically (2026-11-26).
"""

import time
from collections.abc import Mapping
from pathlib import Path


class Folder:
    """The files by name, without white space around; looked at again after `again_s` seconds at most."""

    def __init__(self, path: Path, *, again_s: float = 1.0) -> None:
        self.path, self._again_s = path, again_s
        self._texts: Mapping[str, str] = {}
        self._read = float("-inf")

    def texts(self) -> Mapping[str, str]:
        """What the files hold now; nothing where the folder is missing. Hidden files and folders are passed over."""
        now = time.monotonic()
        if now - self._read >= self._again_s:
            self._texts, self._read = texts(self.path), now
        return self._texts


def texts(path: Path) -> dict[str, str]:
    """Each file of a folder by its name, read now. Raises: ValueError, naming a file that cannot be read as UTF-8 text."""
    if not path.is_dir():
        return {}
    return {file.name: _text(file) for file in sorted(path.iterdir()) if file.name[0] != "." and file.is_file()}


def _text(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise ValueError(f"the file {file} cannot be read: {error}") from error
