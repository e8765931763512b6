import Spawning

/// The environment of the server and its tools: what they may know, and nothing about the cluster or its secrets.
enum ChildEnvironment {
    private static let hiddenPrefixes = ["PATRONI_", "KUBERNETES_", "MATRIARCH_", "POD_", "PG", "SWIFT_"]
    private static let hiddenFragments = ["PASSWORD", "PASSWD", "SECRET", "TOKEN", "_SERVICE_HOST", "_SERVICE_PORT"]
    private static let hiddenNames: Set<String> = [
        "NODE_NAME", "NOTIFY_SOCKET", "MALLOC_ARENA_MAX", "LC_ALL", "LANGUAGE",
    ]

    /// The agent's environment without what is hidden. PG* variables would redirect libpq in archive commands and
    /// walreceivers; `MALLOC_ARENA_MAX` is meant for the agent alone.
    static func scrubbed() -> [String: String] {
        ProcessEnvironment.variables().filter { !isHidden($0.key) }
    }

    static func isHidden(_ name: String) -> Bool {
        hiddenNames.contains(name) || hiddenPrefixes.contains { name.hasPrefix($0) }
            || hiddenFragments.contains { name.uppercased().contains($0) } || isServiceLink(name)
    }

    /// `DEMO_PORT_5432_TCP_ADDR` and the like, which Kubernetes adds for every Service.
    private static func isServiceLink(_ name: String) -> Bool {
        name.hasSuffix("_PORT") || (name.contains("_PORT_") && (name.contains("_TCP") || name.contains("_UDP")))
    }
}
