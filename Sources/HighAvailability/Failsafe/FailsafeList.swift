/// The members a leader has recorded beside its lock (Patroni's `failsafe`, reference §1.16): nobody else may take it once it
/// has run out, and each of them has to agree before the leader outlives its own renewal.
public struct FailsafeList: Codable, Hashable, Sendable {
    /// One member, as exactly as the leader knew it.
    public struct Entry: Codable, Hashable, Sendable {
        public var name: String
        /// Base of its REST interface, `http://10.0.0.7:8008/patroni`.
        public var apiURL: String
        /// UID of its Pod; nil in a list written by Patroni.
        public var podUID: String?

        public init(name: String, apiURL: String, podUID: String?) {
            self.name = name
            self.apiURL = apiURL
            self.podUID = podUID
        }
    }

    /// Two entries of one name are two Pods: both have to be asked.
    public var entries: Set<Entry>

    public init(_ entries: Set<Entry> = []) {
        self.entries = entries
    }

    /// The members of a view that can be asked, the leader among them.
    ///
    /// A member on its way out is not in it: it may not lead any more, so it need not be asked.
    public init(of members: some Sequence<Member>) {
        entries = Set(
            members.compactMap { member in
                guard !member.isBeingDeleted, let url = member.apiURL else { return nil }
                return Entry(name: member.name, apiURL: url, podUID: member.podUID)
            })
    }

    /// This very Pod is in the list; a successor or a twin of the same name is not.
    public func contains(_ identity: HolderIdentity) -> Bool {
        entries.contains { $0.name == identity.member && ($0.podUID == nil || $0.podUID == identity.podUID) }
    }

    /// Everybody but this Pod.
    public func others(than identity: HolderIdentity) -> Set<Entry> {
        entries.filter { $0.name != identity.member || ($0.podUID != nil && $0.podUID != identity.podUID) }
    }

    public func union(_ other: FailsafeList) -> FailsafeList { FailsafeList(entries.union(other.entries)) }
}
