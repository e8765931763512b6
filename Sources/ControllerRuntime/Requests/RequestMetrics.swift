public import KubernetesClient
public import Observability

/// The metric client-go exports about requests.
public struct RequestMetrics: Sendable {
    private let requests: Counter
    private let duration: Histogram

    public init(registry: MetricsRegistry) {
        requests = registry.counter(
            "rest_client_requests_total",
            help: "Number of HTTP requests, partitioned by status code, method, and host.",
            labels: ["code", "method", "host"])
        duration = registry.histogram(
            "rest_client_request_duration_seconds", help: "Request latency in seconds. Broken down by verb, and host.",
            labels: ["verb", "host"], buckets: [0.005, 0.025, 0.1, 0.25, 0.5, 1, 2, 4, 8, 15, 30, 60])
    }

    /// For ``ClientOptions/observe``.
    /// - Parameter server: the URL of the API server.
    public func observer(server: String) -> @Sendable (RequestObservation) -> Void {
        let host = server.split(separator: "/").dropFirst().first.map(String.init) ?? server
        return { observation in
            // client-go's word for "no answer".
            let code = observation.status.map(String.init) ?? "<error>"
            requests.increment(code, Self.method(observation.verb), host)
            // A watch lasts as long as it lasts.
            if observation.verb != "watch" { duration.observe(observation.verb, host, duration: observation.duration) }
        }
    }

    private static func method(_ verb: String) -> String {
        switch verb {
        case "create": "POST"
        case "update": "PUT"
        case "patch", "apply": "PATCH"
        case "delete": "DELETE"
        case _: "GET"
        }
    }
}
