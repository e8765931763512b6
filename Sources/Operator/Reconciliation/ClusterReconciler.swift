import ControllerRuntime
import KubernetesClient
import KubernetesModels
import Logging
import OperatorPlan
import PostgresClusterAPI

/// Reads one cluster, asks ``plan(desired:observed:now:)`` what to do, and does it. It holds no policy.
struct ClusterReconciler: Reconciler {
    /// Objects that are not watched are looked at again after this long, and so is whatever a watch should have told.
    private static let resync = Duration.seconds(600)
    /// After a conflict: somebody wrote between our read and our write.
    private static let conflictPause = Duration.milliseconds(10)

    let access: ClusterAccess
    let recorder: EventRecorder<ContinuousClock>
    let ages: LockAges
    let metrics: OperatorMetrics
    private let logger = Logger(label: "matriarch.operator")

    init(
        access: ClusterAccess, recorder: EventRecorder<ContinuousClock>, ages: LockAges,
        metrics: OperatorMetrics
    ) {
        self.access = access
        self.recorder = recorder
        self.ages = ages
        self.metrics = metrics
    }

    func reconcile(_ key: ResourceKey) async throws -> ReconcileResult {
        let started = ContinuousClock.now
        guard let cluster = try await access.cluster(key) else {
            metrics.forget(namespace: key.namespace, cluster: key.name)
            ages.forget(key)
            return .done
        }
        var observed: Observed
        do {
            observed = try await access.observe(cluster)
            observed.lockAge = observed.store.lock.flatMap { ages.look(at: $0, of: key) }
        } catch {
            if let message = FailureReport.message(error, doing: "read the cluster's objects") {
                await tell(Refusal(message, of: cluster, now: .now()), of: cluster)
            }
            throw error
        }
        let read = ContinuousClock.now
        let now = Timestamp.now()
        let plan = plan(desired: cluster, observed: observed, now: now)
        do {
            try await carryOut(plan, on: cluster, now: now)
        } catch let error as KubernetesError where error.isConflict || error.isAlreadyExists {
            logger.debug("somebody wrote first, looking again", metadata: metadata(key, plan, error))
            return ReconcileResult(requeueAfter: Self.conflictPause)
        }
        logger.log(
            level: plan.isEmpty ? .debug : .info, "reconciled",
            metadata: metadata(key, plan, nil).merging([
                "readMillis": .stringConvertible(started.duration(to: read).wholeMilliseconds),
                "writeMillis": .stringConvertible(read.duration(to: .now).wholeMilliseconds),
                "generation": .stringConvertible(cluster.metadata.generation ?? 0),
            ]) { _, new in new })
        return ReconcileResult(requeueAfter: min(plan.requeueAfter ?? Self.resync, Self.resync))
    }

    /// In order, up to the first failure; the next reconcile starts from what is then.
    ///
    /// Events are told when everything else is done: a conflict in the middle means that the next plan tells them again.
    private func carryOut(_ plan: Plan, on cluster: PostgresCluster, now: Timestamp) async throws {
        var status = cluster.status
        for (index, change) in plan.changes.enumerated() {
            do {
                if let updated = try await access.carryOut(change, on: cluster) { status = updated.status }
                metrics.carriedOut(change.name, "done")
            } catch {
                metrics.carriedOut(change.name, "failed")
                if let message = FailureReport.message(error, doing: change.summary) {
                    await tell(Refusal(message, at: index, in: plan, of: cluster, now: now), of: cluster)
                }
                throw error
            }
        }
        for case .event(let request) in plan.changes { record(request, about: cluster) }
        show(status, of: cluster)
    }

    /// Says in the resource's status and an Event what the API server refuses, once per refusal, beside all that was seen.
    private func tell(_ refusal: Refusal, of cluster: PostgresCluster) async {
        if let announcement = refusal.announcement { record(announcement, about: cluster) }
        do {
            if let patch = refusal.patch { show(try await access.carryOut(patch, on: cluster)?.status, of: cluster) }
            for event in refusal.events { record(event, about: cluster) }
        } catch {
            // The next attempt fails the same way and says it then.
            logger.warning(
                "cannot report a failure in the status",
                metadata: ["cluster": "\(ResourceKey(cluster.metadata))", "error": "\(error)"])
        }
    }

    private func show(_ status: PostgresClusterStatus?, of cluster: PostgresCluster) {
        guard let status else { return }
        metrics.show(namespace: cluster.metadata.namespace ?? "", cluster: cluster.metadata.name ?? "", status)
    }

    private func record(_ request: EventRequest, about cluster: PostgresCluster) {
        recorder.record(
            EventOccurrence(
                regarding: cluster.objectReference, type: request.kind == .normal ? .normal : .warning,
                reason: request.reason.rawValue, action: request.reason.action, note: request.note))
    }

    private func metadata(_ key: ResourceKey, _ plan: Plan, _ error: (any Error)?) -> Logger.Metadata {
        var metadata: Logger.Metadata = [
            "namespace": "\(key.namespace)", "cluster": "\(key.name)", "verdict": "\(plan.verdict)",
            "changes": .array(plan.changes.map { "\($0.summary)" }),
        ]
        if let error { metadata["error"] = "\(error)" }
        return metadata
    }
}

extension Duration {
    fileprivate var wholeMilliseconds: Int64 {
        components.seconds * 1_000 + components.attoseconds / 1_000_000_000_000_000
    }
}
