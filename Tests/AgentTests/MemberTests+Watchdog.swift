import KubernetesModels
import TestSupport
import Testing

/// A kernel's watchdog in the hand of the leader; a named pipe is in its place.
extension MemberTests {
    @Test func `the leader alone serves its watchdog, and one without a device that it needs never leads`() async throws
    {
        try await with(3) { cluster in
            let names = cluster.members.map(\.name)
            var pipes: [String: WatchdogPipe] = [:]
            for (member, name) in zip(cluster.members, names) {
                let path = "\(cluster.folder)/\(name).watchdog"
                // The last one has none.
                if name != names[2] { pipes[name] = try WatchdogPipe(path: path) }
                try member.start(environment: [
                    "MATRIARCH_WATCHDOG_MODE": "required", "MATRIARCH_WATCHDOG_DRIVER": "testing",
                    "MATRIARCH_WATCHDOG_DEVICE": path, "MATRIARCH_WATCHDOG_SAFETY_MARGIN": "-1",
                ])
            }
            let before = try await cluster.healthy()
            #expect(before.leader.name != names[2])
            #expect(try await cluster.members[2].get("/patroni").text.contains(#""watchdog_failed": true"#))
            #expect(try await !before.leader.get("/patroni").text.contains("watchdog_failed"))

            let leading = try #require(pipes[before.leader.name])
            let other = try #require(pipes.first { $0.key != before.leader.name }?.value)
            // ttl 6: half of it.
            #expect(leading.transcript(forgetting: true).hasPrefix("Ctimeout=3\n1"))
            try await eventually(within: .seconds(10), "signs of life with the renewals", { leading.transcript() }) {
                $0.hasPrefix("111")
            }
            #expect(other.transcript() == "")

            // The only other one that may lead takes over, and the countdown of the first ends with its server.
            try await cluster.annotate(.failover, ["leader": .string(before.leader.name)])
            try await eventually(within: .seconds(30), "another leader", { try await cluster.lock()["leader"] }) {
                $0 != nil && $0 != before.leader.name
            }
            let after = try await cluster.healthy()
            #expect(after.leader.name != names[2])
            #expect(leading.transcript().hasSuffix("V"))
            #expect(other.transcript().hasPrefix("Ctimeout=3\n1"))

            // In pause nobody resets a machine.
            try await cluster.annotate(
                .configuration, ["config": .string(Self.paused(Self.configuration).serialized())])
            try await eventually(within: .seconds(10), "ended in pause", { other.transcript() }) { $0.hasSuffix("V") }
            _ = other.transcript(forgetting: true)
            try await cluster.annotate(.configuration, ["config": .string(Self.configuration.serialized())])
            try await eventually(within: .seconds(10), "started again", { other.transcript() }) {
                $0.hasPrefix("Ctimeout=3\n1")
            }
        }
    }

    private static func paused(_ configuration: JSONValue) -> JSONValue {
        .object((configuration.objectValue ?? [:]).merging(["pause": true]) { $1 })
    }
}
