import HighAvailability
public import Units

/// The way to init, which ends what runs in the data directory at the deadline it was told last.
///
/// - Requires: it never blocks and comes back to nobody: ``LockDesk`` calls it in the middle of a step.
public protocol FenceLine: Sendable {
    /// - Throws: the former deadline then stays in force.
    func arm(until instant: BootInstant) throws
    /// - Throws: the former deadline then stays in force.
    func disarm() throws
}

extension FenceLine {
    func obey(_ order: FenceOrder) throws {
        switch order {
        case .arm(let until): try arm(until: until)
        case .disarm: try disarm()
        }
    }
}
