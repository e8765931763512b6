public import Units

/// Whether a second database fits beside the one there is.
public struct CopyRoom: Hashable, Sendable {
    /// What the data directory takes.
    public var size: ByteCount
    /// What the databases take of the server that is to be copied; nil when it did not say.
    public var copy: ByteCount?
    /// What is left of its file system.
    public var free: ByteCount

    public init(size: ByteCount, copy: ByteCount? = nil, free: ByteCount) {
        self.size = size
        self.copy = copy
        self.free = free
    }
}
