public import ClusterRecords

/// What a member said of itself last, for people to read: nothing is decided from it.
public struct MemberWord: Hashable, Sendable {
    public let record: MemberRecord
    /// nil while something is heard of it.
    public let silence: Silence?

    public init(_ record: MemberRecord, silence: Silence? = nil) {
        self.record = record
        self.silence = silence
    }
}
