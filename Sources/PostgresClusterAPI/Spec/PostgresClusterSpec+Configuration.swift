public import HighAvailability
import Units

extension PostgresClusterSpec {
    /// What the spec asks of every member, as the agents read it in the store.
    public var dynamicConfiguration: DynamicConfiguration {
        DynamicConfiguration(
            timings: highAvailability.timings,
            maximumLagOnFailover: ByteCount(rawValue: UInt64(max(0, highAvailability.maximumLagOnFailover.value))),
            isPaused: paused, synchronous: highAvailability.synchronous.policy, usesFailsafe: highAvailability.failsafe,
            primaryStartTimeout: .seconds(highAvailability.primaryStartTimeout),
            primaryStopTimeout: .seconds(highAvailability.primaryStopTimeout),
            standbyCluster: remote.map { StandbyCluster(host: $0.address, port: $0.port, slot: $0.primarySlotName) },
            instances: instances, parameters: postgresql.parameters,
            hostBasedAuthentication: postgresql.pgHBA, identityMap: postgresql.pgIdent)
    }
}
