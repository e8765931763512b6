import ClusterRecords
public import KubernetesModels
public import PostgresClusterAPI

/// Decides what to do about one cluster.
///
/// Level-triggered: only what is there now counts, not how it came about. A plan made from the state it led to is empty.
///
/// - Parameters:
///   - cluster: the resource, read live: its status holds the marks that keep a request from being carried out twice.
///   - observed: everything else the shell read.
///   - now: written into status and compared with times in it; nothing that keeps data safe depends on it.
public func plan(desired cluster: PostgresCluster, observed: Observed, now: Timestamp) -> Plan {
    // Times in Kubernetes objects have seconds.
    let now = Timestamp(secondsSince1970: now.microsecondsSince1970 / 1_000_000)
    let belongings = Belongings(observed, of: cluster)
    if cluster.metadata.deletionTimestamp != nil {
        return deletionPlan(cluster, observed: belongings.own)
    }
    var problems = validate(cluster, previous: cluster.status)
    guard case .success(let spec) = cluster.spec else {
        return rejectionPlan(cluster, observed: belongings.own, problems: problems, now: now)
    }
    var context = ClusterContext(cluster, spec: spec)
    problems += fixedFieldProblems(context, observed: belongings.own)
    problems += fixedFamilyProblems(context, observed: belongings.own)
    let situation = ClusterSituation(
        scope: context.scope, observed: belongings.own, overrides: spec.instanceOverrides ?? [], now: now)
    context.application = context.madeWithApplication(
        in: belongings.own, hasData: (situation.systemIdentifier ?? cluster.status?.systemIdentifier) != nil)
    problems += roleProblems(context)
    var planner = Planner(
        cluster: cluster, context: context, observed: belongings.own, situation: situation, now: now)
    if !problems.isEmpty {
        planner.followHandover()
        planner.followSwitchover()
    } else if planner.isAlone(with: belongings.foreign) {
        planner.planFinalizer()
        planner.planStoreConfiguration()
        planner.planStoreLabels()
        planner.followHandover()
        planner.planSwitchover()
        planner.planRestart()
        planner.planReinitialize()
        let replicas = planner.planReplicas()
        planner.planObjects(replicas: replicas)
        if !planner.isSecretMissing { planner.planRollout(replicas: replicas) }
        if planner.liveStatefulSet != nil { planner.planNetworkPolicy() }
    }
    planner.planEndOfConsent()
    planner.planStatus(problems: problems)
    return planner.plan
}

/// What a StatefulSet cannot change once it exists; servers with CEL have refused it already.
private func fixedFieldProblems(_ context: ClusterContext, observed: Observed) -> [SpecProblem] {
    let live = observed.objects[ObjectKey(StatefulSet.resource, context.scope.statefulSet)]
    guard let claim = live?.value(at: "spec", "volumeClaimTemplates")?[0] else { return [] }
    let storage = context.spec.storage
    var problems: [SpecProblem] = []
    if let text = claim.value(at: "spec", "resources", "requests", "storage")?.stringValue, let made = Quantity(text),
        made.value != storage.size.value
    {
        problems.append(
            SpecProblem(
                path: "spec.storage.size", value: storage.size.text,
                message: "cannot change yet; the volumes were made with \(made)", source: .knowledge(.history)))
    }
    let made = claim.value(at: "spec", "storageClassName")?.stringValue
    if made != storage.storageClassName {
        problems.append(
            SpecProblem(
                path: "spec.storage.storageClassName", value: storage.storageClassName,
                message: "\(StorageSpec.keepsStorageClass.message); they were made with "
                    + (made ?? "the default class"), source: .knowledge(.history)))
    }
    return problems
}

/// A Service keeps the first family it was made with, also one that nobody had asked for then.
private func fixedFamilyProblems(_ context: ClusterContext, observed: Observed) -> [SpecProblem] {
    guard let wanted = context.spec.service?.ipFamilies?.first else { return [] }
    let services = [context.scope.readWriteService, context.scope.readOnlyService]
    let made = services.lazy.compactMap { name in
        observed.objects[ObjectKey(Service.resource, name)]?.value(at: "spec", "ipFamilies")?[0]?.stringValue
    }
    guard let other = made.first(where: { $0 != wanted.rawValue }) else { return [] }
    return [
        SpecProblem(
            path: "spec.service.ipFamilies[0]", value: wanted.rawValue,
            message: "cannot change; the Services were made with \(other)")
    ]
}

/// The state of one planning; each step adds its changes and what status should say of it.
struct Planner {
    let cluster: PostgresCluster
    let context: ClusterContext
    let observed: Observed
    let now: Timestamp
    let situation: ClusterSituation
    let previous: PostgresClusterStatus
    var plan = Plan()
    var status: PostgresClusterStatus
    /// Why the operator is not done yet, most important first: reason and sentence.
    var progress: [Finding] = []
    /// What is broken, most important first.
    var faults: [Finding] = []
    /// The image in the spec has another major version than the data.
    var majorVersionChange: Finding?

    /// A reason for a condition.
    struct Finding: Sendable, Hashable {
        var reason: ConditionReason
        var message: String
    }

    init(
        cluster: PostgresCluster, context: ClusterContext, observed: Observed, situation: ClusterSituation,
        now: Timestamp
    ) {
        self.cluster = cluster
        self.context = context
        self.observed = observed
        self.situation = situation
        self.now = now
        previous = cluster.status ?? PostgresClusterStatus()
        status = previous
    }

    var spec: PostgresClusterSpec { context.spec }
    var scope: Scope { context.scope }

    /// The live StatefulSet; nil before it was made.
    var liveStatefulSet: JSONValue? { observed.objects[ObjectKey(StatefulSet.resource, scope.statefulSet)] }

    mutating func event(_ reason: EventReason, _ note: String) {
        plan.changes.append(.event(EventRequest(kind: .normal, reason: reason, note: note)))
    }

    mutating func warn(_ reason: EventReason, _ note: String) {
        plan.changes.append(.event(EventRequest(kind: .warning, reason: reason, note: note)))
    }
}
