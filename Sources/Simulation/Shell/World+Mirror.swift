import ClusterRecords
import HighAvailability
import KubernetesModels
import Units

/// What the checks and the faults go by, read from what the shipping agents write; and what people and the operator write, in
/// the form in which the agents read it.
extension World {
    // MARK: Reading

    /// Tells every watch of a shipping agent, and takes in what has changed.
    func tell(_ change: ObjectServer.Change) {
        for pod in pods { pod.agent?.notify(change) }
        switch change {
        case .object(let object): mirror(object)
        case .objectIsGone(let object) where object.name == AgentLife.scope.storeLeader(.configMap): api.lock = nil
        case .objectIsGone: break
        case .pod(let pod): mirror(pod)
        case .podIsGone: break
        case .slice(let name, let slice) where name == AgentLife.scope.routeSlice(.ipv4): mirrorRoute(slice)
        case .slice: break
        }
    }

    private func mirror(_ object: ObjectMeta) {
        let scope = AgentLife.scope
        let annotations = object.annotations ?? [:]
        switch object.name ?? "" {
        case scope.storeLeader(.configMap):
            let record = LockRecord(
                version: object.resourceVersion ?? "", objectUID: object.uid, annotations: annotations)
            let former = api.lock
            api.lock = record
            if let holder = record.identity, holder != former?.identity { begin(holder, over: former) }
        case scope.storeConfiguration:
            api.settings.initialization = Initialization(annotations: annotations)
            api.settings.history = TimelineSwitch.list(annotation: annotations[StoreKey.history])
            api.restart = annotations[StoreKey.restart].flatMap { RestartOrder(annotation: $0) }
            api.reinitialize = annotations[StoreKey.reinitialize].flatMap { ReinitializeOrder(annotation: $0) }
        case scope.storeFailover: api.failover = FailoverRequest(annotations: annotations)
        case scope.storeSynchronization:
            let state = SynchronousState(version: object.resourceVersion ?? "", annotations: annotations)
            note("record: leader \(state.leader ?? "-"), \(state.members.sorted()), quorum \(state.quorum)")
            api.synchronous = state
            checkSynchronousSet()
        case _: break
        }
    }

    private func mirror(_ pod: PodObject) {
        guard let name = pod.metadata.name, let index = RunPlan.names.firstIndex(of: name),
            let member = Member(pod: pod, container: MemberPod.container)
        else { return }
        api.pods[index] = member
    }

    /// - Invariant: the route never goes back to an earlier reign, nor to one by a lock object that was deleted since.
    private func mirrorRoute(_ slice: JSONValue?) {
        // Only who removes it by hand has it forgotten.
        guard let slice else {
            api.route = nil
            return
        }
        let annotation = slice.value(at: "metadata", "annotations")?[StoreKey.reign]?.stringValue
        guard let uid = slice["endpoints"]?.arrayValue?.first?.value(at: "targetRef", "uid")?.stringValue,
            let target = pods.firstIndex(where: { $0.uid == uid }), let reign = annotation.flatMap({ Reign($0) })
        else { return }
        if let former = api.route, isEarlier(reign, than: former.reign) {
            violate(.routeWentBack, "from epoch \(former.reign.epoch) to \(reign.epoch)")
        }
        api.route = StoredState.Route(reign: reign, pod: target)
    }

    /// Objects are numbered in the order they were made.
    private func isEarlier(_ reign: Reign, than other: Reign) -> Bool {
        func number(_ uid: String) -> Int { Int(uid.drop { !$0.isNumber }) ?? 0 }
        guard reign.objectUID == other.objectUID else { return number(reign.objectUID) < number(other.objectUID) }
        return reign.epoch < other.epoch
    }

    /// - Invariant: no two members can believe in the lock at one instant, by their own clocks.
    private func begin(_ holder: HolderIdentity, over former: LockRecord?) {
        guard let own = pods.first(where: { $0.uid == holder.podUID }) else { return }
        own.wasNamedHeir = former?.heir == holder.member
        note("\(holder.member): the lock is its own, epoch \(api.lock?.epoch ?? 0)")
        for other in pods where other !== own && other.agent?.holdsLock == true {
            // Who has sent his release has no primary any more; that the answer was lost harms nobody.
            let mayWrite =
                other.server.hasPostmaster && ![.standby, .startingStandby].contains(other.server.process)
            if other.agent?.isReleasing == true, !mayWrite { continue }
            violate(
                .twoHolders,
                "\(holder.member) (Pod \(own.index)) took the lock while Pod \(other.index) may still hold it as its own"
            )
        }
    }

    // MARK: Writing

    /// The settings as they are now, or what nobody can read.
    func writeSettings() {
        let text = areSettingsUnreadable ? "{" : api.settings.configuration.json().serialized()
        write(AgentLife.scope.storeConfiguration, [StoreKey.configuration: text])
    }

    /// - Parameter request: nil takes back the one that stands.
    func write(_ request: FailoverRequest?) {
        write(AgentLife.scope.storeFailover, request?.annotations ?? FailoverRequest.noAnnotations)
    }

    func write(_ order: RestartOrder?) {
        write(AgentLife.scope.storeConfiguration, [StoreKey.restart: order?.annotation])
    }

    func write(_ order: ReinitializeOrder?) {
        write(AgentLife.scope.storeConfiguration, [StoreKey.reinitialize: order?.annotation])
    }

    /// A holder that never renews, over the version that is there.
    func write(_ ghost: HolderIdentity, over record: LockRecord) {
        let claim = LockClaim(identity: ghost, ttl: record.ttl ?? plan.timings.ttl, timeline: nil, position: nil)
        write(
            AgentLife.scope.storeLeader(.configMap),
            claim.acquisition(over: record, time: "2026-01-01T00:00:00.\(now)+00:00"))
    }

    func takeNameOff() {
        guard api.lock?.leader != nil else { return }
        write(AgentLife.scope.storeLeader(.configMap), [StoreKey.leader: nil])
    }

    func deleteLockObject() {
        guard let gone = objects.delete(AgentLife.scope.storeLeader(.configMap)) else { return }
        tell(.objectIsGone(gone))
    }

    /// Somebody removes the route's object by hand.
    func deleteRoute() {
        let name = AgentLife.scope.routeSlice(.ipv4)
        if objects.deleteSlice(name) { tell(.slice(name, nil)) }
    }

    private func write(_ name: String, _ annotations: [String: String?]) {
        do throws(WorldFailure) {
            let object =
                objects.objects[name] == nil
                ? try objects.create(name, annotations.compactMapValues { $0 })
                : try objects.patch(name, annotations, over: nil)
            tell(.object(object))
        } catch {
            note("\(name) was not written: \(error)")
        }
    }
}
