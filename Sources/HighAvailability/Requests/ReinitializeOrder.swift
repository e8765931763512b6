/// Somebody asks one member to throw its data away and copy the cluster's anew.
///
/// The operator writes it into the store; the member answers with a ``ReinitializeReport``.
public struct ReinitializeOrder: Codable, Hashable, Sendable {
    /// Of the request; reported back. It is in the name the old data is kept under, which tells a later life of the agent how
    /// far the one before has come.
    public var id: String
    public var member: String
    /// Also while another member is copied, and when commits have to wait for this one; see ``objection(to:_:)``.
    public var isForced: Bool

    public init(id: String, member: String, isForced: Bool = false) {
        self.id = id
        self.member = member
        self.isForced = isForced
    }

    /// Why the data directory is moved aside, as part of its new name.
    public var label: String { "reinitialize-\(id)" }
}

/// How far a ``ReinitializeOrder`` is, published by its member for as long as the order lies in the store.
public struct ReinitializeReport: Codable, Hashable, Sendable {
    public enum Outcome: String, Codable, Hashable, Sendable {
        /// The member is at it, and goes on whatever becomes of the order.
        case running
        /// The copy streams.
        case succeeded
        /// Nothing was changed.
        case refused
    }

    public var id: String
    public var outcome: Outcome
    /// A sentence, Patroni's where it has one.
    public var reason: String
    /// How much of the data is copied, in whole tens, while a copy runs; nil when that is not known.
    public var percent: Int?

    public init(id: String, outcome: Outcome, reason: String, percent: Int? = nil) {
        self.id = id
        self.outcome = outcome
        self.reason = reason
        self.percent = percent
    }

    /// Nothing more comes.
    public var isFinal: Bool { outcome != .running }
}

extension ClusterView {
    /// What a member has answered to the order in the store; nil: nothing, or there is none for it. An earlier life's answer
    /// counts too.
    ///
    /// - Parameter report: what this life of its agent answered last.
    public func reinitializeAnswer(of me: String, _ report: ReinitializeReport?) -> ReinitializeReport? {
        guard let order = reinitialize, order.member == me else { return nil }
        return [report, members[me]?.reinitialize].compactMap(\.self).first { $0.id == order.id }
    }
}
