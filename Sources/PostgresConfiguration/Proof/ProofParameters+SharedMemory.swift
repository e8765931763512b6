public import Units

/// What settings take of shared memory, much of which a server writes as soon as it starts: tables of locks, of sessions, of
/// what libraries keep. The kernel promises it all, and kills the server that takes more than there is, with everything
/// beside it.
extension ProofParameters {
    /// What is to be free beside a proof's shared memory: half of it is for initdb and for the processes of an idle server,
    /// half is left to the running one.
    public static let memoryReserve = ByteCount.mebibytes(128)

    /// Whether a server of this version says how much it takes, without taking it: `postgres -C shared_memory_size`.
    public static func tellsSharedMemory(_ version: ServerVersion) -> Bool { version.major >= 15 }

    /// - Parameter text: what the program says: megabytes.
    public static func sharedMemory(told text: String) -> ByteCount? {
        guard let line = text.split(separator: "\n").last, let megabytes = UInt64(line), megabytes < 1 << 40 else {
            return nil
        }
        return .mebibytes(megabytes)
    }

    /// Why a server that takes so much cannot live in so much memory; nil when it may.
    ///
    /// - Parameters: as of ``lackOfMemory(_:memory:machine:hasHugePages:)``.
    public static func excess(
        sharedMemory: ByteCount, _ settings: PostgresSettings, memory: ByteCount?, machine: ByteCount?,
        hasHugePages: Bool
    ) -> String? {
        excess(sharedMemory.rawValue, over: memory, machine, mayUseHugePages(settings, hasHugePages)).map {
            "the server would take \(sharedMemory.rawValue >> 20) MB of shared memory, \($0)"
        }
    }

    /// Why no proof is made that takes so much of what is free; nil when one may be.
    public static func shortage(sharedMemory: ByteCount, free: ByteCount?) -> String? {
        let (needed, overflow) = memoryReserve.rawValue.addingReportingOverflow(sharedMemory.rawValue)
        guard let free, overflow || free.rawValue < needed else { return nil }
        let there = "\(free.rawValue >> 20) MB of memory are free"
        return "\(there), and a proof is made only where there are \(needed >> 20) MB"
    }
}
