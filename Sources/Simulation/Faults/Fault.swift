/// One thing that goes wrong: from when, for how long, for whom.
public struct Fault: Sendable, Hashable {
    /// Microseconds of true time.
    public var start: Int64
    public var duration: Int64
    public var kind: Kind

    public enum Kind: Sendable, Hashable {
        // The network. Nodes are numbered; a one-way cut loses what goes from the first to the second.
        case cutFromAPI(node: Int)
        case cutToAPI(node: Int)
        case cutBothAPI(node: Int)
        case cutLink(from: Int, to: Int)
        case isolate(node: Int)
        // The API server.
        case apiDown
        case apiSlow(milliseconds: Int)
        case apiErrors(perMille: Int)
        case apiTimeouts(perMille: Int)
        case watchSilent(member: Int)
        case watchSlow(milliseconds: Int)
        case watchExpired
        // Processes.
        case freezeAgent(member: Int)
        case freezePostmaster(member: Int)
        case freezeServer(member: Int)
        case freezePod(member: Int)
        case killAgent(member: Int)
        case killPostmaster(member: Int)
        case killContainer(member: Int)
        case powerOff(node: Int)
        case deletePod(member: Int)
        case forceDeletePod(member: Int)
        // The operator, and people.
        case switchover(candidate: Int?)
        case failover(candidate: Int)
        case restart(member: Int)
        case reinitialize(member: Int, isForced: Bool)
        case pause
        /// And a parameter of the servers.
        case changeTimings
        case bulkWrite(member: Int)
        /// Somebody writes another holder into the lock, who is no member: the leader must give way.
        case usurp
        /// Somebody takes the holder's name off the lock, and nothing else: it is the holder's all the same.
        case takeNameOff
        /// Somebody deletes the lock object.
        case deleteLock
        /// Somebody writes what is no JSON where the settings are.
        case unreadableSettings
        case replicationLag(member: Int, milliseconds: Int)
        /// It receives and does not replay: a person has paused it, or a query is in the way.
        case stalledReplay(member: Int)
        /// Its disk stops answering: what is read is read, what is written does not return.
        case stuckVolume(member: Int)
    }

    var name: String { String(describing: kind).prefix { $0 != "(" }.description }
}
