"""Pictures of every page and state at three widths: ``python -m tests.browser.screenshots [folder]``.

They are for looking at. The command fails where something reaches past the window or is cut off.
Names and order are the same at every run; the folder (``screenshots/``) is not under version control.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

FOLDER = "SCREENSHOTS"
PICTURES = Path(__file__).with_name("pictures.py")


def main() -> int:
    """Empty the folder, take every picture, answer with pytest's exit code."""
    folder = Path(sys.argv[1] if len(sys.argv) > 1 else "screenshots").resolve()
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.glob("*.png"):
        old.unlink()
    os.environ[FOLDER] = str(folder)
    code = pytest.main([str(PICTURES), "-q", "--show-capture=no", "--tb=short", *sys.argv[2:]])
    sys.stdout.write(f"{len(list(folder.glob('*.png')))} pictures in {folder}\n")
    return int(code)


if __name__ == "__main__":
    sys.exit(main())
