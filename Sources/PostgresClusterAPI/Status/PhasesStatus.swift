import Units

/// Where the time of a failover went, as the new primary measured it.
public struct PhasesStatus: Sendable, Hashable, Codable {
    public var silenceMillis: Int64
    public var electionMillis: Int64
    public var promotionMillis: Int64
    public var firstWriteMillis: Int64
    public var totalMillis: Int64

    public enum CodingKeys: String, CodingKey, CaseIterable {
        case silenceMillis, electionMillis, promotionMillis, firstWriteMillis, totalMillis
    }

    public init(
        silenceMillis: Int64, electionMillis: Int64, promotionMillis: Int64, firstWriteMillis: Int64,
        totalMillis: Int64
    ) {
        self.silenceMillis = silenceMillis
        self.electionMillis = electionMillis
        self.promotionMillis = promotionMillis
        self.firstWriteMillis = firstWriteMillis
        self.totalMillis = totalMillis
    }
}

/// For people.
extension PhasesStatus {
    /// `34.2 s`.
    public var totalText: String { Self.text(totalMillis) }

    /// Each phase by name, in the order they come in.
    public var partsText: String {
        "silence \(Self.text(silenceMillis)), election \(Self.text(electionMillis)), "
            + "promotion \(Self.text(promotionMillis)), first write \(Self.text(firstWriteMillis))"
    }

    private static func text(_ milliseconds: Int64) -> String { Timings.text(.milliseconds(milliseconds)) }
}

extension PhasesStatus: SchemaObject {
    public static let summary =
        "Where the time of the failover went, in milliseconds by the new primary's clock; absent until its first write."

    public static func field(_ key: CodingKeys) -> Field {
        switch key {
        case .silenceMillis:
            millis(
                "From the last sign of life of the lock's holder, as the new primary saw it, until it found the lock free."
            )
        case .electionMillis: millis("From there until it had taken the lock.")
        case .promotionMillis: millis("From there until its recovery had ended.")
        case .firstWriteMillis:
            millis("From there until a write of its own had returned, which waits for standbys where a client's does.")
        case .totalMillis: millis("The four together.")
        }
    }

    private static func millis(_ description: String) -> Field {
        Field(.integer(minimum: 0, maximum: .max), description, required: true)
    }
}
