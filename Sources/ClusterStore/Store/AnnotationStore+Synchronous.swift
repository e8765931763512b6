import ClusterRecords
public import HighAvailability
public import Units

extension AnnotationStore {
    public func readSynchronous(deadline: BootInstant) async throws -> SynchronousState? {
        while true {
            do {
                return try await readObject(scope.storeSynchronization, deadline: deadline).map(SynchronousState.init)
            } catch let error as any StoreFailure where error.isRetryable || error.isForbidden || error.isOutcomeUnknown
            {
                try await pauseBeforeRetry(error, deadline: deadline)
            }
        }
    }

    public func readSynchronousPolicy(deadline: BootInstant) async throws -> SynchronousPolicy? {
        try await readObject(scope.storeConfiguration, deadline: deadline)
            .flatMap { $0.annotations[StoreKey.configuration] }.flatMap(SynchronousPolicy.init(annotation:))
    }

    /// An answer that was lost, and a conflict, is settled by reading again.
    public func writeSynchronous(_ state: SynchronousState, over former: SynchronousState?, deadline: BootInstant)
        async throws -> SynchronousState?
    {
        // A patch that changes nothing leaves the version as it was; a write has to end what was decided on that version.
        let annotations = state.annotations.merging([StoreKey.written: wallClock()]) { _, stamp in stamp }
        while true {
            do {
                guard let former else {
                    return SynchronousState(
                        try await createObject(
                            scope.storeSynchronization, annotations, deadline: deadline))
                }
                return SynchronousState(
                    try await patchObject(
                        scope.storeSynchronization, annotations, version: former.version,
                        deadline: deadline))
            } catch let error as any StoreFailure
                where error.isConflict || error.isAlreadyExists || error.isNotFound || error.isOutcomeUnknown
                || error.isRetryable || error.isForbidden
            {
                try await pauseBeforeRetry(error, deadline: deadline)
                let stored = try await readSynchronous(deadline: deadline)
                switch settleSynchronousWrite(of: state, over: former, read: stored) {
                case .landed(let written): return written
                case .notYet: continue
                case .superseded: return nil
                }
            }
        }
    }
}

extension SynchronousState {
    init(_ object: StoredObject) {
        self.init(version: object.record.version, annotations: object.annotations)
    }
}
