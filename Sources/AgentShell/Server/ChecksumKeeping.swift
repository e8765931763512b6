import ServerControl
import Units

/// What the checksums of the running server's pages have found, and when it is asked again.
struct ChecksumKeeping {
    /// nil before the first answer, and in a server without checksums.
    private(set) var found: DamagedPages?
    private var nextLook = BootInstant(nanoseconds: 0)
    private var look: Task<Void, Never>?

    /// How many loops pass between two looks: each is a session of its own, which wakes a dozen threads.
    static let loops = 12

    func isDue(at now: BootInstant) -> Bool { look == nil && now >= nextLook }

    /// - Parameter look: owned by this from here on, until it says ``end(_:)``.
    mutating func begin(_ look: Task<Void, Never>, next: BootInstant) { (self.look, nextLook) = (look, next) }

    /// - Parameter found: nil: the server did not tell, and what was known stays known.
    /// - Returns: whether there is more to tell than before.
    mutating func end(_ found: DamagedPages?) -> Bool {
        // Of a server that has ended meanwhile nothing is known here.
        guard look != nil else { return false }
        look = nil
        guard let found else { return false }
        defer { self.found = found }
        return found.failures > (self.found?.failures ?? 0)
    }
}
