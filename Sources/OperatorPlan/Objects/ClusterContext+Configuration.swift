import ClusterRecords
import HighAvailability
import KubernetesModels
import PostgresClusterAPI
import PostgresConfiguration
import Units

/// What the agents are told.
extension ClusterContext {
    /// What an agent needs before it can read the store; mounted as a file.
    ///
    /// - Parameters:
    ///   - preferred: ordinals of the members commits should wait for rather than for any other.
    ///   - writesRoute: whether the leader writes the EndpointSlices of the read-write Service.
    func agentConfigMap(preferring preferred: Range<Int> = 0..<0, writesRoute: Bool) -> JSONValue {
        let file = agentFile(preferring: preferred, writesRoute: writesRoute)
        return object(
            ConfigMap.resource, scope.agentConfigMap, component: Component.configuration,
            ["data": [AgentFile.name: .string(file.json.serialized())]])
    }

    private func agentFile(preferring preferred: Range<Int>, writesRoute: Bool) -> AgentFile {
        var file = AgentFile(
            cluster: name, lockObject: lockObject,
            initdb: spec.bootstrap.initdb.options(application),
            // Whatever the store says or does not say yet: no empty cluster in the place of a copy.
            copiesRemote: spec.remote != nil, route: writesRoute ? RouteSettings(owner: routeOwner) : nil)
        for override in spec.instanceOverrides ?? [] { file.tags[override.name] = override.tags.ofMember }
        for name in preferred.map(scope.pod) {
            var own = file.tags[name] ?? MemberTags()
            guard own.mayLead, own.mayBeSynchronous else { continue }
            // Above all the schema admits, and in the same order among themselves.
            own.synchronousPriority += InstanceTags.maximumSyncPriority
            file.tags[name] = own
        }
        if let callbacks = spec.callbacks { file.callbackLimit = .seconds(callbacks.timeout) }
        return file
    }

    /// Not a controller: that would ask the agents for rights on the resource's finalizers.
    private var routeOwner: RouteOwner {
        RouteOwner(
            apiVersion: PostgresCluster.resource.apiVersion, kind: PostgresCluster.resource.kind, name: name, uid: uid)
    }
}

extension InitDBSpec {
    /// As an agent takes them; what is absent has its default.
    fileprivate func options(_ application: ApplicationDatabase?) -> InitdbOptions {
        var options = InitdbOptions()
        options.application = application
        options.dataChecksums = dataChecksums
        options.encoding = encoding
        options.locale = locale
        options.icuLocale = icuLocale
        options.walSegmentMegabytes = walSegmentSize?.megabytes
        options.scripts = scripts.filter { $0.database == .maintenance || application != nil }
        switch localeProvider {
        case nil: break
        case .libc?: options.localeProvider = .libc
        case .icu?: options.localeProvider = .icu
        case .builtin?: options.localeProvider = .builtin
        }
        return options
    }
}
