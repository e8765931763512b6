import ClusterRecords
import HighAvailability
import KubernetesModels
import PostgresClusterAPI

/// How clients are led to the primary: by an EndpointSlice the leader writes, or in clusters of an earlier version by a label
/// the Service selects, until the leader's slice is there.
extension Planner {
    /// The agents are asked for the EndpointSlice.
    var writesRoute: Bool { context.lockObject == .configMap && observed.capabilities.endpointSlice != nil }

    /// The Service selects the leader's label.
    ///
    /// It does in a cluster of an earlier version until its leader has written the slice, and again when a member leads whose
    /// image is of an earlier version: the agents of those write none. Whatever else becomes of the slice, the leader
    /// restores it.
    var selectsLabel: Bool {
        guard context.lockObject == .configMap else { return false }
        guard writesRoute else { return true }
        guard let service = liveService, leadersSlice == nil else { return false }
        return !isRoutedBySlice(service) || isLedWithoutRoute
    }

    /// The leader serves, and says of itself that it writes no route.
    private var isLedWithoutRoute: Bool { situation.primary.map { !$0.record.writesRoute } ?? false }

    private var liveService: JSONValue? {
        observed.objects[ObjectKey(Service.resource, scope.readWriteService)]
    }

    private func isRoutedBySlice(_ service: JSONValue) -> Bool {
        service["metadata"]?["annotations"]?[StoreKey.route]?.stringValue == StoreKey.routeBySlice
    }

    /// A slice the leader wrote under the lock it holds now, which leads to its Pod.
    private var leadersSlice: AgentSlice? {
        guard let leader = situation.leadingMember, let lock = situation.lock, lock.hasReadableEpoch else { return nil }
        return observed.route.slices.compactMap(AgentSlice.init).first {
            $0.reign.holder?.member == leader.name && $0.reign.epoch == lock.epoch && $0.pods == [leader.uid]
        }
    }

    /// What stands beside the leader's slice.
    mutating func planRoute() {
        if observed.capabilities.endpointSlice == nil, context.lockObject == .configMap, liveStatefulSet == nil {
            // Said once, when the cluster is made.
            warn(
                .groupVersionNotServed,
                "The API server serves no version of discovery.k8s.io.EndpointSlice; the read-write Service follows a label"
            )
        }
        guard writesRoute, let service = liveService else { return }
        if isLedWithoutRoute, selectsLabel {
            removeStaleSlices(service)
        } else if !isRoutedBySlice(service) {
            // It is taken off in this plan, or nobody tells of the slice it waits for but the lock's next holder.
            plan.requeue(after: selectsLabel ? .seconds(30) : .seconds(2))
        } else if service.value(at: "spec", "selector") != nil {
            removeSelector(service)
        } else {
            removeFormerRoutes()
        }
        withdrawDeadRoute()
    }

    /// Beside a selector a slice nobody moves any more leads clients to a member that led once. It goes when the label leads.
    private mutating func removeStaleSlices(_ service: JSONValue) {
        let stale = observed.route.slices.compactMap(AgentSlice.init)
        guard let resource = observed.capabilities.endpointSlice, !stale.isEmpty else {
            return plan.requeue(after: isRoutedBySlice(service) ? .seconds(2) : .seconds(30))
        }
        plan.requeue(after: .seconds(2))
        guard !isRoutedBySlice(service),
            observed.route.slices.contains(where: { manager(of: $0) == EndpointSliceLabel.managedByController })
        else { return }
        for slice in stale { plan.changes.append(.delete(ObjectKey(resource, slice.name), uid: slice.uid)) }
    }

    /// An apply gives up what it applied before; a selector of somebody else's it leaves.
    private mutating func removeSelector(_ service: JSONValue) {
        var body: JSONValue = ["spec": ["selector": .null]]
        if let version = service.value(at: "metadata", "resourceVersion") {
            body["metadata"] = ["resourceVersion": version]
        }
        plan.changes.append(.patch(ObjectKey(Service.resource, scope.readWriteService), body: body))
        plan.requeue(after: .seconds(2))
    }

    /// Removes what Kubernetes leaves behind when a Service loses its selector: the slices of its controller, and the Endpoints
    /// object, which it would from then on copy into slices of its own.
    ///
    /// Only beside the leader's slice, so that there is a route at every moment; and only from a Service that has no selector
    /// any more, whose controller would make them again.
    private mutating func removeFormerRoutes() {
        guard let resource = observed.capabilities.endpointSlice else { return }
        let former = observed.route.slices.filter { manager(of: $0) == EndpointSliceLabel.managedByController }
        let isMirrored = observed.route.slices.contains { manager(of: $0) == EndpointSliceLabel.managedByMirroring }
        // One that says who leads is, or was, a lock: not one of the controller's.
        let endpoints = observed.route.endpoints.flatMap { $0.annotations?[StoreKey.leader] == nil ? $0 : nil }
        guard !former.isEmpty || isMirrored || endpoints != nil else { return }
        plan.requeue(after: .seconds(2))
        guard leadersSlice != nil else { return }
        // First what would be copied.
        if let endpoints {
            plan.changes.append(
                .delete(ObjectKey(Endpoints.resource, scope.readWriteService), uid: endpoints.uid))
        }
        for slice in former {
            guard let name = slice.value(at: "metadata", "name")?.stringValue else { continue }
            plan.changes.append(
                .delete(ObjectKey(resource, name), uid: slice.value(at: "metadata", "uid")?.stringValue))
        }
    }

    /// Empties the slice of a leader that let the lock go to nobody and whose Pod is gone: its address may be given to
    /// somebody else's Pod before anybody leads again.
    private mutating func withdrawDeadRoute() {
        guard situation.leader == nil, let resource = observed.capabilities.endpointSlice else { return }
        let present = Set(situation.members.compactMap(\.uid))
        for slice in observed.route.slices.compactMap(AgentSlice.init)
        where !slice.pods.isEmpty && slice.pods.isDisjoint(with: present) {
            guard let version = slice.resourceVersion else { continue }
            plan.changes.append(
                .patch(
                    ObjectKey(resource, slice.name),
                    body: ["metadata": ["resourceVersion": .string(version)], "endpoints": []]))
        }
    }

    private func manager(of slice: JSONValue) -> String? {
        slice["metadata"]?["labels"]?[EndpointSliceLabel.managedBy]?.stringValue
    }
}
