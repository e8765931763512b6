import ClusterRecords
import HighAvailability
import KubernetesModels
import PostgresClusterAPI
import Units

/// What the agents are told.
extension ClusterContext {
    /// What an agent needs before it can read the store; mounted as a file.
    ///
    /// - Parameters:
    ///   - preferred: ordinals of the members commits should wait for rather than for any other.
    ///   - writesRoute: whether the leader writes the EndpointSlices of the read-write Service.
    func agentConfigMap(preferring preferred: Range<Int> = 0..<0, writesRoute: Bool) -> JSONValue {
        let initdb = spec.bootstrap.initdb
        var tags: [String: JSONValue] = [:]
        for override in spec.instanceOverrides ?? [] {
            tags[override.name] = Self.patroniTags(override.tags)
        }
        for name in preferred.map(names.pod) {
            let own = spec.instanceOverrides?.first { $0.name == name }?.tags ?? InstanceTags()
            guard own.mayLead, own.mayBeSynchronous else { continue }
            var preference = own
            // Above all the schema admits, and in the same order among themselves.
            preference.syncPriority = (own.syncPriority ?? 1) + InstanceTags.maximumSyncPriority
            tags[name] = Self.patroniTags(preference)
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
            "tags": .object(tags),
        ]
        if writesRoute { agent["route"] = ["kind": .string(StoreKey.routeBySlice), "owner": routeOwner] }
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

    /// Tags under the names Patroni and its tools know.
    static func patroniTags(_ tags: InstanceTags) -> JSONValue {
        var value: JSONValue = [:]
        if let nofailover = tags.nofailover { value["nofailover"] = .bool(nofailover) }
        if let priority = tags.failoverPriority { value["failover_priority"] = JSONValue(priority) }
        if let noloadbalance = tags.noloadbalance { value["noloadbalance"] = .bool(noloadbalance) }
        if let clonefrom = tags.clonefrom { value["clonefrom"] = .bool(clonefrom) }
        if let nosync = tags.nosync { value["nosync"] = .bool(nosync) }
        if let priority = tags.syncPriority { value["sync_priority"] = JSONValue(priority) }
        if let zone = tags.zone { value["zone"] = .string(zone) }
        if let source = tags.replicatefrom { value["replicatefrom"] = .string(source) }
        if let nostream = tags.nostream { value["nostream"] = .bool(nostream) }
        return value
    }

    /// The dynamic configuration in Patroni's keys, written over what `stored` holds.
    ///
    /// Keys the resource has no field for are kept: a tool of Patroni's world may have put them there. Those it has a
    /// field for are the resource's alone.
    func dynamicConfiguration(over stored: JSONValue?) -> JSONValue {
        let availability = spec.highAvailability
        var configuration = stored?.objectValue ?? [:]
        configuration["ttl"] = Self.seconds(availability.timings.ttl)
        configuration["loop_wait"] = Self.seconds(availability.timings.loopWait)
        configuration["retry_timeout"] = Self.seconds(availability.timings.retryTimeout)
        configuration["maximum_lag_on_failover"] = .int(availability.maximumLagOnFailover.value)
        configuration["primary_start_timeout"] = JSONValue(availability.primaryStartTimeout)
        configuration["primary_stop_timeout"] = JSONValue(availability.primaryStopTimeout)
        configuration["failsafe_mode"] = .bool(availability.failsafe)
        configuration["synchronous_mode"] = .string(availability.synchronous.mode.rawValue)
        configuration["synchronous_node_count"] = JSONValue(availability.synchronous.standbys)
        configuration["synchronous_mode_strict"] = .bool(availability.synchronous.strict)
        configuration["pause"] = .bool(spec.paused)
        configuration["standby_cluster"] = spec.remote.map(Self.section)

        var own = configuration["matriarch"]?.objectValue ?? [:]
        own["fence_margin"] = Self.seconds(availability.timings.fenceMargin)
        own["instances"] = JSONValue(spec.instances)
        configuration["matriarch"] = .object(own)

        var server = configuration["postgresql"]?.objectValue ?? [:]
        server["use_pg_rewind"] = true
        server["use_slots"] = true
        server["parameters"] = JSONValue(spec.postgresql.parameters)
        server["pg_hba"] = JSONValue(spec.postgresql.pgHBA)
        server["pg_ident"] = JSONValue(spec.postgresql.pgIdent)
        configuration["postgresql"] = .object(server)
        return .object(configuration)
    }

    private static func section(_ remote: StandbySpec) -> JSONValue {
        var section: JSONValue = ["host": .string(remote.address), "port": JSONValue(remote.port)]
        if let slot = remote.primarySlotName { section["primary_slot_name"] = .string(slot) }
        return section
    }

    /// Whole seconds as an integer, which Patroni needs; only our own margin may have a fraction.
    private static func seconds(_ duration: Duration) -> JSONValue {
        let (seconds, attoseconds) = duration.components
        return attoseconds == 0 ? .int(seconds) : .double(Double(seconds) + Double(attoseconds) / 1e18)
    }
}
