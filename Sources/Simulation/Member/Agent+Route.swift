import HighAvailability

/// The route of the read-write Service, as the agent's own keeper of it does it.
extension Agent {
    /// Leads the Service here while this member holds the lock. Beside everything else: nothing waits for it.
    func keepRoute() {
        guard !isWritingRoute, hasObjects, standing().isMine, let reign = station.reign else {
            return
        }
        switch judgeRoute(foundRoute, under: reign, isLockRead: false) {
        case .rest, .yield: return
        case .write(let version): writeRoute(over: version, under: reign)
        case .readLock: readLock(heldIn: reign)
        }
    }

    private var foundRoute: FoundRoute? {
        route.map { FoundRoute(version: $0.version, reign: $0.reign, isAsWanted: $0.pod == pod.index) }
    }

    private func writeRoute(over version: String?, under reign: Reign) {
        isWritingRoute = true
        let target = pod.index
        world.request(pod, timeout: 2_500_000) { world in
            world.writeRoute(over: version, to: target, under: reign)
        } _: { [self] outcome in
            switch outcome {
            case .answered(let written):
                route = written
                isWritingRoute = false
                keepRoute()
            case .conflict: readRoute(after: 0)
            case .refused, .silent: readRoute(after: 50_000)
            }
        }
    }

    /// The route was written under another lock object: a live read shows which of the two there is.
    private func readLock(heldIn reign: Reign) {
        isWritingRoute = true
        world.request(pod, timeout: 2_500_000) { world in
            .answered(world.api.lock)
        } _: { [self] outcome in
            guard case .answered(let record) = outcome, record.flatMap(Reign.init) == reign,
                case .write(let version) = judgeRoute(foundRoute, under: reign, isLockRead: true)
            else { return readRoute(after: 500_000) }
            writeRoute(over: version, under: reign)
        }
    }

    /// Whatever became of a write, what there is now decides.
    private func readRoute(after pause: Microseconds) {
        after(pause) { [self] in
            world.request(pod, timeout: 2_500_000) { world in
                .answered(world.api.route)
            } _: { [self] outcome in
                guard case .answered(let read) = outcome else { return readRoute(after: 200_000) }
                route = read
                isWritingRoute = false
                keepRoute()
            }
        }
    }
}
