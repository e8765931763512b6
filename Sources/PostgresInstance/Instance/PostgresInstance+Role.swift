import Fence
import Glibc
import Logging
import PostgresClient
public import PostgresConfiguration
public import ServerControl
public import Units

extension PostgresInstance {
    /// Promotes the local standby to primary.
    ///
    /// Runs `pg_promote(false)` and looks every 5 ms whether recovery has ended.
    ///
    /// - Guarantees: returns only after `pg_is_in_recovery()` is false.
    /// - Requires: the caller holds the lock.
    /// - Returns: the new timeline.
    /// - Throws: ``PostgresError`` `.timeout` (still a standby, or unknown), `.connectionLost` (unknown).
    public func promote(deadline: Duration) async throws -> Timeline {
        let end = BootClock.now() + deadline
        let connection = try await openObserver(deadline: deadline)
        func left() -> Duration { max(end - BootClock.now(), .milliseconds(1)) }
        _ = try await connection.query("SELECT pg_promote(false)", deadline: left())
        while true {
            let answer = try await connection.query(
                """
                SELECT CASE WHEN NOT pg_is_in_recovery()
                    THEN ('x' || substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8))::bit(32)::bigint END
                """, deadline: left())
            if let timeline = answer.scalar.flatMap({ UInt32($0) }) { return Timeline(rawValue: timeline) }
            guard BootClock.now() < end else {
                throw PostgresError(.timeout, "still in recovery \(deadline) after the promotion was asked for")
            }
            try await Task.sleep(for: .milliseconds(5))
        }
    }

    /// Makes the server read its configuration files.
    public func reload() throws {
        guard let handle = adopt() else { throw InstanceError(.notRunning, "no server runs on \(data.path)") }
        kill(handle.pid, SIGHUP)
        owesReload = false
    }

    /// Runs `CHECKPOINT`. Before PostgreSQL 16 a promoted server needs one before others can rewind from it.
    public nonisolated func checkpoint(deadline: Duration) async throws {
        let connection = try await openLocal(
            application: "matriarch checkpoint", statementTimeout: deadline, deadline: deadline)
        _ = try await connection.query("CHECKPOINT", deadline: deadline)
        await connection.close()
    }

    /// Returns when the checkpointer has read its configuration after this was called.
    ///
    /// Two checkpoints, on a standby restartpoints: the first one may have been asked for after the checkpointer had looked at
    /// its configuration and before it looked at what is asked of it. Before the second one it has looked again. They are
    /// immediate: they wait for the one that runs, which hurries, and write what is dirty. The second finds little.
    ///
    /// - Requires: SIGHUP has reached the checkpointer: a session has shown the value for some 100 ms.
    /// - Throws: ``PostgresError``; nothing is known then.
    public nonisolated func passCheckpointer(deadline: Duration) async throws {
        let end = BootClock.now() + deadline
        for _ in 0..<2 { try await checkpoint(deadline: max(end - BootClock.now(), .milliseconds(1))) }
    }

    /// Makes the server a standby of `upstream`: reloads a running standby, starts a stopped one.
    ///
    /// - Requires: ``writeConfiguration(_:role:)`` or ``start(_:as:)`` was called before; a running server is in recovery.
    public func follow(_ upstream: Upstream?) async throws {
        guard let settings else { throw InstanceError(.refused, "the server was never configured") }
        try await follow(upstream, settings: settings)
    }

    /// As ``follow(_:)``, with new settings.
    public func follow(_ upstream: Upstream?, settings: PostgresSettings) async throws {
        guard adopt() != nil else {
            try await start(settings, as: .standby(upstream: upstream))
            return
        }
        if try await writeConfiguration(settings, role: .standby(upstream: upstream)) != .unchanged { try reload() }
    }

    /// Creates and drops physical slots of members, on a primary or (dropping only) on a standby.
    ///
    /// Missing slots reserve WAL at once. Unwanted ones of ours are dropped unless somebody streams from them; slots that
    /// are not called by `prefix` and an ordinal are nobody's business here.
    ///
    /// - Parameters:
    ///   - prefix: what the names of all member slots of this cluster begin with.
    ///   - drops: whether slots may go; otherwise missing ones are made, and nothing else.
    @discardableResult
    public func ensureSlots(
        _ wanted: Set<SlotName>, prefix: String, drops: Bool, deadline: Duration
    ) async throws -> SlotChange {
        let connection = try await openObserver(deadline: deadline)
        let rows = try await connection.query(
            """
            SELECT slot_name, active, coalesce(wal_status, '') = 'lost', pg_is_in_recovery()
            FROM pg_get_replication_slots() WHERE slot_type = 'physical' AND NOT temporary
            """, deadline: deadline
        ).rows
        var existing: Set<String> = []
        var outcome = SlotChange()
        let names = Set(wanted.map(\.description))
        for row in rows {
            guard row.count == 4, let name = row[0] else { continue }
            let isActive = row[1] == "t"
            // A slot whose WAL is gone only misleads: its member needs a new copy, which needs a new slot.
            let isLost = row[2] == "t"
            let isUnwanted = SlotName.isMembers(name, prefix: prefix) && !names.contains(name)
            if drops, !isActive, isUnwanted || (isLost && names.contains(name)) {
                _ = try await connection.query(
                    "SELECT pg_drop_replication_slot($1)", parameters: [name], deadline: deadline)
                logger.info("dropped a replication slot", metadata: ["slot": "\(name)"])
                outcome.hasChanged = true
            } else {
                existing.insert(name)
            }
        }
        for name in names.subtracting(existing).sorted() {
            if try await createSlot(name, connection, deadline: deadline) { outcome.hasChanged = true }
        }
        return outcome
    }

    private func createSlot(
        _ name: String, _ connection: PostgresConnection, deadline: Duration
    ) async throws(PostgresError) -> Bool {
        do {
            _ = try await connection.query(
                "SELECT pg_create_physical_replication_slot($1, true)", parameters: [name], deadline: deadline)
            return true
        } catch {
            // duplicate_object: the member itself was faster; it makes its slot before it copies.
            if error.sqlState == "42710" { return false }
            throw error
        }
    }
}
