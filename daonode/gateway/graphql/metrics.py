"""What GraphQL counts."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram


class GraphqlMetrics:
    """The metrics of GraphQL in one gateway."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.seconds = Histogram(
            "daonode_gateway_graphql_seconds", "Time from a request to its answer.", registry=registry
        )
        self.refused = Counter(
            "daonode_gateway_graphql_refused", "Requests that were not executed, by code.", ["code"], registry=registry
        )
        self.subscriptions = Gauge("daonode_gateway_graphql_subscriptions", "Open subscriptions.", registry=registry)
        self.notifications = Counter(
            "daonode_gateway_graphql_notifications", "Results that subscriptions were told.", registry=registry
        )
        self.lagged = Counter(
            "daonode_gateway_graphql_lagged", "Subscriptions that ended because nobody read.", registry=registry
        )
