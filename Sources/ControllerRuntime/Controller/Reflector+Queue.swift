import KubernetesModels

extension Reflector {
    /// A handler that queues the keys an object maps to.
    ///
    /// - Parameters:
    ///   - delay: collects bursts of changes of the same resource into one reconcile; zero for changes somebody waits for.
    ///   - filter: false leaves a change out, such as one of a status that nobody reads.
    ///   - keys: see ``EventMapping``. For a changed object both its old and its new keys are queued.
    public static func enqueue<Q: Clock<Duration>>(
        to queue: WorkQueue<ResourceKey, Q>, after delay: Duration = .zero,
        where filter: @escaping @Sendable (StoreChange<R>) -> Bool = { _ in true },
        keys: @escaping @Sendable (R) -> [ResourceKey]
    ) -> Handler {
        { change in
            guard filter(change) else { return }
            var wanted = Set(keys(change.object))
            if case .updated(let old, _) = change { wanted.formUnion(keys(old)) }
            for key in wanted.sorted() { queue.add(key, after: delay) }
        }
    }
}
