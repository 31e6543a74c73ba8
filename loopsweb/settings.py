"""All settings, read from the environment. .env.example explains each variable."""

from __future__ import annotations

import os
import ssl
import sys
from typing import Any

import django
import django_stubs_ext
from celery.schedules import crontab
from django.core.exceptions import ImproperlyConfigured
from redis.backoff import NoBackoff
from redis.retry import Retry

from loopsweb import environment as env
from loopsweb.addresses import (
    normalize_api_url,
    normalize_host_pattern,
    normalize_origin_pattern,
    normalize_server_host,
    normalize_server_url,
)

django_stubs_ext.monkeypatch()

BASE_DIR = env.BASE_DIR
DATA_DIR = env.get_data_dir()
SINGLE_PROCESS = env.is_single_process()
DEMO = env.read_flag("LOOPSWEB_DEMO")
DEBUG = False

# Secrets ---------------------------------------------------------------------------------------
SECRET_KEY = env.read_secret("SECRET_KEY")
LOOPSWEB_SECRET_KEYS = env.read_secret("LOOPSWEB_SECRET_KEYS")
for _name in ("SECRET_KEY", "LOOPSWEB_SECRET_KEYS"):
    if not globals()[_name]:
        raise ImproperlyConfigured(
            f"{_name} is not set. Set it in the environment; "
            ".env.example shows how to generate one."
        )

# The Loops API ----------------------------------------------------------------------------------
LOOPSWEB_API_URLS = env.read_normalized(
    "LOOPSWEB_API_URLS", normalize_api_url, default="https://api.baseten.co"
)
LOOPSWEB_PRIVATE_API_HOSTS = env.read_normalized(
    "LOOPSWEB_PRIVATE_API_HOSTS", normalize_server_host
)
LOOPSWEB_DOWNLOAD_HOSTS = env.read_normalized("LOOPSWEB_DOWNLOAD_HOSTS", normalize_server_host)
LOOPSWEB_READ_ONLY = env.read_flag("LOOPSWEB_READ_ONLY")
LOOPSWEB_AUDIT_KEY = env.read_text("LOOPSWEB_AUDIT_KEY")
LOOPSWEB_AUDIT_HEADS_FILE = str(env.read_path("LOOPSWEB_AUDIT_HEADS_FILE") or "")
LOOPSWEB_AUDIT_HEADS_EMAIL = env.read_text("LOOPSWEB_AUDIT_HEADS_EMAIL")
LOOPSWEB_AUDIT_HEADS_WEBHOOK = env.read_text("LOOPSWEB_AUDIT_HEADS_WEBHOOK")
LOOPSWEB_METRICS_TOKEN = env.read_text("LOOPSWEB_METRICS_TOKEN")
LOOPSWEB_METRICS_DIR = env.read_path("LOOPSWEB_METRICS_DIR")
if LOOPSWEB_METRICS_DIR:  # before anything imports loopsweb.counts
    LOOPSWEB_METRICS_DIR.mkdir(parents=True, exist_ok=True)
    os.environ["PROMETHEUS_MULTIPROC_DIR"] = str(LOOPSWEB_METRICS_DIR)
POLL_TICK_SECONDS = env.read_number("LOOPSWEB_POLL_TICK_SECONDS", 1, at_least=0.1, at_most=10)
POLL_BUSY_SECONDS = env.read_number(
    "LOOPSWEB_POLL_BUSY_SECONDS", 5, at_least=0.1, at_most=3600
)  # busy or viewed keys
POLL_QUIET_SECONDS = env.read_number("LOOPSWEB_POLL_QUIET_SECONDS", 60, at_least=0.1, at_most=86400)

# Web -------------------------------------------------------------------------------------------
LOOPBACK = ["localhost", "127.0.0.1", "[::1]"]
ALLOWED_HOSTS = (
    LOOPBACK if DEMO else [*env.read_normalized("ALLOWED_HOSTS", normalize_host_pattern), *LOOPBACK]
)
HTTPS = env.read_flag("LOOPSWEB_HTTPS")
LOOPSWEB_URL = next(iter(env.read_normalized("LOOPSWEB_URL", normalize_server_url)), "")
PROXIES = int(env.read_number("LOOPSWEB_PROXIES", 0, at_least=0, at_most=20))
CSRF_TRUSTED_ORIGINS = env.read_normalized("CSRF_TRUSTED_ORIGINS", normalize_origin_pattern)
ROOT_URLCONF = "loopsweb.urls"
WSGI_APPLICATION = "loopsweb.wsgi.application"
APPEND_SLASH = True
USE_TZ = True
TIME_ZONE = "UTC"
LANGUAGE_CODE = "en"
USE_I18N = False
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

INSTALLED_APPS = [
    "loopsweb.ui",
    "loopsweb.audit",
    "loopsweb.accounts",
    "loopsweb.keys",
    "loopsweb.resources",
    "loopsweb.dashboard",
    "loopsweb.json_api",
    "loopsweb.monitoring",
    "loopsweb.serving",
    "loopsweb.accounts.staff.apps.StaffSiteConfig",  # django.contrib.admin
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.humanize",
    "django.contrib.staticfiles",
    "django.forms",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.usersessions",
    "allauth.socialaccount",
    "allauth.socialaccount.providers.openid_connect",
    "django_htmx",
]
HAS_PARTIALS = django.VERSION >= (6,)  # built in since Django 6.0
if not HAS_PARTIALS:
    INSTALLED_APPS += ["template_partials"]

MIDDLEWARE = [
    "loopsweb.ui.middleware.RequestIdMiddleware",
    "loopsweb.monitoring.middleware.PageTimeMiddleware",
    "loopsweb.ui.middleware.SecurityHeadersMiddleware",
    "loopsweb.ui.middleware.MethodMiddleware",
    "loopsweb.json_api.https.ApiHttpsMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.middleware.gzip.GZipMiddleware",
    "loopsweb.ui.middleware.NoStoreMiddleware",
    "loopsweb.ui.clock.ZoneMiddleware",
    "loopsweb.accounts.authorization.middleware.ClientAddressMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "loopsweb.ui.middleware.StatementLimitMiddleware",
    "loopsweb.dashboard.health.HealthMiddleware",
    "loopsweb.ui.middleware.OutageMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "loopsweb.ui.middleware.SignedOutHtmxMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "loopsweb.accounts.auth.browser_sessions.timeouts.SessionTimeoutMiddleware",
    "loopsweb.accounts.auth.kept_text.KeptTextMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "loopsweb.ui.middleware.FormAddressMiddleware",
    "loopsweb.accounts.authorization.middleware.LastSeenMiddleware",
    "loopsweb.accounts.authorization.middleware.DenyByDefaultMiddleware",
    "loopsweb.accounts.authorization.middleware.RateLimitMiddleware",
]

FILE_LOADERS: list[object] = [
    "django.template.loaders.filesystem.Loader",
    "django.template.loaders.app_directories.Loader",
]
LOADERS = [("django.template.loaders.cached.Loader", FILE_LOADERS)]
if not HAS_PARTIALS:
    LOADERS = [("template_partials.loader.Loader", [*LOADERS])]
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "OPTIONS": {
            "loaders": LOADERS,
            "builtins": [
                *([] if HAS_PARTIALS else ["template_partials.templatetags.partials"]),
                "django.contrib.humanize.templatetags.humanize",
                "loopsweb.ui.templatetags.columns",
                "loopsweb.ui.templatetags.forms",
                "loopsweb.ui.templatetags.ui",
            ],
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "loopsweb.ui.context.site",
                "loopsweb.accounts.authorization.context_processors.current_workspace",
                "loopsweb.snippets.context.link_to_snippets",
            ],
        },
    }
]

FORM_RENDERER = "loopsweb.ui.forms.Renderer"

STATIC_URL = "static/"
STATICFILES_DIRS = [BASE_DIR / "static"]
BUNDLES_DIR = DATA_DIR / "bundles"
STATICFILES_FINDERS = [
    "loopsweb.ui.bundles.BundleFinder",
    "django.contrib.staticfiles.finders.FileSystemFinder",
    "django.contrib.staticfiles.finders.AppDirectoriesFinder",
]
STATIC_ROOT = env.read_path("STATIC_ROOT") or (None if SINGLE_PROCESS else DATA_DIR / "static")
WHITENOISE_USE_FINDERS = SINGLE_PROCESS
WHITENOISE_AUTOREFRESH = False
STATIC_STORAGE = (
    "django.contrib.staticfiles.storage.StaticFilesStorage"
    if SINGLE_PROCESS
    else "whitenoise.storage.CompressedManifestStaticFilesStorage"
)
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": STATIC_STORAGE},
}

# Database --------------------------------------------------------------------------------------
# The time a writer waits for a lock before its page reports an error.
LOCK_SECONDS = 20
POSTGRESQL_LOCK_SECONDS = 5  # less than a page waits for a statement
SQLITE_OPTIONS = {
    "transaction_mode": "IMMEDIATE",
    "timeout": LOCK_SECONDS,
    "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;",
}
SITE_DATABASE = env.read_database("LOOPSWEB_SITE_DATABASE_URL")  # for `prepare_database`
DATABASE: dict[str, Any] = {
    "ENGINE": "django.db.backends.sqlite3",
    "NAME": str(DATA_DIR / "loopsweb.sqlite3"),
}
DATABASE |= env.read_database("DATABASE_URL")
DATABASE |= {"CONN_MAX_AGE": 600, "CONN_HEALTH_CHECKS": True}
if DATABASE["ENGINE"].endswith("sqlite3"):
    DATABASE["OPTIONS"] = SQLITE_OPTIONS
    DATABASE["TEST"] = {"NAME": str(DATA_DIR / "test.sqlite3")}
else:
    DATABASE["ENGINE"] = "loopsweb.postgresql"
    DATABASE["OPTIONS"] = {
        "connect_timeout": 2,
        "tcp_user_timeout": 5000,  # milliseconds
        "keepalives_idle": 10,
        "keepalives_interval": 3,
        "keepalives_count": 3,
        "prepare_threshold": 1,  # of cursors that are opened for it
        # Compiling a statement of a page takes longer than running it.
        "options": f"-c lock_timeout={POSTGRESQL_LOCK_SECONDS}s -c jit=off",
        **DATABASE.get("OPTIONS", {}),
    }
DATABASES = {"default": DATABASE}

# Cache, sessions -------------------------------------------------------------------------------
REDIS_URL = env.read_redis("REDIS_URL")
# Separate caches: a flood of sessions must not evict rate limits.
CACHE_ENTRIES = {"default": 50_000, "sessions": 5000, "tables": 1000, "viewers": 10_000}
CACHES = {
    name: {
        "BACKEND": "django.core.cache.backends.locmem.LocMemCache",
        "LOCATION": name,
        "OPTIONS": {"MAX_ENTRIES": entries},
    }
    if SINGLE_PROCESS
    else {
        "BACKEND": "loopsweb.constant_cache.ConstantCache"
        if name == "tables"
        else "loopsweb.outage_cache.OutageCache",
        "LOCATION": REDIS_URL,
        "KEY_PREFIX": "loopsweb" if name == "default" else f"loopsweb-{name}",
        "OPTIONS": {
            "SERIALIZER": "loopsweb.cache_serializer.JSONSerializer",
            "FORGETS_OUTAGES": name == "sessions",
            "MAX_ENTRIES": entries,
            "SOCKET_CONNECT_TIMEOUT": 1,
            "SOCKET_TIMEOUT": 1,
            "CONNECTION_POOL_KWARGS": {"retry": Retry(NoBackoff(), 0)},
        },
    }
    for name, entries in CACHE_ENTRIES.items()
}
if SINGLE_PROCESS:  # the worker, a process of its own, asks who looks
    CACHES["viewers"] |= {
        "BACKEND": "django.core.cache.backends.filebased.FileBasedCache",
        "LOCATION": str(DATA_DIR / "viewers"),
    }
SESSION_CACHE_ALIAS = "sessions"
SESSION_ENGINE = "django.contrib.sessions.backends.cached_db"
SESSION_IDLE_SECONDS = (
    env.read_number("LOOPSWEB_SESSION_IDLE_HOURS", 12, at_least=0.1, at_most=8760) * 3600
)
SESSION_COOKIE_AGE = int(
    env.read_number("LOOPSWEB_SESSION_MAX_HOURS", 7 * 24, at_least=0.1, at_most=8760) * 3600
)
MESSAGE_STORAGE = "loopsweb.ui.messages.MessageStorage"
# Another loopsweb on this host name, whatever its port, sees the same cookies.
COOKIE_PREFIX = env.read_cookie_prefix(
    "LOOPSWEB_COOKIE_PREFIX", "loopsweb_demo_" if DEMO else "loopsweb_", secure=HTTPS
)
SESSION_COOKIE_NAME = f"{COOKIE_PREFIX}sessionid"
CSRF_COOKIE_NAME = f"{COOKIE_PREFIX}csrftoken"
MESSAGES_COOKIE_NAME = f"{COOKIE_PREFIX}messages"
THEME_COOKIE_NAME = f"{COOKIE_PREFIX}theme"
ZONE_COOKIE_NAME = f"{COOKIE_PREFIX}zone"
KEYS_COOKIE_NAME = f"{COOKIE_PREFIX}keys"

# Celery ----------------------------------------------------------------------------------------
CELERY_BROKER_URL = REDIS_URL or "memory://localhost"
CELERY_BROKER_TRANSPORT_OPTIONS = (
    {"polling_interval": 0.02}
    if SINGLE_PROCESS
    else {"visibility_timeout": 600, "socket_connect_timeout": 2, "socket_timeout": 10}
)
# Celery would accept any certificate.
CELERY_BROKER_USE_SSL = (
    {"ssl_cert_reqs": ssl.CERT_REQUIRED} if REDIS_URL.startswith("rediss://") else None
)
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_TASK_PUBLISH_RETRY = False
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_DEFAULT_QUEUE = "celery"
CELERY_TASK_SERIALIZER = "json"
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
LOOPSWEB_RETENTION_DAYS = env.read_number("LOOPSWEB_RETENTION_DAYS", 400, at_least=0, at_most=36500)
HOUR = 3600
# Task: when it runs, and the seconds after which a run that has not started is dropped. The clocks
# of beat and worker may differ by as much.
SCHEDULE = {
    "loopsweb.resources.tasks.tick": (5 * POLL_TICK_SECONDS, HOUR),
    "loopsweb.audit.tasks.deliver_signed_heads": (HOUR, HOUR),
    "loopsweb.audit.tasks.verify_chains": (HOUR, HOUR),
    "loopsweb.accounts.tasks.clear_ended_sessions": (crontab(minute="17", hour="3"), HOUR),
    "loopsweb.accounts.tasks.delete_closed_invitations": (crontab(minute="27", hour="3"), HOUR),
    "loopsweb.audit.tasks.delete_old_heads": (crontab(minute="37", hour="3"), HOUR),
    "loopsweb.json_api.tokens.tasks.delete_old_tokens": (crontab(minute="47", hour="3"), HOUR),
    "loopsweb.resources.tasks.delete_old_rows": (crontab(minute="57", hour="3"), HOUR),
}
CELERY_BEAT_SCHEDULE = {
    task: {"task": task, "schedule": when, "options": {"expires": seconds}}
    for task, (when, seconds) in SCHEDULE.items()
}

# Email -----------------------------------------------------------------------------------------
PLAIN_SMTP = 25
EMAIL_HOST = env.read_text("EMAIL_HOST")
EMAIL_PORT = int(env.read_number("EMAIL_PORT", 587, at_least=1, at_most=65535))
EMAIL_HOST_USER = env.read_text("EMAIL_HOST_USER")
EMAIL_HOST_PASSWORD = env.read_text("EMAIL_HOST_PASSWORD")
EMAIL_USE_TLS = EMAIL_PORT != PLAIN_SMTP
EMAIL_TIMEOUT = 10
DEFAULT_FROM_EMAIL = env.read_text("DEFAULT_FROM_EMAIL", "loopsweb@localhost")
EMAIL_BACKEND = f"django.core.mail.backends.{'smtp' if EMAIL_HOST else 'console'}.EmailBackend"

# Sign-in ---------------------------------------------------------------------------------------
AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "/"
ACCOUNT_LOGOUT_REDIRECT_URL = "account_login"
ACCOUNT_ADAPTER = "loopsweb.accounts.auth.adapter.AccountAdapter"
MFA_ADAPTER = "loopsweb.accounts.auth.mfa.MFAAdapter"
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*", "password2*"]
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_SESSION_REMEMBER = True
ACCOUNT_PREVENT_ENUMERATION = True
ACCOUNT_EMAIL_UNKNOWN_ACCOUNTS = False  # a reset for a stranger sends nothing
ACCOUNT_EMAIL_SUBJECT_PREFIX = ""
ACCOUNT_RATE_LIMITS = {
    "login_failed": "5/300s/key",  # wrong two-factor codes; passwords: accounts/auth/lockout.py
    **dict.fromkeys(("login", "reauthenticate", "change_password")),  # see lockout.py, guesses.py
    "reset_password": "60/m/ip",  # mails: accounts/rate_limits.py
    "reset_password_from_key": "60/m/ip",
}
MFA_RATE_LIMITS = {"webauthn_login": "60/m/ip"}
ACCOUNT_FORMS = {
    "reauthenticate": "loopsweb.accounts.auth.forms.ReauthenticateForm",
    "change_password": "loopsweb.accounts.auth.forms.ChangePasswordForm",
}
MFA_FORMS = {
    "reauthenticate": "loopsweb.accounts.auth.forms.ReauthenticateByCodeForm",
    "activate_totp": "loopsweb.accounts.auth.forms.ActivateTOTPForm",
}
MFA_RECOVERY_CODES_SHOW_ONCE = True
KNOWN_BROWSER_COOKIE_NAME = f"{COOKIE_PREFIX}known_browser"
ACCOUNT_REAUTHENTICATION_TIMEOUT = 15 * 60  # seconds for which a sign-in counts as recent
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_TOTP_ISSUER = "loopsweb"
LOOPSWEB_STAFF_MFA = env.read_flag("LOOPSWEB_STAFF_MFA", default=not DEMO)
OIDC_ISSUER = env.read_text("LOOPSWEB_OIDC_ISSUER")
OIDC_GROUPS_CLAIM = env.read_text("LOOPSWEB_OIDC_GROUPS_CLAIM", "groups")
OIDC_ROLES = env.read_list("LOOPSWEB_OIDC_ROLES")
SOCIALACCOUNT_ADAPTER = "loopsweb.accounts.auth.oidc.OIDCAdapter"
SOCIALACCOUNT_LOGIN_ON_GET = False
SOCIALACCOUNT_ONLY = False
SOCIALACCOUNT_EMAIL_AUTHENTICATION = SOCIALACCOUNT_EMAIL_AUTHENTICATION_AUTO_CONNECT = True
LOOPSWEB_SSO_ONLY = env.read_flag("LOOPSWEB_SSO_ONLY")
if LOOPSWEB_SSO_ONLY and not OIDC_ISSUER:
    raise ImproperlyConfigured("LOOPSWEB_SSO_ONLY needs LOOPSWEB_OIDC_ISSUER.")
OIDC_APP = {
    "provider_id": "oidc",
    "name": env.read_text("LOOPSWEB_OIDC_NAME", "single sign-on"),
    "client_id": env.read_text("LOOPSWEB_OIDC_CLIENT_ID"),
    "secret": env.read_text("LOOPSWEB_OIDC_CLIENT_SECRET"),
    "settings": {"server_url": OIDC_ISSUER},
}
SOCIALACCOUNT_PROVIDERS = {
    "openid_connect": {"OAUTH_PKCE_ENABLED": True, "APPS": [OIDC_APP] if OIDC_ISSUER else []}
}
PASSWORD_RESET_TIMEOUT = 24 * 3600  # seconds for which a mailed link works
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {
        "NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator",
        "OPTIONS": {"user_attributes": ("email", "name")},
    },
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator"},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "loopsweb.accounts.auth.passwords.ContextWordsValidator"},
]

# Security --------------------------------------------------------------------------------------
CSRF_FAILURE_VIEW = "loopsweb.ui.errors.csrf_failure"
X_FRAME_OPTIONS = "DENY"
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = HTTPS
SECURE_SSL_REDIRECT = HTTPS
SECURE_REDIRECT_EXEMPT = [r"^(healthz|readyz|metrics)$"]  # they bypass the proxy
SECURE_HSTS_SECONDS = 31_536_000 if HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = HTTPS
SILENCED_SYSTEM_CHECKS = ["security.W021"]  # HSTS preloading is the domain owner's decision
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if HTTPS else None
DATA_UPLOAD_MAX_MEMORY_SIZE = 1_000_000
FILE_UPLOAD_HANDLERS = ["loopsweb.ui.uploads.NoUploads"]

# Logs ------------------------------------------------------------------------------------------
LOG_LEVEL = env.read_word("LOG_LEVEL", "INFO", words=("DEBUG", "INFO", "WARNING", "ERROR"))
LOGGING_CONFIG = "loopsweb.ui.logs.configure"
LOGGING = {"level": LOG_LEVEL, "json": not (SINGLE_PROCESS or sys.stderr.isatty())}
