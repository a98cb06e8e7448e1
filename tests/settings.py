"""Settings of the test suite: the portal's own, with keys of the moment and plain static files."""

import os
import tempfile
from pathlib import Path

from cryptography.fernet import Fernet

from portal.settings import *  # noqa: F403

INSTALLED_APPS = [*INSTALLED_APPS, "tests"]  # noqa: F405  for its flush command
# Warns about the folder that collectstatic fills; the tests' servers find static files themselves.
MIDDLEWARE = [name for name in MIDDLEWARE if "whitenoise" not in name]  # noqa: F405
SECRET_KEY = "tests-only"
ENCRYPTION_KEYS = [Fernet.generate_key().decode()]
ALLOWED_HOSTS = ["*"]
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.InMemoryStorage"},
    # live_server answers 404 for the hashed names of the manifest storage.
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
WRITES_AWAITED = 0.0  # no worker runs beside the tests
# A connection that a thread kept would be in the way of dropping the database.
DATABASES["default"]["CONN_MAX_AGE"] = 0  # noqa: F405
if DATABASES["default"]["ENGINE"] == "django.db.backends.sqlite3":  # noqa: F405
    # A file, one a run: threads that share a database in memory get "table is locked" at once, in
    # spite of the timeout, where a file makes them wait.
    _FOLDER = Path("/dev/shm" if os.access("/dev/shm", os.W_OK) else tempfile.gettempdir())  # noqa: S108
    DATABASES["default"]["TEST"] = {"NAME": str(_FOLDER / f"crosswalk-test-{os.getpid()}.sqlite3")}  # noqa: F405
