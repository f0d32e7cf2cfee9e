"""All settings, in one file; every difference between two installations comes from the environment.

The names are listed in ``.env.example``. A secret may also be given as a file: ``SECRET_KEY_FILE``.
Nothing here reads a clock or opens a connection.
"""

from __future__ import annotations

import json
from pathlib import Path

from environ import FileAwareEnv

from cxportal.lib.embedded_postgres import default_url

BASE_DIR = Path(__file__).resolve().parent.parent

env = FileAwareEnv()
env.read_env(BASE_DIR / ".env")
# Where an installation keeps what is not in the database: broker folder, logs, uploads, first secrets.
STATE_DIR = Path(env.str("CXPORTAL_STATE", default=str(BASE_DIR / ".local"))).resolve()
env.read_env(STATE_DIR / "secrets.env")

DEBUG = env.bool("DEBUG", default=False)
SECRET_KEY = env.str("SECRET_KEY")
SECRET_KEY_FALLBACKS = env.list("SECRET_KEY_FALLBACKS", default=[])
# Recognises who was erased; it must outlive SECRET_KEY, or old files bring them back.
ERASURE_KEY = env.str("ERASURE_KEY", default="")
SITE_URL = env.str("SITE_URL", default="http://127.0.0.1:8000").rstrip("/")
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=["127.0.0.1", "localhost", "[::1]"])
CSRF_TRUSTED_ORIGINS = env.list("CSRF_TRUSTED_ORIGINS", default=[])

INSTALLED_APPS = [
    "unfold",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.postgres",
    "django.contrib.staticfiles",
    "django_htmx",
    "template_partials",
    "rest_framework",
    "drf_spectacular",
    "axes",
    "csp",
    "profiles",
    "loyalty",
    "feedback",
    "campaigns",
    "cxportal",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "cxportal.lib.admin.data_policy",
    "cxportal.lib.gates.never_stored",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "cxportal.lib.gates.LoginRequired",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "cxportal.pages.shell.house_time",
    "cxportal.pages.shell.moments_read_once",
    "cxportal.lib.gates.nothing_with_nul",
    "cxportal.pages.looks.on_record",
    "axes.middleware.AxesMiddleware",
]

ROOT_URLCONF = "cxportal.urls"
WSGI_APPLICATION = "cxportal.wsgi.application"
ASGI_APPLICATION = "cxportal.asgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "cxportal.pages.shell.shell",
            ],
        },
    }
]

# --- Data -----------------------------------------------------------------------------------------

DATABASE_URL = env.str("DATABASE_URL", default="") or default_url(STATE_DIR)
DATABASES = {"default": env.db_url_config(DATABASE_URL)}
DATABASES["default"].update(
    ENGINE="django.db.backends.postgresql",
    CONN_MAX_AGE=env.int("CONN_MAX_AGE", default=60),
    CONN_HEALTH_CHECKS=True,
)
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
UPLOAD_DIR = STATE_DIR / "uploads"
EXPORT_DIR = STATE_DIR / "exports"
# An order file of some years: far above what a browser form usually carries, and streamed to disk.
ORDER_FILE_MAX_BYTES = env.int("ORDER_FILE_MAX_BYTES", default=2 * 1024**3)
# Imports on a schedule (profiles/services/import_looks.py, cxportal/lib/outside.py). Without a folder only
# addresses are offered. Log-ins by host: "user:password" or "Bearer …".
IMPORT_FOLDER = env.str("IMPORT_FOLDER", default="")
IMPORT_OWN_HOSTS = env.list("IMPORT_OWN_HOSTS", default=[])
IMPORT_PASSWORDS = json.loads(env.str("IMPORT_PASSWORDS", default="") or "{}")
DATA_UPLOAD_MAX_MEMORY_SIZE = 5 * 1024**2
# How many events a second a key may hand in, on average (profiles/api/events.py).
EVENTS_PER_SECOND = env.int("EVENTS_PER_SECOND", default=5000)
# How many requests a second a key may make of the REST API, likewise (profiles/api/operations.py).
API_REQUESTS_PER_SECOND = env.int("API_REQUESTS_PER_SECOND", default=50)
FILE_UPLOAD_TEMP_DIR = env.str("FILE_UPLOAD_TEMP_DIR", default="") or None

# --- Workers: broker messages only ring the bell, the rows are the queue --------------------------

CELERY_BROKER_URL = env.str("CELERY_BROKER_URL", default="filesystem://")
if CELERY_BROKER_URL.startswith("filesystem://"):
    CELERY_BROKER_TRANSPORT_OPTIONS = {
        "data_folder_in": str(STATE_DIR / "broker" / "queue"),
        "data_folder_out": str(STATE_DIR / "broker" / "queue"),
        "control_folder": str(STATE_DIR / "broker" / "control"),
        "polling_interval": 0.1,
    }
elif CELERY_BROKER_URL.startswith("amqp"):
    # RabbitMQ drops what it cannot store without a word unless publishing is confirmed.
    CELERY_BROKER_TRANSPORT_OPTIONS = {"confirm_publish": True}
    CELERY_TASK_DEFAULT_QUEUE_TYPE = "quorum"
    CELERY_WORKER_DETECT_QUORUM_QUEUES = True
else:
    # A web request must not hang on a broker that is away: bounded, and without consequence.
    CELERY_BROKER_TRANSPORT_OPTIONS = {"socket_timeout": 2, "socket_connect_timeout": 2}

# --- Messages -------------------------------------------------------------------------------------

# "sandbox://" keeps every message as a page in the back-office; "smtp://…" really sends.
EMAIL_URL = env.str("EMAIL_URL", default="sandbox://")
if EMAIL_URL.startswith("sandbox:"):
    EMAIL_BACKEND = "campaigns.sandbox.SandboxBackend"
else:
    vars().update(env.email_url_config(EMAIL_URL))
EMAIL_TIMEOUT = env.int("EMAIL_TIMEOUT_SECONDS", default=20)
# A rehearsal runs on somebody's real past: it can reach no channel but its own sandbox.
REHEARSING = env.bool("CXPORTAL_REHEARSING", default=False)
if REHEARSING:
    EMAIL_BACKEND = "campaigns.sandbox.SandboxBackend"

# --- People and doors -----------------------------------------------------------------------------

AUTHENTICATION_BACKENDS = [
    "axes.backends.AxesStandaloneBackend",
    "django.contrib.auth.backends.ModelBackend",
]
LOGIN_URL = "login"
LOGIN_REDIRECT_URL = "home"
LOGOUT_REDIRECT_URL = "login"
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
        "NumericPasswordValidator",
    )
]
# Ten wrong guesses for one account from one address; the real user elsewhere still gets in.
AXES_FAILURE_LIMIT = 10
AXES_COOLOFF_TIME = 1
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_LOCKOUT_CALLABLE = "cxportal.pages.home.locked_out"
AXES_ENABLE_ACCESS_FAILURE_LOG = False
AXES_VERBOSE = False
AXES_ENABLE_ADMIN = False  # cxportal/admin.py shows it in the frame of the others

HTTPS = SITE_URL.startswith("https://")
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = HTTPS
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_AGE = 12 * 3600
SECURE_SSL_REDIRECT = env.bool("SECURE_SSL_REDIRECT", default=HTTPS)
SECURE_HSTS_SECONDS = 31_536_000 if HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = HTTPS
# Signed links stand in addresses: nothing of them goes to other sites. ("no-referrer" would make
# browsers send "Origin: null" with forms, which the CSRF check refuses.)
SECURE_REFERRER_POLICY = "same-origin"
BEHIND_TLS_PROXY = env.bool("BEHIND_TLS_PROXY", default=False)
if BEHIND_TLS_PROXY:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
X_FRAME_OPTIONS = "DENY"  # the mailbox and the preview allow their own frames
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": ["'self'"],
        "img-src": ["'self'", "data:"],
        "object-src": ["'none'"],
        "base-uri": ["'none'"],
        "form-action": ["'self'"],
        "frame-ancestors": ["'none'"],
    }
}

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["rest_framework.authentication.SessionAuthentication"],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_PARSER_CLASSES": ["rest_framework.parsers.JSONParser"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_SCHEMA_CLASS": "profiles.api.describing.Described",
    "EXCEPTION_HANDLER": "cxportal.lib.api.exception_handler",
}
SPECTACULAR_SETTINGS = {
    "TITLE": "cxportal",
    "DESCRIPTION": "Everything that a page can do with customers, for other systems. Each has its key.",
    "VERSION": "1",
    "OAS_VERSION": "3.1.0",
    "SCHEMA_PATH_PREFIX": "/api/v1",
    "SERVE_INCLUDE_SCHEMA": False,
    # Choices stand where they are used; by themselves they would need names.
    "POSTPROCESSING_HOOKS": [],
}

# --- Language, time, files ------------------------------------------------------------------------

LANGUAGE_CODE = "en"
TIME_ZONE = "UTC"
USE_TZ = True
USE_I18N = True
FORMAT_MODULE_PATH = "cxportal.formats"
STATIC_URL = "/static/"
STATICFILES_DIRS = [BASE_DIR / "static"]
WHITENOISE_USE_FINDERS = True
WHITENOISE_AUTOREFRESH = DEBUG

# The data pages wear the colours of static/css/app.css: warm greys and the teal of --brand.
UNFOLD = {
    "SITE_TITLE": "cxportal",
    "SITE_HEADER": "All data",
    "SITE_URL": "/",
    "SITE_ICON": "/static/img/logo.svg",
    "SITE_FAVICONS": [{"rel": "icon", "type": "image/svg+xml", "href": "/static/img/favicon.svg"}],
    "SHOW_VIEW_ON_SITE": False,
    "ENVIRONMENT": "cxportal.pages.shell.data_environment",
    "DASHBOARD_CALLBACK": "cxportal.pages.shell.data_index",
    "SIDEBAR": {
        "show_all_applications": False,
        "show_search": False,
        "navigation": "cxportal.pages.shell.data_sidebar",
    },
    "BORDER_RADIUS": "8px",
    "COLORS": {
        "base": {
            "50": "oklch(97.2% .009 85)",
            "100": "oklch(94.6% .012 83)",
            "200": "oklch(90.3% .017 80)",
            "300": "oklch(84% .019 78)",
            "400": "oklch(74% .02 76)",
            "500": "oklch(53% .022 74)",
            "600": "oklch(45% .02 72)",
            "700": "oklch(35% .016 70)",
            "800": "oklch(26.5% .012 68)",
            "900": "oklch(21.5% .009 66)",
            "950": "oklch(16.5% .007 64)",
        },
        "primary": {
            "50": "oklch(97.5% .012 203)",
            "100": "oklch(94% .026 203)",
            "200": "oklch(88% .045 203)",
            "300": "oklch(80% .066 203)",
            "400": "oklch(72% .082 203)",
            "500": "oklch(64% .088 203)",
            "600": "oklch(43% .071 203)",
            "700": "oklch(38% .063 203)",
            "800": "oklch(33% .053 203)",
            "900": "oklch(28% .044 203)",
            "950": "oklch(21% .033 203)",
        },
    },
}

# --- Logs: ids, never personal data and never a signed link ---------------------------------------

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "line": {
            "()": "cxportal.lib.logs.LineFormatter",
            "format": "{asctime} {levelname} {name}: {message}",
            "style": "{",
        }
    },
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["console"], "level": env.str("LOG_LEVEL", default="INFO")},
    # Django's own handlers would write the same lines again, as they are.
    "loggers": {
        "django": {"handlers": [], "propagate": True},
        "django.server": {"handlers": [], "propagate": True},
        # It would write whole addresses, and what stands in them may be a key.
        "urllib3": {"level": "WARNING"},
    },
}
