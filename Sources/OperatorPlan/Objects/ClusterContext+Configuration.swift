import ClusterRecords
import HighAvailability
import KubernetesModels
import PostgresClusterAPI

/// What the agents are told.
extension ClusterContext {
    /// What an agent needs before it can read the store; mounted as a file.
    ///
    /// - Parameters:
    ///   - preferred: ordinals of the members commits should wait for rather than for any other.
    ///   - writesRoute: whether the leader writes the EndpointSlices of the read-write Service.
    func agentConfigMap(preferring preferred: Range<Int> = 0..<0, writesRoute: Bool) -> JSONValue {
        let initdb = spec.bootstrap.initdb
        var tags: [String: MemberTags] = [:]
        for override in spec.instanceOverrides ?? [] { tags[override.name] = override.tags.ofMember }
        for name in preferred.map(names.pod) {
            var own = tags[name] ?? MemberTags()
            guard own.mayLead, own.mayBeSynchronous else { continue }
            // Above all the schema admits, and in the same order among themselves.
            own.synchronousPriority += InstanceTags.maximumSyncPriority
            tags[name] = own
        }
        var options: JSONValue = [
            "dataChecksums": .bool(initdb.dataChecksums), "encoding": .string(initdb.encoding),
            "locale": .string(initdb.locale),
        ]
        if let provider = initdb.localeProvider { options["localeProvider"] = .string(provider.rawValue) }
        if let locale = initdb.icuLocale { options["icuLocale"] = .string(locale) }
        if let size = initdb.walSegmentSize { options["walSegmentMegabytes"] = JSONValue(size.megabytes) }
        var bootstrap: JSONValue = ["initdb": options]
        // Whatever the store says or does not say yet: no empty cluster in the place of a copy.
        if spec.remote != nil { bootstrap["standby"] = true }
        var agent: JSONValue = [
            "cluster": .string(name), "lockObject": .string(lockObject.rawValue), "bootstrap": bootstrap,
            "tags": .object(tags.mapValues(\.json)),
        ]
        if writesRoute { agent["route"] = ["kind": .string(Annotations.routeBySlice), "owner": routeOwner] }
        if let callbacks = spec.callbacks { agent["callbacks"] = ["timeout": JSONValue(callbacks.timeout)] }
        return object(
            ConfigMap.resource, names.agentConfigMap, component: Component.configuration,
            ["data": ["agent.json": .string(agent.serialized())]])
    }

    /// Not a controller: that would ask the agents for rights on the resource's finalizers.
    private var routeOwner: JSONValue {
        [
            "apiVersion": .string(PostgresCluster.resource.apiVersion), "kind": .string(PostgresCluster.resource.kind),
            "name": .string(name), "uid": .string(uid),
        ]
    }

    /// What the spec asks of every member.
    var dynamicConfiguration: DynamicConfiguration {
        let availability = spec.highAvailability
        return DynamicConfiguration(
            timings: availability.timings,
            maximumLagOnFailover: ByteCount(rawValue: UInt64(max(0, availability.maximumLagOnFailover.value))),
            isPaused: spec.paused, synchronous: availability.synchronous.policy, usesFailsafe: availability.failsafe,
            primaryStartTimeout: .seconds(availability.primaryStartTimeout),
            primaryStopTimeout: .seconds(availability.primaryStopTimeout),
            standbyCluster: spec.remote.map {
                StandbyCluster(host: $0.address, port: $0.port, slot: $0.primarySlotName)
            },
            instances: spec.instances, parameters: spec.postgresql.parameters,
            hostBasedAuthentication: spec.postgresql.pgHBA, identityMap: spec.postgresql.pgIdent)
    }
}
