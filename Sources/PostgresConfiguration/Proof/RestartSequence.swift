/// Who is restarted first, so that no standby ever has less than its primary has.
///
/// A standby whose value of one of these parameters is below its primary's pauses replay, or does not start (PostgreSQL "Hot
/// Standby", §27.4.3). Going up the standbys come first, going down the primary does: one that is restarted before its primary
/// has gone down is started with the primary's value once more.
public enum RestartSequence: Hashable, Sendable {
    case standbysFirst
    case primaryFirst

    /// - Parameter pending: what waits for a restart, of every member that is to be restarted.
    ///
    /// Where anything else waits as well the standbys are first: they are never below then, what keeps a server from starting is
    /// found on one of them, and what is to go down goes on waiting there.
    public init(_ pending: [PendingSetting]) {
        let steps = pending.compactMap { setting -> Int? in
            guard ManagedParameter.byName[setting.name]?.mustNotBeBelowPrimary == true, let old = Int(setting.oldValue),
                let new = Int(setting.newValue), old != new
            else { return nil }
            return new > old ? 1 : -1
        }
        let isAllDown = steps.count == pending.count && steps.allSatisfy { $0 < 0 }
        self = !steps.isEmpty && isAllDown ? .primaryFirst : .standbysFirst
    }
}

extension PostgresSettings {
    /// What a standby runs with above these settings because its primary did when it was started.
    ///
    /// It waits for a restart like any other value, after the primary's own.
    ///
    /// - Parameter running: name and value as the running postmaster got them on its command line.
    public func heldUp(running: [String: String], floors: SizeFloors = SizeFloors()) -> [PendingSetting] {
        managedValues(floors: floors).compactMap { parameter, value in
            guard parameter.mustNotBeBelowPrimary, let old = running[parameter.name], let from = Int(old),
                let to = Int(value), to < from
            else { return nil }
            return PendingSetting(name: parameter.name, oldValue: old, newValue: value)
        }
    }
}
