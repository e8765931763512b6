import ClusterRecords
import KubernetesModels
import PostgresClusterAPI

/// What every request in the spec has in common, whatever it asks for.
extension Planner {
    /// Lays into the store what one member is asked for.
    ///
    /// One write to an object in a plan: a second one would be made from a version that is gone.
    ///
    /// - Parameter order: nil takes it off; the members forget their answers with it.
    mutating func write(order: String?, at key: String) {
        let stored = observed.store.configuration
        guard stored?.annotations[key] != order else { return }
        let object = ObjectKey(context.storeResource, scope.storeConfiguration)
        let isWritten = plan.changes.contains {
            if case .writeStore(let write) = $0 { write.key == object } else { false }
        }
        guard !isWritten else { return plan.requeue(after: .seconds(1)) }
        plan.changes.append(.writeStore(storeWrite(object, stored, [key: order])))
    }

    /// Ends a request that came to nothing, and warns of it.
    mutating func fail<Status: RequestStatus>(
        _ state: inout Status, _ reason: ConditionReason, _ message: String, as event: EventReason
    ) {
        state.phase = .failed
        state.reason = reason.rawValue
        state.message = bounded(message, to: Status.maximumMessageLength)
        state.finishedAt = now
        warn(event, "\(reason.rawValue): \(message)")
    }
}
