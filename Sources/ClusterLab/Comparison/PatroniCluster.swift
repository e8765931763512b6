import ClusterRecords
import KubernetesClient
import KubernetesModels
import Units

/// A cluster of Patroni's on the same Kubernetes, to measure beside ours.
///
/// It is set up as Patroni's own manifest for Kubernetes does it: Endpoints as the store, of which one is the read-write
/// Service's, and Patroni's defaults for all that concerns the election (`ttl` 30, `loop_wait` 10, `retry_timeout` 10).
public struct PatroniCluster: MeasuredCluster {
    public let lab: Lab
    public let namespace: String
    public let instances: Int
    public let name = "patroni"

    /// - Parameter image: with Patroni and PostgreSQL, as `scripts/patroni-image` builds it.
    public init(lab: Lab, namespace: String, instances: Int = 3, image: String) {
        self.lab = lab
        self.namespace = namespace
        self.instances = instances
        manifest = PatroniManifest(name: name, namespace: namespace, instances: instances, image: image)
    }

    private let manifest: PatroniManifest

    /// Makes it, or takes the one that is there, and waits until it is well.
    ///
    /// - Throws: ``LabError`` when it does not come up.
    public func prepare() async throws {
        try await prepareNamespace()
        // Passwords are drawn once; a second run finds the members with those of the first.
        let hasPasswords = try await lab.client.list(Secret.self, namespace: namespace).items
            .contains { $0.metadata.name == name }
        try await lab.kubectl(
            ["apply", "-f", "-"], input: manifest.objects(withPasswords: !hasPasswords).serialized(),
            deadline: .seconds(60))
        try await waitUntilHealthy(instances: instances, within: .seconds(240))
        let account = try await target()
        try await wait(for: "a write through Patroni's Service", within: .seconds(60), saying: lab.progress) {
            try await Writer.prepareTable(at: account)
            return Sight.reached(())
        }
    }

    func pods() async throws -> [Pod] {
        try await lab.client.list(
            Pod.self, namespace: namespace, labelSelector: "\(Labels.cluster)=\(name)"
        ).items.sorted { ($0.metadata.name ?? "") < ($1.metadata.name ?? "") }
    }

    public func target() async throws -> WriteTarget {
        let secret = try await lab.client.get(Secret.self, name: name, namespace: namespace)
        let service = try await lab.client.get(Service.self, name: name, namespace: namespace)
        guard let password = secret.decodedString("superuser"), let address = service.spec?.clusterIP else {
            throw LabError("Secret or Service \(name) of \(namespace) is not as it was made")
        }
        return WriteTarget(
            host: address, user: "postgres", password: try PasswordFile(user: "postgres", password: password))
    }

    /// Waits until every member streams and Patroni says so too: it refuses a switchover it believes impossible.
    @discardableResult
    public func waitUntilHealthy(instances: Int, within limit: Duration) async throws -> HealthyCluster {
        try await wait(
            for: "\(instances) members of \(name) streaming on one timeline", within: limit, every: .milliseconds(300),
            saying: lab.progress
        ) {
            let sight = try await HealthyCluster.look(at: try await pods(), instances: instances, account: target())
            guard case .reached(let healthy) = sight else { return sight }
            let states = try await patroniStates(askedAt: healthy.leader)
            let isSettled =
                states[healthy.leader.name] == "running"
                && healthy.replicas.allSatisfy { states[$0.name] == "streaming" }
            return isSettled ? sight : .notYet("Patroni says \(states)")
        }
    }

    /// Each member's state by `GET /cluster`.
    private func patroniStates(askedAt member: MemberSight) async throws -> [String: String] {
        let answer = try JSONValue(parsing: try await rest(member, "cluster"))
        let members = (answer["members"]?.arrayValue ?? []).compactMap { member in
            member["name"]?.stringValue.map { ($0, member["state"]?.stringValue ?? "?") }
        }
        return Dictionary(members, uniquingKeysWith: { first, _ in first })
    }

    /// - Parameter body: nil asks, anything else is posted.
    @discardableResult
    func rest(
        _ member: MemberSight, _ path: String, body: JSONValue? = nil, deadline: Duration = .seconds(5)
    ) async throws -> String {
        let data = body == nil ? [] : ["--data-binary", "@-"]
        return try await CommandRunner.run(
            "curl",
            ["--silent", "--show-error", "--fail-with-body", "--noproxy", "*"] + data
                + ["http://\(member.address):8008/\(path)"],
            input: body?.serialized() ?? "", deadline: deadline)
    }

    /// What a person would look at after a failure. Never throws.
    public func report() async -> String {
        var parts: [String] = []
        func section(_ arguments: [String]) async {
            do { parts.append(try await lab.kubectl(["-n", namespace] + arguments)) } catch { parts.append("\(error)") }
        }
        await section(["get", "pods,endpoints", "-o", "wide"])
        for ordinal in 0..<instances { await section(["logs", "\(name)-\(ordinal)", "--tail", "25"]) }
        return parts.joined(separator: "\n")
    }
}
