public import HighAvailability

extension SynchronousState {
    /// Reads Patroni's `/sync`; without a leader it restricts nothing.
    public init(version: String, annotations: [String: String]) {
        let names = annotations[StoreKey.synchronousStandbys]?.split(separator: ",").map { name in
            String(name.drop { $0 == " " }.prefix { $0 != " " })
        }
        self.init(
            version: version, leader: annotations[StoreKey.leader].flatMap { $0.isEmpty ? nil : $0 },
            members: Set(names ?? []).subtracting([""]),
            // A quorum nobody can read must not count as one that asks for nobody.
            quorum: annotations[StoreKey.quorum].map { Self.quorum(reading: $0) ?? Self.unreachableQuorum } ?? 0)
    }

    /// Annotations that say the same; one without a leader takes them off.
    public var annotations: [String: String?] {
        [
            StoreKey.leader: leader,
            StoreKey.synchronousStandbys: leader.map { _ in members.sorted().joined(separator: ",") },
            StoreKey.quorum: leader.map { _ in String(quorum) },
        ]
    }
}
