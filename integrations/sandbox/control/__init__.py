"""The control server: a page and a JSON API to turn the sandbox's faults on and off.

Trainers and developers use the page; smoke tests and benchmarks in other processes the API. It
also stands in for the systems' own screens, so that "open in Jump" leads somewhere in the demo.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import Flask

from . import api, pages

if TYPE_CHECKING:
    from integrations.sandbox.run import Sandbox

__all__ = ["create_app"]


def create_app(sandbox: Sandbox) -> Flask:
    """The control server of a running sandbox."""
    app = Flask(__name__, static_folder=None)
    api.register(app, sandbox)
    pages.register(app, sandbox)
    return app
