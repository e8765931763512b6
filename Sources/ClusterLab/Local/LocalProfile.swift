import KubernetesModels
public import Units

/// The dynamic configuration of a local cluster.
public struct LocalProfile: Hashable, Sendable {
    /// How commits wait for standbys.
    public enum Mode: String, Hashable, Sendable, CaseIterable {
        case off
        case on
        case quorum
    }

    public var timings: Timings
    public var mode: Mode
    public var isFailsafe: Bool

    public init(timings: Timings = .fast, mode: Mode = .off, isFailsafe: Bool = true) {
        self.timings = timings
        self.mode = mode
        self.isFailsafe = isFailsafe
    }

    /// By the name the resource uses.
    public static func timings(named name: String) -> Timings? {
        switch name {
        case "fast": .fast
        case "default": .standard
        case "tolerant": .tolerant
        default: nil
        }
    }

    /// As the operator writes it.
    var configuration: JSONValue {
        func seconds(_ duration: Duration) -> JSONValue { .double(Double(duration.milliseconds) / 1000) }
        return [
            "ttl": seconds(timings.ttl), "loop_wait": seconds(timings.loopWait),
            "retry_timeout": seconds(timings.retryTimeout), "failsafe_mode": .bool(isFailsafe),
            "synchronous_mode": .string(mode.rawValue), "synchronous_node_count": 1,
            "maximum_lag_on_failover": 1_048_576,
            "matriarch": ["fence_margin": seconds(timings.fenceMargin)],
            "postgresql": [
                "use_pg_rewind": true, "use_slots": true,
                "parameters": ["shared_buffers": "16MB", "max_connections": 60, "max_wal_size": "128MB"],
            ],
        ]
    }
}
