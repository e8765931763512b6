import HighAvailability
import Units

extension Agent {
    /// Lists both kinds and watches them from there, again and again.
    func list() {
        listObjects(pause: 50_000)
        listPods(pause: 50_000)
    }

    private func listObjects(pause: Microseconds) {
        objectWatch = Watch(number: objectWatch.number + 1)
        let number = objectWatch.number
        var snapshot:
            (
                LockRecord?, APIServer.StoredSettings, FailoverRequest?, RestartOrder?, SynchronousState?,
                APIServer.StoredRoute?
            )?
        station.willList()
        world.request(pod, timeout: .seconds(5)) { [self] world -> APIOutcome<Void> in
            snapshot = (
                world.api.lock, world.api.settings, world.api.failover, world.api.restart, world.api.synchronous,
                world.api.route
            )
            // Changes from here on come by the watch, after the list's answer.
            if objectWatch.number == number { objectWatch.isOpen = true }
            return .answered(())
        } _: { [self] outcome in
            guard objectWatch.number == number else { return }
            guard case .answered = outcome, let (lock, settings, failover, restart, synchronous, route) = snapshot
            else {
                return after(pause) { [self] in
                    if objectWatch.number == number { listObjects(pause: min(pause * 2, .seconds(1))) }
                }
            }
            // A list that was under way while we wrote may lack the write.
            guard station.listed(lock, at: now) else { return listObjects(pause: 50_000) }
            take(settings)
            view.failover = failover
            view.restart = restart
            view.synchronous = synchronous
            self.route = route
            hasObjects = true
            objectWatch.isListed = true
            for change in objectWatch.pending { take(change) }
            wake()
        }
    }

    private func listPods(pause: Microseconds) {
        podWatch = Watch(number: podWatch.number + 1)
        let number = podWatch.number
        var snapshot: [Member?] = []
        world.request(pod, timeout: .seconds(5)) { [self] world -> APIOutcome<Void> in
            snapshot = world.api.pods
            if podWatch.number == number { podWatch.isOpen = true }
            return .answered(())
        } _: { [self] outcome in
            guard podWatch.number == number else { return }
            guard case .answered = outcome else {
                return after(pause) { [self] in
                    if podWatch.number == number { listPods(pause: min(pause * 2, .seconds(1))) }
                }
            }
            view.members = [:]
            for case let member? in snapshot { view.members[member.name] = member }
            station.members = view.members
            hasPods = true
            podWatch.isListed = true
            for change in podWatch.pending { take(change) }
            wake()
        }
    }

    /// The server has a change for this watch.
    func notify(_ change: APIServer.Change) {
        let watch = change.isOfPod ? podWatch : objectWatch
        guard watch.isOpen, !watch.isSilent else { return }
        let delay = world.random.next(in: 500...8_000) + world.network.watchDelay
        let time = max(watch.lastDelivery, world.now + delay)
        let (number, isOfPod) = (watch.number, change.isOfPod)
        update(isOfPod) {
            $0.lastDelivery = time
            $0.arriving.append(change)
        }
        after(time - world.now) { [self] in
            guard number == (isOfPod ? podWatch : objectWatch).number else { return }
            let next = update(isOfPod) { $0.arriving.removeFirst() }
            guard world.network.hearsAPI(pod.node) else { return breakWatch(ofPods: isOfPod) }
            if (isOfPod ? podWatch : objectWatch).isListed { return take(next) }
            update(isOfPod) { $0.pending.append(next) }
        }
    }

    private func update<Result>(_ isOfPod: Bool, _ change: (inout Watch) -> Result) -> Result {
        isOfPod ? change(&podWatch) : change(&objectWatch)
    }

    /// The connection is dead, and after a while the client knows.
    func breakWatch(ofPods: Bool, noticedAfter delay: ClosedRange<Int64> = 2_000_000...6_000_000) {
        let number = ofPods ? podWatch.number : objectWatch.number
        if ofPods { podWatch.isSilent = true } else { objectWatch.isSilent = true }
        after(world.random.next(in: delay)) { [self] in
            guard number == (ofPods ? podWatch.number : objectWatch.number) else { return }
            if ofPods { listPods(pause: 50_000) } else { listObjects(pause: 50_000) }
        }
    }

    private func take(_ change: APIServer.Change) {
        switch change {
        case .lock(let record): station.watched(record, at: now)
        case .settings(let settings): take(settings)
        case .failover(let request): view.failover = request
        case .restart(let order): view.restart = order
        case .synchronous(let record): view.synchronous = record
        case .route(let route): self.route = route
        case .pod(let member, let pod):
            view.members[world.name(member)] = pod
            station.members = view.members
        }
        keepRoute()
        wake()
    }

    private func take(_ settings: APIServer.StoredSettings) {
        view.initialization = settings.initialization
        // What cannot be read leaves what this agent knew: the former settings, or in a new life the defaults.
        if !world.areSettingsUnreadable { view.configuration = settings.configuration }
        view.history = settings.history
    }
}
