import ClusterRecords
public import HighAvailability
public import Units

extension AnnotationStore {
    public func readHistory(deadline: BootInstant) async throws -> StoredHistory? {
        try await readObject(scope.storeConfiguration, deadline: deadline).map { object in
            StoredHistory(
                switches: TimelineSwitch.list(
                    annotation: object.annotations[StoreKey.history],
                    kinds: object.annotations[StoreKey.historyKinds]),
                version: object.record.version)
        }
    }

    /// A write that was not answered is not settled here: whoever looks again finds it in the store, or writes it anew. What
    /// lands late names a version that is gone by then.
    public func writeHistory(
        _ switches: [TimelineSwitch], over former: StoredHistory, loss: FailoverLoss?, deadline: BootInstant
    ) async throws -> Bool {
        var annotations: [String: String?] = [StoreKey.history: TimelineSwitch.annotation(switches)]
        if let kinds = TimelineSwitch.kindsAnnotation(switches) { annotations[StoreKey.historyKinds] = kinds }
        if let loss { annotations[StoreKey.loss] = loss.annotation }
        do {
            _ = try await patchObject(
                scope.storeConfiguration, annotations, version: former.version, deadline: deadline)
            return true
        } catch let error as any StoreFailure where error.isConflict {
            return false
        }
    }
}
