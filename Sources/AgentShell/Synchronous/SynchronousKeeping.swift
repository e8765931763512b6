import HighAvailability
import Units

/// What this member has decided about the standbys commits wait for, and what of it is not settled.
///
/// What a running server knows of it is part of that one's life: see ``ServerLife/namesInForce``.
struct SynchronousKeeping {
    /// What the server is to wait for; nil before this agent has decided it.
    private(set) var names: SynchronousStandbyNames?
    /// Until then standbys that were recorded may still reconnect to a primary that has just begun.
    private var standbysAreAwaitedUntil: BootInstant?
    /// The member this one took over from; nobody waits for it to reconnect.
    private var formerLeader: String?
    /// Steps are left, or wait for a standby: look again soon.
    var isUnsettled = false
    /// A write of the record, perhaps of an earlier life, was not answered and is not settled.
    private(set) var mayRecordStillLand = true
    /// Ordinary users are held out until the standbys have confirmed what they would see.
    var holdsOutUsers = false
    /// Has standbys confirm anew after a change of the names.
    private var confirming: Task<Void, Never>?

    mutating func choose(_ names: SynchronousStandbyNames) { self.names = names }

    /// This member takes over where no commit has to wait.
    mutating func takeOverNothing() { names = SynchronousStandbyNames.none }

    /// This member takes over from the reign that `former` recorded.
    mutating func takeOver(
        _ takeover: SynchronousTakeover, from former: SynchronousState?, by me: String, awaitingUntil end: BootInstant
    ) {
        formerLeader = former?.leader == me ? nil : former?.leader
        standbysAreAwaitedUntil = end
        names = takeover.names
    }

    /// A primary that has just begun does not drop standbys that are about to reconnect.
    mutating func awaitsStandbys(_ situation: SynchronousSituation, in view: ClusterView, at now: BootInstant) -> Bool {
        situation.awaitsStandbys(until: &standbysAreAwaitedUntil, former: formerLeader, in: view, at: now)
    }

    mutating func noteWriteBegins() { mayRecordStillLand = true }

    /// The record is what the write left, or what somebody else did; nothing of it can land later.
    mutating func noteWriteIsSettled() { mayRecordStillLand = false }

    /// - Parameter task: owned by this from here on; nil: nothing is to be confirmed anew.
    mutating func confirm(by task: Task<Void, Never>?) {
        confirming?.cancel()
        confirming = task
    }
}
