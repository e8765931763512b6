import HighAvailability
import KubernetesModels

/// What in the store's objects, the settings aside, cannot be read and is therefore not used.
///
/// Anybody with the right to edit the objects may have written it. It ends no agent; it is told.
public struct StoreProblems: Hashable, Sendable {
    /// Annotations of the object that holds the lock; nil: there is none.
    public var leader: [String: String]?
    /// Annotations of the synchronous record's object.
    public var synchronization: [String: String]?
    /// Annotations of the configuration's object.
    public var configuration: [String: String]?

    public init(leader: [String: String]?, synchronization: [String: String]?, configuration: [String: String]?) {
        self.leader = leader
        self.synchronization = synchronization
        self.configuration = configuration
    }

    /// Each by the key of its annotation.
    public var problems: [Problem] {
        var problems = leader.map(LockRecord.problems) ?? []
        if let text = synchronization?[StoreKey.quorum], SynchronousState.quorum(reading: text) == nil {
            problems.append(
                Problem(path: StoreKey.quorum, value: text, rule: "is not a quorum", refuser: .agent))
        }
        if let text = configuration?[StoreKey.history], !text.isEmpty,
            // Not JSON: nothing of it is a list.
            TimelineSwitch.list(annotation: text).count != (try? JSONValue(parsing: text))?.arrayValue?.count
        {
            problems.append(
                Problem(
                    path: StoreKey.history, value: nil, rule: "not every entry is a timeline with its end",
                    refuser: .agent))
        }
        return problems
    }
}
