import ClusterRecords
import HighAvailability
import KubernetesModels
import Units

/// What in the store's objects cannot be read and is therefore not used, one sentence each.
///
/// Anybody with the right to edit the objects may have written it. It ends no agent; it is told.
struct StoreProblems: Hashable {
    /// Annotations of the object that holds the lock; nil: there is none.
    var leader: [String: String]?
    /// Annotations of the synchronous record's object.
    var synchronization: [String: String]?
    /// Annotations of the configuration's object.
    var configuration: [String: String]?

    var sentences: [String] {
        var sentences = leader.map(LockRecord.problems) ?? []
        if let text = synchronization?[StoreKey.quorum], SynchronousState.quorum(reading: text) == nil {
            sentences.append("\(StoreKey.quorum): \(text.prefix(40)) is not a quorum")
        }
        if let text = configuration?[StoreKey.history], !text.isEmpty,
            // Not JSON: nothing of it is a list.
            TimelineSwitch.list(annotation: text).count != (try? JSONValue(parsing: text))?.arrayValue?.count
        {
            sentences.append("\(StoreKey.history): not every entry is a timeline with its end")
        }
        return sentences
    }
}
