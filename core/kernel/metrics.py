"""Count what the process does, for Prometheus.

Owns: one registry and its instruments.
Never does: name a tenant, a member or a record in a label; their number has no bound, and it is nobody's business.
"""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_LATEST

REGISTRY = CollectorRegistry(auto_describe=True)
CONTENT_TYPE = CONTENT_TYPE_LATEST

_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)
_JOB_SECONDS = (0.01, 0.05, 0.25, 1.0, 5.0, 30.0, 120.0, 600.0, 3600.0)

REQUESTS = Counter(
    "guanxi_requests", "Requests answered", ("method", "route", "status", "principal"), registry=REGISTRY
)
REQUEST_SECONDS = Histogram(
    "guanxi_request_seconds", "Time to answer", ("method", "route"), registry=REGISTRY, buckets=_SECONDS
)
CACHE_UP = Gauge("guanxi_cache_up", "Whether Redis or Valkey answers", registry=REGISTRY)
JOBS = Counter("guanxi_jobs", "Jobs that ended", ("name", "outcome"), registry=REGISTRY)
JOB_SECONDS = Histogram(
    "guanxi_job_seconds", "Run time of jobs", ("name",), registry=REGISTRY, buckets=_JOB_SECONDS
)
OUTBOUND = Counter("guanxi_outbound", "Calls to the outside", ("outcome",), registry=REGISTRY)
MAIL = Counter("guanxi_mail", "Messages handed over", ("outcome",), registry=REGISTRY)


def observe_request(method: str, route: str, status: int, *, principal: str, seconds: float) -> None:
    """Count one answered request; `route` is the template, never the path."""
    # A method is whatever the client sends: unknown ones must not become labels without end.
    method = method if method in _METHODS else "other"
    REQUESTS.labels(method, route, f"{status // 100}xx", principal).inc()
    REQUEST_SECONDS.labels(method, route).observe(seconds)


def observe_job(name: str, outcome: str, seconds: float) -> None:
    """Count one ended run of a job; `outcome` is one of done, failed, dead, cancelled."""
    JOBS.labels(name, outcome).inc()
    JOB_SECONDS.labels(name).observe(seconds)


def render() -> bytes:
    """Return all values in the text format of Prometheus."""
    return generate_latest(REGISTRY)
