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
    let metrics: OperatorMetrics
    private let logger = Logger(label: "matriarch.operator")

    init(access: ClusterAccess, recorder: EventRecorder<ContinuousClock>, metrics: OperatorMetrics) {
        self.access = access
        self.recorder = recorder
        self.metrics = metrics
    }

    func reconcile(_ key: ResourceKey) async throws -> ReconcileResult {
        let started = ContinuousClock.now
        guard let cluster = try await access.cluster(key) else {
            metrics.forget(namespace: key.namespace, cluster: key.name)
            return .done
        }
        let observed: Observed
        do {
            observed = try await access.observe(cluster)
        } catch {
            await report(error, doing: "read the cluster's objects", of: cluster)
            throw error
        }
        let read = ContinuousClock.now
        let plan = plan(desired: cluster, observed: observed, now: .now())
        do {
            try await carryOut(plan, on: cluster)
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
    private func carryOut(_ plan: Plan, on cluster: PostgresCluster) async throws {
        var status = cluster.status
        for change in plan.changes {
            do {
                if let updated = try await access.carryOut(change, on: cluster) { status = updated.status }
                metrics.carriedOut(change.name, "done")
            } catch {
                metrics.carriedOut(change.name, "failed")
                await report(error, doing: change.summary, of: cluster)
                throw error
            }
        }
        for case .event(let request) in plan.changes {
            record(
                request.kind == .normal ? .normal : .warning, request.reason.rawValue, request.reason.action,
                request.note, about: cluster)
        }
        if let status {
            metrics.show(
                namespace: cluster.metadata.namespace ?? "", cluster: cluster.metadata.name ?? "", status)
        }
    }

    /// Says in the resource's status and an Event what the API server refuses, once per refusal.
    private func report(_ error: any Error, doing what: String, of cluster: PostgresCluster) async {
        guard let report = FailureReport(error, doing: what, on: cluster, now: .now()),
            let status = report.status
        else { return }
        record(.warning, FailureReport.event.rawValue, FailureReport.event.action, report.message, about: cluster)
        do {
            try await access.write(status, to: cluster)
        } catch {
            // The next attempt fails the same way and says it then.
            logger.warning(
                "cannot report a failure in the status",
                metadata: ["cluster": "\(ResourceKey(cluster.metadata))", "error": "\(error)"])
        }
    }

    private func record(
        _ type: EventType, _ reason: String, _ action: String, _ note: String, about cluster: PostgresCluster
    ) {
        recorder.record(
            EventOccurrence(
                regarding: cluster.objectReference, type: type, reason: reason, action: action, note: note))
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
