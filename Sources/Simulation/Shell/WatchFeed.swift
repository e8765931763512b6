import ClusterStore
import KubernetesModels

/// What an agent's two watches show it: lists, then changes, in order, late, sometimes silent, sometimes broken.
final class WatchFeed {
    private unowned let life: AgentLife
    private let watch: ClusterWatch
    private var objects = Connection()
    private var pods = Connection()

    private struct Connection {
        var number = 0
        var isOpen = false
        var isSilent = false
        /// The list it begins with was answered; changes before that wait.
        var isListed = false
        var pending: [ObjectServer.Change] = []
        var lastDelivery: Microseconds = 0
        /// On the way, in the order they happened: one connection carries them, also to an agent that was frozen meanwhile.
        var arriving: [ObjectServer.Change] = []
    }

    init(_ life: AgentLife, _ watch: ClusterWatch) {
        self.life = life
        self.watch = watch
    }

    private var world: World { life.world }

    func open() {
        list(ofPods: false, pause: 50_000)
        list(ofPods: true, pause: 50_000)
    }

    private func update<Result>(_ isOfPods: Bool, _ change: (inout Connection) -> Result) -> Result {
        isOfPods ? change(&pods) : change(&objects)
    }

    private func list(ofPods isOfPods: Bool, pause: Microseconds) {
        let number = update(isOfPods) { connection in
            connection = Connection(number: connection.number + 1)
            return connection.number
        }
        if !isOfPods { watch.willListObjects() }
        var (metadata, members): ([ObjectMeta], [PodObject]) = ([], [])
        world.request(life.pod, timeout: 2_500_000) { [self] world -> APIOutcome<Void> in
            metadata = world.objects.objects.sorted { $0.key < $1.key }.map(\.value)
            members = world.objects.pods.sorted { $0.key < $1.key }.map(\.value)
            update(isOfPods) { if $0.number == number { $0.isOpen = true } }
            return .answered(())
        } _: { [self] outcome in
            guard !life.isOver, update(isOfPods, { $0.number }) == number else { return }
            var isTaken = false
            if case .answered = outcome {
                if isOfPods {
                    watch.take(members)
                    isTaken = true
                } else {
                    isTaken = watch.take(metadata)
                }
            }
            guard isTaken else {
                return world.schedule(after: pause, life.owner) { [self] in
                    guard update(isOfPods, { $0.number }) == number else { return }
                    list(ofPods: isOfPods, pause: min(pause * 2, .seconds(1)))
                }
            }
            let waiting = update(isOfPods) { connection in
                connection.isListed = true
                defer { connection.pending = [] }
                return connection.pending
            }
            for change in waiting { take(change) }
        }
    }

    /// The server has a change for this agent.
    func notify(_ change: ObjectServer.Change) {
        if case .slice = change { return life.slices?.notify(change) ?? () }
        let isOfPods = change.isOfPod
        let connection = isOfPods ? pods : objects
        guard connection.isOpen, !connection.isSilent else { return }
        let delay = world.random.next(in: 500...8_000) + world.network.watchDelay
        let time = max(connection.lastDelivery, world.now + delay)
        update(isOfPods) {
            $0.lastDelivery = time
            $0.arriving.append(change)
        }
        let number = connection.number
        world.schedule(after: time - world.now, life.owner) { [self] in
            guard update(isOfPods, { $0.number }) == number else { return }
            let next = update(isOfPods) { $0.arriving.removeFirst() }
            guard world.network.hearsAPI(life.pod.node) else { return breakWatch(ofPods: isOfPods) }
            if update(isOfPods, { $0.isListed }) { return take(next) }
            update(isOfPods) { $0.pending.append(next) }
        }
    }

    /// The connection is dead, and after a while the client knows.
    func breakWatch(ofPods isOfPods: Bool, noticedAfter delay: ClosedRange<Int64> = 2_000_000...6_000_000) {
        let number = update(isOfPods) { connection in
            connection.isSilent = true
            return connection.number
        }
        world.schedule(after: world.random.next(in: delay), life.owner) { [self] in
            guard update(isOfPods, { $0.number }) == number else { return }
            list(ofPods: isOfPods, pause: 50_000)
        }
    }

    private func take(_ change: ObjectServer.Change) {
        switch change {
        case .object(let object): watch.store(object)
        case .objectIsGone(let object): watch.remove(object)
        case .pod(let pod): watch.store(pod)
        case .podIsGone(let pod): watch.remove(pod)
        case .slice: break
        }
    }
}

extension ObjectServer.Change {
    fileprivate var isOfPod: Bool {
        switch self {
        case .pod, .podIsGone: true
        case .object, .objectIsGone, .slice: false
        }
    }
}
