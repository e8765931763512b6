import PostgresClient
public import PostgresConfiguration
import ServerControl
import Units

/// A server of another cluster that this one is to follow.
extension PostgresInstance {
    /// Why the running local primary cannot become a standby of `remote`; nil: it can, after a rewind at worst.
    ///
    /// Two primaries of one timeline cannot be told apart by anything PostgreSQL compares: what the one writes would be
    /// continued with what the other one wrote.
    public func objectionToFollowing(_ remote: Upstream, deadline: Duration) async -> String? {
        do {
            try prepareRuntime()
            let identifier = try await controlData().systemIdentifier
            let other = try await history(of: remote, deadline: deadline)
            guard other.systemIdentifier == identifier else {
                return
                    "\(remote.member) belongs to another cluster: system identifier \(other.systemIdentifier), ours is "
                    + identifier
            }
            guard let status = await observe(deadline: deadline).status, !status.isInRecovery else {
                return "the local server does not answer as a primary"
            }
            guard other.isInRecovery || other.timeline != status.timeline else {
                return "\(remote.member) is a primary of timeline \(other.timeline) like this one"
            }
            return nil
        } catch {
            return "\(remote.member) cannot be asked: \(error)"
        }
    }

    /// Whether pg_rewind can see where the timeline of `remote` begins: before PostgreSQL 16 it reads that from pg_control,
    /// into which only a checkpoint writes it.
    public func hasCheckpoint(_ remote: Upstream, deadline: Duration) async throws -> Bool {
        let other = try await history(of: remote, deadline: deadline)
        if other.isInRecovery { return true }
        let connection = try await PostgresConnection.open(
            ConnectionParameters(
                address: .host(remote.host), port: remote.port, user: credentials.rewind.username,
                passwordFile: layout.passwordFile, applicationName: layout.memberName), deadline: deadline)
        let timeline = try await connection.query(
            "SELECT timeline_id FROM pg_control_checkpoint()", deadline: deadline)
        await connection.close()
        return timeline.scalar.flatMap { UInt32($0) } == other.timeline.rawValue
    }
}
