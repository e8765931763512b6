public import Units

/// Whether a commit waits for standbys, and for whose.
public enum SynchronousMode: String, Codable, Hashable, Sendable, CaseIterable {
    /// A commit waits for nobody.
    case off
    /// A commit waits for every one of the chosen standbys; only they may be promoted.
    case on
    /// A commit waits for some of all standbys; whoever is elected has heard from so many that one of those is among them.
    case quorum
}

/// What an administrator asks of synchronous replication.
public struct SynchronousPolicy: Codable, Hashable, Sendable {
    public var mode: SynchronousMode
    /// How many standbys confirm a commit, while that many are fit to. Minimum 1, default 1.
    public var standbys: Int
    /// With no standby left, commits wait instead of going on without one. Default false.
    public var isStrict: Bool
    /// A standby further behind than this is not waited for; nil waits for any that streams.
    public var maximumLag: ByteCount?

    public init(
        mode: SynchronousMode = .off, standbys: Int = 1, isStrict: Bool = false, maximumLag: ByteCount? = nil
    ) {
        self.mode = mode
        self.standbys = standbys
        self.isStrict = isStrict
        self.maximumLag = maximumLag
    }

    public static let off = SynchronousPolicy()
}
