import HighAvailability
import KubernetesModels

/// What in the store's objects, the settings aside, cannot be read and is therefore not used.
///
/// Anybody with the right to edit the objects may have written it. It ends no agent; it is told.
public struct StoreProblems: Hashable, Sendable {
    private let scope: Scope
    private let lockObject: LockObject
    /// Annotations of the object that holds the lock; nil: there is none.
    public var leader: [String: String]?
    /// Annotations of the synchronous record's object.
    public var synchronization: [String: String]?
    /// Annotations of the configuration's object.
    public var configuration: [String: String]?

    public init(
        in scope: Scope, lockObject: LockObject, leader: [String: String]?, synchronization: [String: String]?,
        configuration: [String: String]?
    ) {
        self.scope = scope
        self.lockObject = lockObject
        self.leader = leader
        self.synchronization = synchronization
        self.configuration = configuration
    }

    /// Each by its object and the key of its annotation, `demo-leader: ttl`: the resource has a `ttl` of its own.
    public var problems: [Problem] {
        var problems: [Problem] = []
        func add(_ object: String, _ found: Problem) {
            var problem = found
            problem.path = "\(object): \(found.path)"
            problems.append(problem)
        }
        for problem in leader.map(LockRecord.problems) ?? [] { add(scope.storeLeader(lockObject), problem) }
        if let text = synchronization?[StoreKey.quorum], SynchronousState.quorum(reading: text) == nil {
            add(
                scope.storeSynchronization,
                Problem(path: StoreKey.quorum, value: text, rule: "is not a quorum", refuser: .agent))
        }
        if let text = configuration?[StoreKey.history], !text.isEmpty,
            // Not JSON: nothing of it is a list.
            TimelineSwitch.list(annotation: text).count != (try? JSONValue(parsing: text))?.arrayValue?.count
        {
            add(
                scope.storeConfiguration,
                Problem(
                    path: StoreKey.history, value: nil, rule: "not every entry is a timeline with its end",
                    refuser: .agent))
        }
        return problems
    }
}
