"""The portal's settings, with static files as in production: compressed, under lasting names."""

from portal.settings import *  # noqa: F403

STATIC_ROOT = VAR_DIR / "static"  # noqa: F405
WHITENOISE_USE_FINDERS = False
STORAGES = {
    **STORAGES,  # noqa: F405
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}
#: Everybody has been read before anything is measured: a portal that is up reads what has changed, which here
#: is nobody.
PERIODIC_TASKS = {name: each for name, each in PERIODIC_TASKS.items() if "sync" not in name}  # noqa: F405
