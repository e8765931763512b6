import Units

/// Whether a standby that receives nothing could go on at all: its leader may have removed the WAL it needs.
struct MissingWALKeeping {
    struct Found: Hashable, Sendable {
        let leader: String
        /// Where that WAL begins.
        let start: LSN

        /// For status.
        var sentence: String {
            "cannot follow \(leader): the WAL it needs next, from \(start) on, is not there any more; it has to be copied anew"
        }
    }

    private(set) var found: Found?
    private var nextLook = BootInstant(nanoseconds: 0)
    private var look: Task<Void, Never>?

    /// How many loops pass between two looks.
    static let loops = 6

    func isDue(at now: BootInstant) -> Bool { look == nil && now >= nextLook }

    /// - Parameter look: owned by this from here on, until it says ``end(_:)``.
    mutating func begin(_ look: Task<Void, Never>, next: BootInstant) { (self.look, nextLook) = (look, next) }

    /// - Parameter found: nil: its leader has all it needs, or did not tell.
    /// - Returns: whether there is something else to tell than before.
    mutating func end(_ found: Found?) -> Bool {
        // It streams meanwhile, or the server has ended.
        guard look != nil else { return false }
        look = nil
        defer { self.found = found }
        return found != self.found
    }

    /// It receives, or has no leader to receive from.
    mutating func forget() { self = MissingWALKeeping() }
}
