import ClusterRecords
import HighAvailability
import KubernetesModels
import PostgresClusterAPI

/// Objects and intent in the store.
extension Planner {
    /// Whether nothing of somebody else stands in the way; says what does.
    mutating func isAlone(with foreign: [ObjectKey]) -> Bool {
        // Who has no such object does not mind whose one is: a budget of a single member, a policy that is not wanted.
        let foreign = foreign.filter {
            (spec.instances != 1 || $0.resource != observed.capabilities.podDisruptionBudget)
                && (hasNetworkPolicy || $0.resource != .networkPolicy)
                && (spec.roles?.isEmpty == false || $0 != ObjectKey(ConfigMap.resource, scope.rolesConfigMap))
        }
        guard !foreign.isEmpty else { return true }
        let list = foreign.map(\.description).joined(separator: ", ")
        let verb = foreign.count == 1 ? "exists and belongs" : "exist and belong"
        faults.append(
            Finding(
                reason: .objectNotOurs,
                message: "\(list) \(verb) to somebody else; nothing is changed until that is gone. "
                    + "Remove it if nobody needs it, or give the cluster another name"))
        plan.requeue(after: .seconds(2))
        return false
    }

    /// Holds the resource until the store's objects are gone, too: the agents make those, and no owner reference is on them.
    mutating func planFinalizer() {
        let finalizers = cluster.metadata.finalizers ?? []
        guard !finalizers.contains(OperatorNames.finalizer), !observed.isNamespaceTerminating else { return }
        plan.changes.append(
            .patchMetadata(metadataPatch(of: cluster, finalizers: finalizers + [OperatorNames.finalizer])))
    }

    /// Secrets first and the StatefulSet last, so that no Pod waits for what it mounts.
    mutating func planObjects(replicas: Int) {
        guard planSecrets() else { return }
        planApplicationSecret()
        if liveStatefulSet == nil { event(.created, "Creating cluster \(context.name)") }
        let members = max(replicas, spec.instances, (situation.members.last?.ordinal ?? -1) + 1)
        apply(ServiceAccount.resource, context.serviceAccount())
        let readable = passwordSecrets()
        apply(
            Role.resource,
            context.role(
                memberCount: members, writesRoute: writesRoute, hasRoles: hasRoles, passwordSecrets: readable))
        apply(RoleBinding.resource, context.roleBinding())
        apply(
            ConfigMap.resource,
            context.agentConfigMap(preferring: preferredStandbys(replicas: replicas), writesRoute: writesRoute))
        if hasRoles { apply(ConfigMap.resource, context.rolesConfigMap()) }
        planRolesRevision()
        apply(Service.resource, context.readWriteService(selectsLabel: selectsLabel))
        planRoute()
        apply(Service.resource, context.readOnlyService())
        apply(Service.resource, context.podsService())
        if context.lockObject == .endpoints {
            for service in context.storeServices() { apply(Service.resource, service) }
        }
        planPodDisruptionBudget()
        // Closed before anybody is there; later a peer that Kubernetes refuses must not keep a Pod from being mended.
        if liveStatefulSet == nil { planNetworkPolicy() }
        let image = planImage()
        apply(
            StatefulSet.resource,
            context.statefulSet(
                replicas: replicas, image: image, hasProbePort: hasProbePort(image)))
    }

    /// Passwords are made for a cluster without data alone. The roles of one that has data get theirs when a server starts
    /// as primary, so a new one would lock the replicas out; a copy has those of what it was copied from.
    ///
    /// - Returns: false as long as Pods must not be made: they would mount Secrets that are about to go.
    private mutating func planSecrets() -> Bool {
        let missing = context.secrets().filter { observed.secrets[$0.name]?.isStaying != true }
        guard !missing.isEmpty else { return true }
        // Nobody watches Secrets.
        plan.requeue(after: .seconds(5))
        let list = missing.map(\.name).joined(separator: ", ")
        if spec.remote != nil {
            faults.append(
                Finding(
                    reason: .secretMissing,
                    message: "Create the Secrets \(list) with the usernames and passwords that hold at the remote "
                        + "server; see spec.standby"))
            return true
        }
        guard situation.systemIdentifier == nil, previous.systemIdentifier == nil else {
            faults.append(
                Finding(
                    reason: .secretMissing,
                    message: "Create the Secrets \(list) again, with the usernames and passwords of the database's "
                        + "roles; Pods that still run have them in /etc/matriarch/secrets"))
            return true
        }
        for secret in missing where observed.secrets[secret.name] == nil { plan.changes.append(.createSecret(secret)) }
        return missing.allSatisfy { observed.secrets[$0.name] == nil }
    }

    /// Made again whenever it is gone, with another password: the primary's agent gives the role that one. Nothing waits for
    /// it; Pods start without it.
    ///
    /// A cluster that follows another one cannot change a password.
    private mutating func planApplicationSecret() {
        guard spec.remote == nil, let secret = context.applicationSecret() else { return }
        guard let live = observed.secrets[secret.name] else { return plan.changes.append(.createSecret(secret)) }
        if !live.isStaying { plan.requeue(after: .seconds(5)) }
    }

    /// Whether a Pod that is taken away now could not come back.
    var isSecretMissing: Bool { faults.contains { $0.reason == .secretMissing } }

    private mutating func planPodDisruptionBudget() {
        guard let resource = observed.capabilities.podDisruptionBudget else {
            // Said once, when the cluster is made.
            if liveStatefulSet == nil {
                warn(
                    .groupVersionNotServed,
                    "The API server serves no version of policy.PodDisruptionBudget; evictions are not limited")
            }
            return
        }
        guard spec.instances == 1 else { return apply(resource, context.podDisruptionBudget(resource)) }
        let key = ObjectKey(resource, scope.podDisruptionBudget)
        if let live = observed.objects[key] {
            plan.changes.append(.delete(key, uid: live.value(at: "metadata", "uid")?.stringValue))
        }
    }

    /// Plans to apply `desired` unless the live object has all of it and was applied from the same text.
    private mutating func apply(_ resource: APIResource, _ desired: JSONValue) {
        guard let name = desired.value(at: "metadata", "name")?.stringValue else { return }
        apply(resource, desired, over: observed.objects[ObjectKey(resource, name)])
    }

    /// - Parameter live: the object as it is; nil when it is not there.
    mutating func apply(_ resource: APIResource, _ desired: JSONValue, over live: JSONValue?) {
        guard let name = desired.value(at: "metadata", "name")?.stringValue else { return }
        let key = ObjectKey(resource, name)
        var hash = StableHash()
        hash.combine(desired.serialized())
        var metadata = desired["metadata"] ?? [:]
        var annotations = metadata["annotations"] ?? [:]
        annotations[StoreKey.appliedHash] = .string(hash.hexadecimal)
        metadata["annotations"] = annotations
        var body = desired
        body["metadata"] = metadata
        guard let live else {
            plan.changes.append(.apply(key, body: body))
            return
        }
        if !live.contains(body.keepingFamilies(of: live)) { plan.changes.append(.apply(key, body: body)) }
    }

    /// The dynamic configuration, before any Pod exists and whenever the spec changes it.
    mutating func planStoreConfiguration() {
        let key = ObjectKey(context.storeResource, scope.storeConfiguration)
        let stored = observed.store.configuration
        let current = stored?.annotations[StoreKey.configuration].flatMap { text -> JSONValue? in
            do {
                return try JSONValue(parsing: text)
            } catch {
                // Nobody can use it, so it is written anew.
                return nil
            }
        }
        let wanted = context.configuration(over: current, isNew: stored == nil && !hasData)
        guard wanted != current else { return }
        plan.changes.append(
            .writeStore(
                storeWrite(key, stored, [StoreKey.configuration: wanted.serialized()])))
    }

    private var hasData: Bool { (situation.systemIdentifier ?? previous.systemIdentifier) != nil }

    /// Agents find the store by its label, so one that was taken away is put back.
    mutating func planStoreLabels() {
        for stored in observed.store.objects(of: cluster) where stored.object.labels[Labels.cluster] != context.name {
            var metadata: JSONValue = ["labels": [Labels.cluster: .string(context.name)]]
            if let version = stored.object.resourceVersion { metadata["resourceVersion"] = .string(version) }
            plan.changes.append(
                .writeStore(StoreWrite(key: stored.key, isCreation: false, body: ["metadata": metadata])))
        }
    }

    /// Writes annotations conditional on what was read; a nil removes one.
    func storeWrite(_ key: ObjectKey, _ stored: StoreObject?, _ annotations: [String: String?]) -> StoreWrite {
        guard let stored else {
            var metadata = context.metadata(key.name, component: Component.store)
            metadata["annotations"] = JSONValue(annotations.compactMapValues(\.self))
            return StoreWrite(
                key: key, isCreation: true,
                body: [
                    "apiVersion": .string(key.resource.apiVersion), "kind": .string(key.resource.kind),
                    "metadata": metadata,
                ])
        }
        var metadata: JSONValue = [
            "annotations": .object(annotations.mapValues { $0.map(JSONValue.string) ?? .null })
        ]
        if let version = stored.resourceVersion { metadata["resourceVersion"] = .string(version) }
        return StoreWrite(key: key, isCreation: false, body: ["metadata": metadata])
    }
}

/// Sets the finalizers, if nobody else changed the resource meanwhile.
func metadataPatch(of cluster: PostgresCluster, finalizers: [String]) -> JSONValue {
    var metadata: JSONValue = ["finalizers": JSONValue(finalizers)]
    if let version = cluster.metadata.resourceVersion { metadata["resourceVersion"] = .string(version) }
    return ["metadata": metadata]
}

extension ObjectMeta {
    fileprivate var isStaying: Bool { deletionTimestamp == nil }
}
