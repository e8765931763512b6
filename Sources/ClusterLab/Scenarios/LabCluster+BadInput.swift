import ClusterRecords
import Fence
import KubernetesModels
import PostgresClusterAPI
import Units

extension LabCluster {
    /// Applies a first manifest with a mistake.
    ///
    /// The API server may refuse it (kubectl prints the message), or the operator (the condition carries it). Nothing may
    /// have been made of it either way.
    ///
    /// - Returns: the message the user gets.
    public func refuse(_ mistake: BadInput) async throws -> String {
        let bad = LabCluster(lab: lab, namespace: namespace, name: "bad-\(BootClock.now().nanoseconds / 1_000_000)")
        guard case .object(let changes) = mistake.spec else { throw LabError("a spec is an object") }
        let refusal: String?
        do {
            try await bad.apply(changes)
            refusal = nil
        } catch let error as LabError {
            refusal = error.message
        }
        if let refusal {
            guard mistake.expected.allSatisfy(refusal.contains) else {
                throw LabError("refused, but without \(mistake.expected): \(refusal)")
            }
            return refusal
        }
        let message = try await bad.condition(saying: mistake.expected)
        let parts = try await bad.objects().filter {
            $0.contains("/\(bad.name)") && !$0.hasPrefix("postgrescluster")
        }
        try await bad.delete()
        guard parts.isEmpty else { throw LabError("made in spite of the mistake: \(parts.sorted())") }
        return message
    }

    /// Makes a mistake in a cluster that lives, and undoes it.
    ///
    /// - Returns: the message the user gets.
    /// - Throws: ``LabError`` also when the members or the leader changed.
    public func withstand(_ mistake: BadInput) async throws -> String {
        let before = try await waitUntilHealthy()
        let message: String
        do {
            try await patch(spec: mistake.spec)
            message = try await condition(saying: mistake.expected)
        } catch let error as LabError where mistake.expected.allSatisfy(error.message.contains) {
            message = error.message
        }
        if let undo = mistake.undo { try await patch(spec: undo) }
        try await wait(for: "the end of the complaint", within: .seconds(20)) {
            let valid = try await resource().status?.condition(.configurationValid)
            return valid.map { $0.status == .true } ?? true ? .reached(()) : .notYet(valid?.message ?? "")
        }
        let after = try await waitUntilHealthy()
        guard after.leader == before.leader, Set(after.replicas) == Set(before.replicas) else {
            throw LabError("the members changed: \(before) became \(after)")
        }
        return message
    }

    /// A switchover to a member there is none of: a condition and an Event, and nothing happens.
    ///
    /// - Returns: the message the user gets.
    public func withstandUnknownCandidate() async throws -> String {
        let before = try await waitUntilHealthy()
        let candidate = scope.pod(9)
        try await patch(spec: [
            "switchover": ["candidate": .string(candidate), "id": .string("lab-\(BootClock.now().nanoseconds)")]
        ])
        let message = try await wait(for: "a condition and an Event naming \(candidate)", within: .seconds(20)) {
            let condition = try await resource().status?.condition(.switchoverCompleted)
            guard let condition, condition.status == .false, condition.message.contains(candidate) else {
                return Sight<String>.notYet("condition: \(condition?.message ?? "none")")
            }
            let events = try await events().filter { $0.contains(candidate) }
            return events.isEmpty ? .notYet("condition: \(condition.message), no Event") : .reached(condition.message)
        }
        try await patch(spec: ["switchover": .null])
        let after = try await waitUntilHealthy()
        guard after.leader == before.leader, after.timeline == before.timeline else {
            throw LabError("\(before.leader) became \(after.leader)")
        }
        return message
    }

    /// Waits until a condition that holds something back says all of these.
    private func condition(saying expected: [String]) async throws -> String {
        try await wait(for: "a condition saying \(expected)", within: .seconds(20)) {
            let conditions = try await conditions()
            let message = conditions.first { text in expected.allSatisfy(text.contains) }
            return message.map { .reached($0) }
                ?? .notYet(conditions.isEmpty ? "no conditions" : conditions.joined(separator: " / "))
        }
    }
}
