"""All settings, every value from the environment (see the table in README.md)."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import environ
from csp.constants import NONE, SELF
from django.core.management.utils import get_random_secret_key

from portal.web.logs import configure_structlog, logging_settings

BASE_DIR = Path(__file__).resolve().parent.parent

env = environ.Env()
# What is already in the environment wins over the file.
environ.Env.read_env(env.str("ENV_FILE", default=str(BASE_DIR / ".env")))

# --- What this installation is -------------------------------------------------------------

PRODUCTION = env.str("ENVIRONMENT", default="development") == "production"
DEBUG = env.bool("DEBUG", default=False)
SITE_NAME = env.str("SITE_NAME", default="Crosswalk")
DEMO = env.bool("DEMO", default=False)  # every page says that its people are synthetic
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=[] if PRODUCTION else ["127.0.0.1", "localhost", "[::1]"])
CSRF_TRUSTED_ORIGINS = env.list("CSRF_TRUSTED_ORIGINS", default=[])
# Outside production a key of the moment will do: sessions then end with the process.
# Not as a default: environ would take a random key that begins with "$" for a variable's name.
SECRET_KEY = env.str("SECRET_KEY", default="") or ("" if PRODUCTION else get_random_secret_key())
# The first key encrypts, all decrypt: rotate by putting a new one in front.
ENCRYPTION_KEYS = env.list("ENCRYPTION_KEYS", default=[])
VAR_DIR = Path(env.str("VAR_DIR", default=str(BASE_DIR / "var")))
VAR_DIR.mkdir(mode=0o700, parents=True, exist_ok=True)

# --- Applications ---------------------------------------------------------------------------

INSTALLED_APPS = [
    "portal",
    "portal.accounts",
    "portal.audit",
    "portal.web",
    "portal.worker",
    "integrations",
    "patients",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.humanize",
    "django.contrib.staticfiles",
    "django.forms",
    "allauth",
    "allauth.account",
    "allauth.socialaccount",
    "allauth.socialaccount.providers.openid_connect",
    "allauth.mfa",
    "allauth.usersessions",
    "csp",
    "django_htmx",
    "django_tasks",
    "django_tasks_db",
]

MIDDLEWARE = [
    "portal.web.middleware.RequestMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "django.middleware.gzip.GZipMiddleware",  # lengthened at random against BREACH (breachattack.com)
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "allauth.usersessions.middleware.UserSessionsMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "portal.accounts.middleware.SessionLimitsMiddleware",
    "portal.accounts.middleware.SecondStepMiddleware",
    "portal.accounts.middleware.AccessMiddleware",
    "patients.views.not_told.NotToldMiddleware",
]

ROOT_URLCONF = "portal.urls"
WSGI_APPLICATION = "portal.wsgi.application"
TEMPLATES: list[dict[str, Any]] = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "portal.web.pages.site",
                "portal.accounts.context.session",
            ],
            "builtins": ["portal.templatetags.ui"],
        },
    },
]
FORM_RENDERER = "portal.web.forms.PortalRenderer"

# --- Database, cache, tasks -----------------------------------------------------------------

DATABASES = {"default": env.db_url("DATABASE_URL", default=f"sqlite:///{VAR_DIR / 'portal.sqlite3'}")}
if DATABASES["default"]["ENGINE"] == "django.db.backends.sqlite3":
    # Measured: with the default DEFERRED mode half of all read-then-write transactions fail at
    # once under load. recursive_triggers: without it INSERT OR REPLACE slips past the audit
    # trail's triggers. mmap_size (bytes): the index is read at random, a page a record; mapped into
    # memory that takes two thirds of the time.
    DATABASES["default"].setdefault("OPTIONS", {}).update(
        transaction_mode="IMMEDIATE",
        timeout=20,
        init_command="PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA recursive_triggers=ON; "
        "PRAGMA mmap_size=2000000000;",
    )
else:
    DATABASES["default"]["CONN_HEALTH_CHECKS"] = True
    # Measured: compiling a query of the people list took ten times as long as answering it.
    DATABASES["default"].setdefault("OPTIONS", {}).setdefault("options", "-c jit=off")
DATABASES["default"]["CONN_MAX_AGE"] = env.int("DATABASE_CONN_MAX_AGE", default=60)
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# In the database, so that several processes count the same sign-in attempts.
CACHES: dict[str, dict[str, Any]] = {
    "default": {
        "BACKEND": "django.core.cache.backends.db.DatabaseCache",
        "LOCATION": "portal_cache",
        # Past so many rows the table is culled by key, and those attempts sort first: with Django's
        # 300 a busy morning at the look-up, a row a typed line, would have let a guesser try again.
        "OPTIONS": {"MAX_ENTRIES": 100_000},
    }
}
TASKS = {"default": {"BACKEND": "django_tasks_db.DatabaseBackend"}}
# What the workers do all the time, in threads of its own (portal/worker/running.py).
WORKER_LOOPS = ["patients.services.operations.sending.work", "patients.services.studies.reading.work"]
# What the workers wake, and after how many seconds again (portal/worker/ticker.py).
PERIODIC_TASKS = {
    "patients.tasks.throw_away_ended_lookups": 60,
    "patients.tasks.throw_away_ended_inquiries": 600,
    "patients.tasks.throw_away_ended_outcomes": 3600,
    "patients.tasks.tidy_desks": 3600,
    "patients.tasks.throw_away_old_drafts": 3600,
    "patients.tasks.let_claims_go": 3600,
    "patients.tasks.expire_removals": 3600,
    "patients.tasks.drop_invitation_links": 60,
    "patients.tasks.merge_audit_journal": 60,
    "patients.tasks.look_at_connections": 600,
    "patients.tasks.sync_systems": 60,
    "patients.tasks.clear_ended_sessions": 3600,
    "patients.tasks.forget_finished_tasks": 3600,
}

# --- Language and time ----------------------------------------------------------------------

LANGUAGE_CODE = "en-gb"
TIME_ZONE = env.str("TIME_ZONE", default="Europe/London")
USE_I18N = True
USE_TZ = True
DATE_ORDER = env.str("DATE_ORDER", default="DMY")  # how staff write 3/4/80; or MDY
DEFAULT_COUNTRY = env.str("DEFAULT_COUNTRY", default="GB")  # reads phone numbers without +44
COUNTRY_NAME = env.str("COUNTRY_NAME", default="United Kingdom")  # of addresses without a country
# Looks at other times are listed in the monthly review of the trail.
WORKING_HOURS = env.str("WORKING_HOURS", default="07:00-20:00")
WORKING_DAYS = env.list("WORKING_DAYS", default=["mon", "tue", "wed", "thu", "fri"])

# --- Sign-in --------------------------------------------------------------------------------

AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "/"

# Roles whose people need a second step (one-time codes or a passkey), after a password and after
# signing in at JHE alike. Empty turns it off: for a demo, refused in production.
SECOND_FACTOR_ROLES = env.list(
    "SECOND_FACTOR_ROLES", default=["admin", "clinic staff", "coordinator", "reader"]
)
IDLE_LOCK_SECONDS = env.int("IDLE_LOCK_SECONDS", default=600)
SESSION_MAX_SECONDS = env.int("SESSION_MAX_SECONDS", default=43_200)
# Dotted callables that may refuse somebody who signed in at a system (accounts/sign_in.py).
SIGN_IN_CHECKS = ["patients.services.connections.check_sign_in"]

ACCOUNT_ADAPTER = "portal.accounts.adapters.AccountAdapter"
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*", "password2*"]
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_EMAIL_VERIFICATION = "none"  # an admin vouches for the address
ACCOUNT_EMAIL_UNKNOWN_ACCOUNTS = False
ACCOUNT_EMAIL_NOTIFICATIONS = True
ACCOUNT_EMAIL_SUBJECT_PREFIX = f"[{SITE_NAME}] "
ACCOUNT_SESSION_REMEMBER = False  # ends with the browser, or after SESSION_MAX_SECONDS
ACCOUNT_RATE_LIMITS = {"unlock": "5/5m/user"}
ALLAUTH_TRUSTED_PROXY_COUNT = env.int("TRUSTED_PROXY_COUNT", default=0)

MFA_ADAPTER = "portal.accounts.adapters.MfaAdapter"
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
# A code read in the last second of its half minute is still good (RFC 6238 section 5.2).
MFA_TOTP_TOLERANCE = 1
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_ALLOW_UNVERIFIED_EMAIL = True
MFA_RECOVERY_CODES_SHOW_ONCE = True
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = not PRODUCTION  # http://localhost

SOCIALACCOUNT_ADAPTER = "portal.accounts.adapters.SocialAccountAdapter"
SOCIALACCOUNT_STORE_TOKENS = False
SOCIALACCOUNT_EMAIL_AUTHENTICATION = False  # an account is known by its subject, never by e-mail
SOCIALACCOUNT_EMAIL_REQUIRED = False  # the older JHE tells none
SOCIALACCOUNT_EMAIL_VERIFICATION = "none"

SESSION_ENGINE = "portal.accounts.sessions"
SESSION_COOKIE_AGE = SESSION_MAX_SECONDS
CSRF_FAILURE_VIEW = "portal.web.pages.csrf_failure"

# Without a mail server, mails are files: VAR_DIR/outbox.
# Three slashes and those of the path: environ takes the first one off.
vars().update(env.email_url("EMAIL_URL", default=f"filemail:///{VAR_DIR.absolute() / 'outbox'}"))
DEFAULT_FROM_EMAIL = env.str("DEFAULT_FROM_EMAIL", default="portal@localhost")

# --- The three systems ----------------------------------------------------------------------
# One entry a system; the order is the order on pages. TIMEOUT is (connect, read) of one request
# in seconds, DEADLINE what a look-up waits for all requests of one system together.

SYSTEMS: dict[str, dict[str, Any]] = {
    "jump": {
        "ADAPTER": "integrations.jump.adapter.JumpAdapter",
        "URL": env.str("JUMP_URL", default=""),
        "API_KEY": env.str("JUMP_API_KEY", default=""),
        "CONSOLE_URL": env.str("JUMP_CONSOLE_URL", default=""),
        "TIMEOUT": (5.0, env.float("JUMP_TIMEOUT", default=15.0)),
        "DEADLINE": env.float("JUMP_DEADLINE", default=10.0),
        "RATE": env.float("JUMP_RATE", default=10.0),  # requests a second, all processes together
        "RESERVE": env.float("JUMP_RESERVE", default=0.2),  # share of the hourly quota kept for staff
        "WRITES_OWN_ID": env.bool("JUMP_WRITES_OWN_ID", default=False),  # the portal's id into external_id
    },
    "jhe": {
        "ADAPTER": "integrations.jhe.adapter.JheAdapter",
        "URL": env.str("JHE_URL", default=""),
        "API_KEY": env.str("JHE_API_KEY", default=""),
        "CLIENT_ID": env.str("JHE_CLIENT_ID", default=""),
        "CLIENT_SECRET": env.str("JHE_CLIENT_SECRET", default=""),
        "CONSOLE_URL": env.str("JHE_CONSOLE_URL", default=""),
        "TIMEOUT": (5.0, env.float("JHE_TIMEOUT", default=15.0)),
        "DEADLINE": env.float("JHE_DEADLINE", default=10.0),
        "RATE": env.float("JHE_RATE", default=20.0),
        # Every practitioner of a JHE can read its identifiers.
        "WRITES_NHS_NUMBER": env.bool("JHE_WRITES_NHS_NUMBER", default=False),
    },
    "impilo": {
        "ADAPTER": "integrations.impilo.adapter.ImpiloAdapter",
        "URL": env.str("IMPILO_URL", default=""),
        "API_KEY": env.str("IMPILO_API_KEY", default=""),
        "CONSOLE_URL": env.str("IMPILO_CONSOLE_URL", default=""),
        "TIMEOUT": (5.0, env.float("IMPILO_TIMEOUT", default=15.0)),
        "DEADLINE": env.float("IMPILO_DEADLINE", default=10.0),
        "RATE": env.float("IMPILO_RATE", default=5.0),
        # Whether linking writes the portal's id into records that have no external identifier.
        "MARKS_RECORDS": env.bool("IMPILO_MARKS_RECORDS", default=False),
    },
}

# All waits of the queue of writes are multiplied by it: the fault harness has other things to do.
OPERATIONS_PACE = 1.0
# Seconds that the page after a write waits for it (patients/services/operations/awaiting.py).
WRITES_AWAITED = 0.8

# Reading them into the index (patients/services/sync_schedule.py): minutes between looks for
# changes where a system tells what changed, hours between readings of everybody, days for which
# a whole record counts as known.
SYNC_MINUTES = env.int("SYNC_MINUTES", default=15)
SYNC_FULL_HOURS = env.int("SYNC_FULL_HOURS", default=12)
SYNC_WHOLE_DAYS = env.int("SYNC_WHOLE_DAYS", default=30)

# Signing in at JHE; without an address and a client it is not offered.
SOCIALACCOUNT_PROVIDERS: dict[str, Any] = {
    "openid_connect": {
        "APPS": [
            {
                "provider_id": "jhe",
                "name": "JupyterHealth Exchange",
                "client_id": SYSTEMS["jhe"]["CLIENT_ID"],
                "secret": SYSTEMS["jhe"]["CLIENT_SECRET"],
                "settings": {
                    "server_url": f"{SYSTEMS['jhe']['URL'].rstrip('/')}/o/.well-known/openid-configuration",
                    "uid_field": "sub",
                    "oauth_pkce_enabled": True,
                },
            }
        ]
        if SYSTEMS["jhe"]["URL"] and SYSTEMS["jhe"]["CLIENT_ID"]
        else []
    }
}

# --- Files that leave the portal --------------------------------------------------------------

# Who may export the people list, each only whom they see; and how many people a file may hold.
EXPORT_ROLES = env.list("EXPORT_ROLES", default=["admin", "coordinator"])
EXPORT_CAP = env.int("EXPORT_CAP", default=5000)
# Whom people ask who were invited to a study: a telephone number, an address, opening hours.
HELP_DESK = env.str("HELP_DESK", default="")

# What the organization calls its own fields, by the name that they have in the systems.
CUSTOM_FIELD_LABELS: dict[str, str] = env.dict("CUSTOM_FIELD_LABELS", default={})
# Words that no name of such a field may hold: other integrations read them in plain text.
CUSTOM_FIELD_DENY = env.list(
    "CUSTOM_FIELD_DENY",
    default=["password", "passcode", "passphrase", "pin", "secret", "token", "card", "iban", "cvv", "ssn"],
)

# --- Static files ---------------------------------------------------------------------------

STATIC_URL = "/static/"
STATIC_ROOT = BASE_DIR / "static" / "collected"
WHITENOISE_USE_FINDERS = not PRODUCTION  # without collectstatic
STATICFILES_DIRS: list[Any] = [
    ("portal", BASE_DIR / "static" / "portal"),
    ("build", BASE_DIR / "static" / "build"),
]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"
        if PRODUCTION
        else "django.contrib.staticfiles.storage.StaticFilesStorage"
    },
}

# --- Logs -----------------------------------------------------------------------------------

LOGGING = logging_settings(level=env.str("LOG_LEVEL", default="INFO"), as_json=PRODUCTION)
configure_structlog()

# --- Safety ---------------------------------------------------------------------------------

CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF],
        "font-src": [SELF],
        "connect-src": [SELF],
        "manifest-src": [SELF],
        # A form leads to JHE's sign-in page; browsers hold this line for redirects too.
        "form-action": [SELF, *filter(None, ["/".join(SYSTEMS["jhe"]["URL"].split("/")[:3])])],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
    }
}
X_FRAME_OPTIONS = "DENY"
SECURE_REFERRER_POLICY = "same-origin"
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = SECURE_SSL_REDIRECT = PRODUCTION
SECURE_REDIRECT_EXEMPT = [r"^health/"]  # supervisors ask without TLS
SECURE_HSTS_SECONDS = 31_536_000 if PRODUCTION else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = PRODUCTION
if env.bool("BEHIND_TLS_PROXY", default=False):
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")

TESTING = "pytest" in sys.modules
