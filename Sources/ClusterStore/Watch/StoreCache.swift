import ClusterRecords
import HighAvailability
import KubernetesModels

/// The store's objects as they were seen last, and what they say.
///
/// A value without a connection. What is decided about the lock is not read from here but from ``LockDesk``: this is what the
/// watch shows, passed over versions left out.
struct StoreCache {
    private struct StoredObject: Hashable {
        var version: String
        var annotations: [String: String]
    }

    private let scope: Scope
    private let lockObject: LockObject
    private var objects: [String: StoredObject] = [:]
    private(set) var isListed = false
    private var configuration: (text: String?, value: DynamicConfiguration, problems: [Problem])?
    /// What the objects say, as long as they are the same; nil: nobody has asked since they changed.
    private var said: ClusterView?
    /// What of them cannot be read, in the same way.
    private var unreadable: [Problem]?

    init(scope: Scope, lockObject: LockObject) {
        self.scope = scope
        self.lockObject = lockObject
    }

    // MARK: What is seen

    mutating func replace(with list: [ObjectMeta]) {
        objects = [:]
        (said, unreadable) = (nil, nil)
        isListed = true
        for metadata in list { put(metadata) }
    }

    mutating func put(_ metadata: ObjectMeta) {
        guard let name = metadata.name else { return }
        put(name, version: metadata.resourceVersion ?? "", annotations: metadata.annotations ?? [:])
    }

    /// - Parameter annotations: nil: there is no such object.
    mutating func put(_ name: String, version: String, annotations: [String: String]?) {
        let object = annotations.map { StoredObject(version: version, annotations: $0) }
        // Renewals of the lock are what changes most often, and nothing of them is in here.
        if name != scope.storeLeader(lockObject), objects[name] != object { said = nil }
        unreadable = nil
        objects[name] = object
    }

    // MARK: What it says

    /// The view without the lock and the members, which others know.
    ///
    /// Read once for each change: whoever of an agent wants to know one thing of the store asks for all of it.
    mutating func view() -> ClusterView {
        if let said { return said }
        let settings = annotations(scope.storeConfiguration) ?? [:]
        let view = ClusterView(
            initialization: Initialization(annotations: settings),
            configuration: read(settings[StoreKey.configuration]),
            failover: annotations(scope.storeFailover).flatMap { FailoverRequest(annotations: $0) },
            restart: settings[StoreKey.restart].flatMap { RestartOrder(annotation: $0) },
            reinitialize: settings[StoreKey.reinitialize].flatMap { ReinitializeOrder(annotation: $0) },
            synchronous: objects[scope.storeSynchronization].map {
                SynchronousState(version: $0.version, annotations: $0.annotations)
            },
            history: TimelineSwitch.list(annotation: settings[StoreKey.history]))
        said = view
        return view
    }

    /// The configuration a text means; what cannot be read in it leaves what was known before.
    private mutating func read(_ text: String?) -> DynamicConfiguration {
        if let configuration, configuration.text == text { return configuration.value }
        let former = configuration?.value ?? DynamicConfiguration()
        let (value, problems) = DynamicConfiguration.reading(annotation: text, former: former)
        configuration = (text, value, problems)
        return value
    }

    /// What is wrong with the stored configuration, as it was read last.
    var configurationProblems: [Problem] { configuration?.problems ?? [] }

    /// What else cannot be read.
    mutating func problems() -> [Problem] {
        if let unreadable { return unreadable }
        let found = StoreProblems(
            in: scope, lockObject: lockObject, leader: annotations(scope.storeLeader(lockObject)),
            synchronization: annotations(scope.storeSynchronization),
            configuration: annotations(scope.storeConfiguration)
        ).problems
        unreadable = found
        return found
    }

    /// One annotation of the configuration's object.
    func setting(_ key: String) -> String? { annotations(scope.storeConfiguration)?[key] }

    private func annotations(_ name: String) -> [String: String]? { objects[name]?.annotations }
}
