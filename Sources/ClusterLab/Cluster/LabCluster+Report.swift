import ClusterRecords
import KubernetesClient
import KubernetesModels
import PostgresClusterAPI

extension LabCluster {
    /// Events about the cluster or one of its Pods, oldest first, as `Reason: note`.
    public func events() async throws -> [String] {
        try await lab.client.list(Event.self, namespace: namespace).items
            .filter { event in
                let about = event.regarding?.name ?? ""
                return about == name || about.hasPrefix("\(name)-")
            }
            .map { "\($0.reason ?? "?") (\($0.regarding?.name ?? "?")): \($0.note ?? "")" }
    }

    /// The conditions of the resource as `Type=Status Reason: message`.
    public func conditions() async throws -> [String] {
        (try await resource().status?.conditions ?? []).map {
            "\($0.type)=\($0.status.rawValue) \($0.reason): \($0.message)"
        }
    }

    /// The end of an agent's log.
    public func agentLog(_ member: String, lines: Int = 40) async throws -> String {
        try await lab.kubectl([
            "-n", namespace, "logs", member, "-c", MemberPod.container, "--tail", String(lines),
        ])
    }

    /// What a person would look at after a failure: conditions, Pods, the ends of the logs. Never throws: a report that
    /// fails in part is still one.
    public func report(lines: Int = 25) async -> String {
        var parts: [String] = []
        func section(_ title: String, _ body: () async throws -> String) async {
            do {
                parts.append("--- \(title)\n\(try await body())")
            } catch {
                parts.append("--- \(title): \(error)")
            }
        }
        await section("conditions of \(name)") { try await conditions().joined(separator: "\n") }
        await section("Pods") {
            try await lab.kubectl(["-n", namespace, "get", "pods", "-L", Labels.role, "-o", "wide"])
        }
        await section("where the Services lead") {
            try await lab.kubectl(["-n", namespace, "get", "endpoints,endpointslices", "-o", "wide"])
        }
        await section("what this node makes of \(name)") { try await natRules() }
        await section("events") { try await events().suffix(20).joined(separator: "\n") }
        var members: [String] = []
        await section("members") {
            members = try await pods().compactMap(\.metadata.name)
            return members.joined(separator: ", ")
        }
        for member in members {
            await section("log of \(member)") { try await agentLog(member, lines: lines) }
        }
        await section("log of the operator") {
            try await lab.kubectl([
                "-n", lab.operatorNamespace, "logs", "deployment/\(OperatorNames.deployment)", "--tail", String(lines),
            ])
        }
        return parts.joined(separator: "\n")
    }

    /// The node's rules for the primary's Service; a client that reaches the wrong member is explained by them or by nothing.
    private func natRules() async throws -> String {
        let rules = try await CommandRunner.run("iptables-save", ["-t", "nat"])
        return rules.split(separator: "\n").filter { $0.contains("\"\(namespace)/\(name):") && $0.contains("DNAT") }
            .joined(separator: "\n")
    }
}
