import ClusterStore
import KubernetesModels

/// One watch of an EndpointSlice: changes in order and late, until it breaks off.
final class SliceFeed: @unchecked Sendable {
    private unowned let life: AgentLife
    private let name: String
    /// Ends when the watch does.
    let changes: AsyncStream<StoredRoute?>
    private let feed: AsyncStream<StoredRoute?>.Continuation
    private var isSilent = false
    private var lastDelivery: Microseconds = 0
    private var arriving: [JSONValue?] = []

    init(_ life: AgentLife, _ name: String) {
        self.life = life
        self.name = name
        (changes, feed) = AsyncStream.makeStream()
    }

    private var world: World { life.world }

    /// The server has a change for this agent.
    func notify(_ change: ObjectServer.Change) {
        guard case .slice(name, let slice) = change, !isSilent else { return }
        let delay = world.random.next(in: 500...8_000) + world.network.watchDelay
        let time = max(lastDelivery, world.now + delay)
        lastDelivery = time
        arriving.append(slice)
        world.schedule(after: time - world.now, life.owner) { [self] in
            let next = arriving.removeFirst()
            guard world.network.hearsAPI(life.pod.node) else { return breakOff() }
            if !isSilent { feed.yield(next.map(StoredRoute.init)) }
        }
    }

    /// The connection is dead, and after a while the client knows.
    func breakOff(noticedAfter delay: ClosedRange<Int64> = 2_000_000...6_000_000) {
        guard !isSilent else { return }
        isSilent = true
        world.schedule(after: world.random.next(in: delay), life.owner) { [feed] in feed.finish() }
    }
}
