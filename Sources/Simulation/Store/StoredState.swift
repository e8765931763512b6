import HighAvailability

/// What stands in the API server, as the checks, the faults and the operator read it.
///
/// Filled from what agents, people and the operator write to ``ObjectServer``; see `World.mirror`. Nothing of an agent reads
/// it.
struct StoredState {
    var lock: LockRecord?
    var settings = Settings()
    var failover: FailoverRequest?
    var restart: RestartOrder?
    var reinitialize: ReinitializeOrder?
    var synchronous: SynchronousState?
    /// Where the read-write Service leads; nil before the first leader has written it.
    var route: Route?
    /// Pods by index of their name; a Pod that was deleted is nil.
    var pods: [Member?]

    /// The `-config` object.
    struct Settings {
        var initialization = Initialization.never
        var configuration = DynamicConfiguration()
        var history: [TimelineSwitch] = []
    }

    /// The EndpointSlice behind the read-write Service.
    struct Route: Hashable {
        var reign: Reign
        /// Index among all Pods there ever were: an address is one Pod's alone.
        var pod: Int
    }

    init(podCount: Int) {
        pods = Array(repeating: nil, count: podCount)
    }
}

/// How a request ended, for the one who made it.
enum APIOutcome<Value> {
    case answered(Value)
    /// 409.
    case conflict
    /// 403, 429, 500: the server says no; it changed nothing.
    case refused
    /// Nobody answered in time; it may have changed something, now or later.
    case silent
}
