from __future__ import annotations

from core.kernel import metrics

FORBIDDEN = {
    "tenant",
    "workspace",
    "slug",
    "schema",
    "member",
    "account",
    "email",
    "key",
    "id",
    "path",
    "url",
}


def test_no_label_names_a_tenant():
    collectors = list(metrics.REGISTRY._collector_to_names)
    assert len(collectors) > 5
    for collector in collectors:
        assert FORBIDDEN.isdisjoint(getattr(collector, "_labelnames", ()))


def test_counts_requests_by_route():
    metrics.observe_request("GET", "/w/{workspace}/metrics-test", 204, principal="member", seconds=0.02)
    labels = {"method": "GET", "route": "/w/{workspace}/metrics-test", "status": "2xx", "principal": "member"}
    assert metrics.REGISTRY.get_sample_value("guanxi_requests_total", labels) == 1
    text = metrics.render().decode()
    assert (
        'guanxi_request_seconds_bucket{le="0.025",method="GET",route="/w/{workspace}/metrics-test"} 1.0'
        in text
    )
    assert metrics.CONTENT_TYPE.startswith("text/plain")
