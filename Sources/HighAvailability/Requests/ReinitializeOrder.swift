public import Units

/// Somebody asks one member to throw its data away and copy the cluster's anew.
///
/// The operator writes it into the store; the member answers with a ``ReinitializeReport``.
public struct ReinitializeOrder: Codable, Hashable, Sendable {
    /// Of this asking, and of no other: what was asked for before may be asked for again. Reported back. It is in the name the
    /// old data is kept under, which tells a later life of the agent how far the one before has come.
    public var id: String
    public var member: String
    /// Also while another member is copied, when commits have to wait for this one, and without room for both; see
    /// ``objection(to:_:)`` and ``objectionToRoom(for:size:free:)``.
    public var isForced: Bool
    /// Nobody has asked for it but this member, which lacks WAL: that has to be so when its server is to be stopped for it.
    public var isForMissingWAL: Bool

    public init(id: String, member: String, isForced: Bool = false, isForMissingWAL: Bool = false) {
        self.id = id
        self.member = member
        self.isForced = isForced
        self.isForMissingWAL = isForMissingWAL
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
        /// The data is what it was.
        case refused
    }

    public var id: String
    public var outcome: Outcome
    /// A sentence, Patroni's where it has one.
    public var reason: String
    /// How much of the data is copied, in whole tens, while a copy runs; nil when that is not known.
    public var percent: Int?
    /// The old data is out of the way, whether it still lies where it was moved to or not; nil: not yet, or that is not known.
    public var isMoved: Bool?

    public init(id: String, outcome: Outcome, reason: String, percent: Int? = nil, isMoved: Bool? = nil) {
        self.id = id
        self.outcome = outcome
        self.reason = reason
        self.percent = percent
        self.isMoved = isMoved
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

    /// The same, with what the volume tells: an agent may have been killed before it could say that it has begun.
    ///
    /// - Parameter isKept: the old data lies beside the data directory. It is looked for only while nobody has said so.
    public func reinitializeReport(
        of me: String, _ report: ReinitializeReport?, isKept: @autoclosure () -> Bool
    ) -> ReinitializeReport? {
        guard let order = reinitialize, order.member == me else { return nil }
        var answer = reinitializeAnswer(of: me, report)
        guard answer?.isFinal != true, answer?.isMoved != true, isKept() else { return answer }
        if answer == nil {
            answer = ReinitializeReport(
                id: order.id, outcome: .running, reason: "its old data is out of the way; the copy is made")
        }
        answer?.isMoved = true
        return answer
    }
}

/// Why a copy is not begun for want of room; nil when there is enough, or that is not known.
///
/// The old data stays where the new comes to, and a volume that is full ends the copy when nothing is left to go back to. What
/// is copied has WAL and more beside its databases, so the larger of the two counts.
///
/// - Parameters:
///   - size: of the data there is.
///   - copy: of the databases that are copied; nil when nobody knows.
///   - free: what is left of its volume.
public func objectionToRoom(
    for order: ReinitializeOrder, size: ByteCount, copy: ByteCount?, free: ByteCount
) -> String? {
    guard !order.isForced, free < max(size, copy ?? size) else { return nil }
    let databases = copy.map { ", the databases to copy take \($0.rawValue >> 20) MiB" } ?? ""
    return "there is no room for a copy beside the old data: \(free.rawValue >> 20) MiB are free, "
        + "\(size.rawValue >> 20) MiB is what there is\(databases); force it if the copy is smaller"
}
