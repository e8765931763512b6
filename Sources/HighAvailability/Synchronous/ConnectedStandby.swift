public import Units

/// A standby as the server that sends it WAL sees it.
public struct ConnectedStandby: Hashable, Sendable {
    public var name: String
    /// It has caught up.
    public var isStreaming: Bool
    /// End of what it has on disk; nil before it told.
    public var flushed: LSN?
    /// Its walsender counts what it confirms, by the names that one has read.
    public var isCounted: Bool

    public init(name: String, isStreaming: Bool, flushed: LSN?, isCounted: Bool = false) {
        self.name = name
        self.isStreaming = isStreaming
        self.flushed = flushed
        self.isCounted = isCounted
    }
}

/// The standbys a primary's commits wait for: by the names its sessions show, or by those a walsender still has.
///
/// A walsender whose names lack its standby ignores what that one confirms. So once it is not counted any more, which the
/// walsender itself says, no commit ever returns through this standby again, whether it runs or not.
public func awaitedStandbys(_ names: SynchronousStandbyNames?, _ standbys: [ConnectedStandby]) -> Set<String> {
    (names?.standbys ?? []).union(standbys.filter(\.isCounted).map(\.name))
}

extension SynchronousStandbyNames {
    /// Whether a server's sessions show these names, and each walsender counts its standby in or out by them.
    ///
    /// - Parameter shown: the text its sessions show.
    public func areRead(showing shown: String, _ connected: [ConnectedStandby]) -> Bool {
        shown == description
            && connected.filter(\.isStreaming).allSatisfy { standbys.contains($0.name) == $0.isCounted }
    }
}
