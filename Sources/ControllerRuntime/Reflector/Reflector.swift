import KubernetesClient
public import KubernetesModels
public import Logging
import Observability

/// Keeps a ``Store`` equal to what the API server has, and tells handlers about every difference.
///
/// - Guarantees: handlers see each change once and in order for one object; after a gap (410) they see the differences
///   between what was known and what is.
/// - Requires: handlers return quickly; they run in the reflector's task.
public final class Reflector<R: KubernetesResource, C: Clock<Duration>>: Sendable {
    public typealias Handler = @Sendable (StoreChange<R>) -> Void

    public let store: Store<R>
    private let watcher: ResourceWatcher<R, C>

    /// - Parameters:
    ///   - name: for logs and metrics.
    ///   - random: from 0 to 1, spreads pauses.
    public init(
        name: String = R.resource.plural, source: ResourceSource<R>, store: Store<R> = Store(), clock: C,
        pacing: WatchPacing = WatchPacing(), metrics: ReflectorMetrics? = nil,
        logger: Logger = Logger(label: "matriarch.reflector"),
        random: @escaping @Sendable () -> Double = { .random(in: 0...1) }, handlers: [Handler] = []
    ) {
        self.store = store
        @Sendable func tell(_ changes: [StoreChange<R>]) {
            for change in changes { for handler in handlers { handler(change) } }
            metrics?.objects.set(name, to: Double(store.count))
        }
        watcher = ResourceWatcher(
            name: name, source: source, clock: clock, pacing: pacing, metrics: metrics, logger: logger, random: random
        ) { list in
            tell(store.replace(with: list))
            return true
        } changed: { event in
            switch event {
            case .added(let object), .modified(let object): tell(store.upsert(object).map { [$0] } ?? [])
            case .deleted(let object): tell([store.remove(object)])
            case .bookmark: break
            }
        }
    }

    /// Lists and watches until the task is cancelled.
    public func run() async {
        await watcher.run()
    }
}
