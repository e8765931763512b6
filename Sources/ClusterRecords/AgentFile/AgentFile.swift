public import HighAvailability
public import KubernetesModels
public import PostgresConfiguration

/// The agent file: what the cluster's resource says to the agents and not through the store.
///
/// The operator writes it into a ConfigMap that is mounted into each Pod; its form is our own, but for Patroni's tags and
/// `watchdog`.
public struct AgentFile: Sendable, Hashable {
    /// Name of the file, and of its key in the ConfigMap.
    public static let name = "agent.json"

    /// Keys and where the resource has them, as far as a version of PostgreSQL may refuse a value the file can have: see
    /// ``PostgresConfiguration/InitdbOptions/arguments(in:)``.
    ///
    /// What is wrong with the file itself keeps the file's words, with its path in front: the operator checks what the
    /// resource has, so somebody has written into the file, and looks for it there.
    static let resourcePaths = ["bootstrap": "spec.bootstrap"]

    /// For whoever looks at the file; an agent has the name from its environment.
    public var cluster: String?
    public var lockObject: LockObject
    /// How a new cluster is made.
    public var initdb: InitdbOptions
    /// A new cluster is a copy of another one, and never made by initdb.
    public var copiesRemote: Bool
    /// By member name.
    public var tags: [String: MemberTags]
    public var watchdog: WatchdogSettings
    /// How long a callback may run, in whole seconds from 1 to 3600.
    public var callbackLimit: Duration
    /// nil: the read-write Service selects the leader's label.
    public var route: RouteSettings?

    public init(
        cluster: String? = nil, lockObject: LockObject = .configMap, initdb: InitdbOptions = InitdbOptions(),
        copiesRemote: Bool = false, tags: [String: MemberTags] = [:], watchdog: WatchdogSettings = WatchdogSettings(),
        callbackLimit: Duration = .seconds(60), route: RouteSettings? = nil
    ) {
        self.cluster = cluster
        self.lockObject = lockObject
        self.initdb = initdb
        self.copiesRemote = copiesRemote
        self.tags = tags
        self.watchdog = watchdog
        self.callbackLimit = callbackLimit
        self.route = route
    }
}

extension AgentFile {
    /// What is not named has its default; keys nobody here knows are passed over.
    ///
    /// - Throws: the first thing that is wrong, its path within the file.
    public init(json: JSONValue) throws(Problem) {
        self.init(cluster: json["cluster"]?.stringValue)
        if let text = json["lockObject"]?.stringValue {
            guard let lockObject = LockObject(rawValue: text) else {
                throw Problem(path: "lockObject", value: text, rule: "must be ConfigMap or Endpoints", refuser: .agent)
            }
            self.lockObject = lockObject
        }
        if let json = json.value(at: "bootstrap", "initdb") { initdb = try InitdbOptions(json: json) }
        copiesRemote = json.value(at: "bootstrap", "standby")?.boolValue ?? false
        tags = (json["tags"]?.objectValue ?? [:]).mapValues { MemberTags(json: $0) }
        if let json = json["watchdog"] { watchdog = try WatchdogSettings(json: json) }
        if let limit = json.value(at: "callbacks", "timeout") {
            guard let seconds = limit.intValue, (1...3600).contains(seconds) else {
                throw Problem(
                    path: "callbacks.timeout", value: limit.serialized(), rule: "must be 1 to 3600 seconds",
                    refuser: .agent)
            }
            callbackLimit = .seconds(seconds)
        }
        if let json = json["route"] { route = try RouteSettings(json: json) }
    }

    /// The file that says the same; of `watchdog`, `callbacks` and `route`, what has its default is left out.
    public var json: JSONValue {
        let standard = AgentFile()
        var bootstrap: JSONValue = ["initdb": initdb.json]
        if copiesRemote { bootstrap["standby"] = true }
        var json: JSONValue = [
            "lockObject": .string(lockObject.rawValue), "bootstrap": bootstrap,
            "tags": .object(tags.mapValues(\.json)),
        ]
        if let cluster { json["cluster"] = .string(cluster) }
        if watchdog != standard.watchdog { json["watchdog"] = watchdog.json }
        if callbackLimit != standard.callbackLimit {
            json["callbacks"] = ["timeout": .int(callbackLimit.components.seconds)]
        }
        if let route { json["route"] = route.json }
        return json
    }
}
