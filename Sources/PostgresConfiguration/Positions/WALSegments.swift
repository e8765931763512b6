public import Units

/// Files of WAL, as their names and sizes tell where each begins.
public enum WALSegments {
    /// Where a segment begins, on whichever timeline.
    ///
    /// - Parameters:
    ///   - digits: the last 16 of its name: which four gigabytes, and which segment of them.
    ///   - size: of a segment in bytes, a power of two of at least 1 MiB.
    /// - Returns: nil for what is no such name, or no such size.
    public static func start(of digits: String, size: UInt64) -> LSN? {
        guard digits.utf8.count == 16, size >= 1 << 20, size <= 1 << 30, size & (size - 1) == 0,
            let high = UInt32(digits.prefix(8), radix: 16), let low = UInt32(digits.suffix(8), radix: 16),
            UInt64(low) < (1 << 32) / size
        else { return nil }
        return LSN(rawValue: UInt64(high) << 32 + UInt64(low) * size)
    }

    /// Where the WAL begins that a standby still needs of a server which has none older than `oldest`; nil: that has it.
    ///
    /// A standby asks from the beginning of the segment that its own WAL ends in.
    ///
    /// - Parameter end: of what it has.
    public static func missing(after end: LSN, oldest: LSN, size: UInt64) -> LSN? {
        guard size > 0 else { return nil }
        let needed = LSN(rawValue: end.rawValue - end.rawValue % size)
        return needed < oldest ? needed : nil
    }
}
