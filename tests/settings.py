"""Settings of the test suite: the portal's own, with keys of the moment and plain static files."""

from cryptography.fernet import Fernet

from portal.settings import *  # noqa: F403

SECRET_KEY = "tests-only"
ENCRYPTION_KEYS = [Fernet.generate_key().decode()]
ALLOWED_HOSTS = ["*"]
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.InMemoryStorage"},
    # live_server answers 404 for the hashed names of the manifest storage.
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
