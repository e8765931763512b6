public import Units

/// Whether a second database fits beside the one there is.
public struct CopyRoom: Hashable, Sendable {
    /// What the data directory takes.
    public var size: ByteCount
    /// What is left of its file system.
    public var free: ByteCount

    public init(size: ByteCount, free: ByteCount) {
        self.size = size
        self.free = free
    }
}
