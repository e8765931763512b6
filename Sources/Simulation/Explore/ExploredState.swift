import HighAvailability
import Units

/// A small cluster at one moment, as a value: equal states are explored once.
///
/// Time is counted in ticks of one second; all clocks agree. What a run leaves to chance is here a choice, and all choices
/// are made: who acts next, which answers are lost, when time passes. A frozen process is one that is not chosen.
struct ExploredState: Hashable {
    var now: Int64 = 0
    var revision = 1
    var lock: LockRecord?
    var members: [ExploredMember]
    /// Rises with every server that becomes primary.
    var reign = 1
    var violation: String?

    var instant: BootInstant { BootInstant(nanoseconds: now * 1_000_000_000) }
}

struct ExploredMember: Hashable {
    var station: LockStation
    /// init's deadline; it needs nothing from the agent.
    var fence: BootInstant?
    var isPrimary = false
    var isRunning = true
    var timeline: UInt32 = 1
    var position: UInt64 = 10
    var reign = 0
    /// A lock that was read live and judged free; to be written next, or never.
    var intended: Intended?

    struct Intended: Hashable {
        var over: LockRecord?
    }
}
