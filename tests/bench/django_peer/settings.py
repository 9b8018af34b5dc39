"""Settings of the peer: the database is named by the environment, everything else is django-tenants' default."""

import os
from urllib.parse import parse_qs, unquote, urlsplit

_url = urlsplit(os.environ["PEER_DSN"])
SECRET_KEY = "peer"
INSTALLED_APPS = [
    "django.contrib.contenttypes",
    "django_tenants",
    "tests.bench.django_peer.places",
    "tests.bench.django_peer.peer",
]
SHARED_APPS = ["django.contrib.contenttypes", "django_tenants", "tests.bench.django_peer.places"]
TENANT_APPS = ["tests.bench.django_peer.peer"]
TENANT_MODEL = "places.Place"
TENANT_DOMAIN_MODEL = "places.Domain"
DATABASE_ROUTERS = ["django_tenants.routers.TenantSyncRouter"]
DATABASES = {
    "default": {
        "ENGINE": "django_tenants.postgresql_backend",
        "NAME": "peer",
        "USER": _url.username,
        "PASSWORD": unquote(_url.password or ""),
        "HOST": parse_qs(_url.query)["host"][0],
        "PORT": parse_qs(_url.query)["port"][0],
    }
}
TENANT_BASE_SCHEMA = os.environ.get("PEER_BASE") or None
TENANT_MULTIPROCESSING_MAX_PROCESSES = 4
TENANT_MULTIPROCESSING_CHUNKS = 8
MIGRATION_MODULES = {"peer": os.environ["PEER_MIGRATIONS"], "places": "places_migrations"}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
USE_TZ = True
