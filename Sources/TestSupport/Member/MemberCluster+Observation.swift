import ClusterRecords
import KubernetesClient
public import KubernetesModels
public import PostgresClient

/// The state of the world: what the store and the servers say.
extension MemberCluster {
    /// The annotations of a store object; empty when there is none.
    public func annotations(_ role: StoreRole) async throws -> [String: String] {
        do {
            let object = try await client.getRaw(
                resource, name: storeName(role), namespace: namespace, deadline: .seconds(3))
            return object.value(at: "metadata", "annotations")?.stringMapValue ?? [:]
        } catch {
            // Not `catch where`: it crashes the compiler of Swift 6.3.1 here.
            guard error.isNotFound else { throw error }
            return [:]
        }
    }

    /// The resource version of a store object that is there: another one after each write.
    public func version(of role: StoreRole) async throws -> String? {
        let object = try await client.getRaw(
            resource, name: storeName(role), namespace: namespace, deadline: .seconds(3))
        return object.value(at: "metadata", "resourceVersion")?.stringValue
    }

    /// The annotations of the lock.
    public func lock() async throws -> [String: String] {
        try await annotations(.lock)
    }

    /// What a member says of itself; empty before it has said anything.
    public func status(of member: String) async throws -> String {
        let pod = try await client.getRaw(Pod.resource, name: member, namespace: namespace, deadline: .seconds(3))
        return pod.value(at: "metadata", "annotations", StoreKey.memberStatus)?.stringValue ?? ""
    }

    /// Writes annotations of a store object as the operator or the command line does; null removes one.
    public func annotate(_ role: StoreRole, _ annotations: JSONValue) async throws {
        let metadata: JSONValue = [
            "name": .string(storeName(role)), "labels": [Labels.cluster: .string(Self.name)],
            "annotations": annotations,
        ]
        do {
            _ = try await client.mergePatchRaw(
                resource, name: storeName(role), namespace: namespace, body: ["metadata": metadata])
        } catch {
            guard error.isNotFound else { throw error }
            _ = try await client.createRaw(resource, body: ["metadata": metadata], namespace: namespace)
        }
    }

    /// The leader with its timeline, once it and every other running member are as they should be.
    ///
    /// - Parameter frozen: a member that cannot answer.
    @discardableResult
    public func healthy(
        of count: Int? = nil, ignoring frozen: MemberProcess? = nil, within limit: Duration = .seconds(45)
    )
        async throws -> Leadership
    {
        let count = count ?? members.count
        let view = try await eventually(
            within: limit, "a leader and \(count - 1) streaming standbys",
            { try await Health(of: self, ignoring: frozen) }, until: { $0.isHealthy(count) })
        guard let leader = view.leader.flatMap({ member($0) }), let timeline = view.timelines[leader.name] else {
            throw PostgresError(.unexpectedAnswer, "no leader in \(view)")
        }
        return Leadership(
            leader: leader, standbys: members.filter { $0.name != leader.name && $0.isRunning }, timeline: timeline)
    }
}

/// Who leads a healthy cluster.
public struct Leadership: Sendable {
    public let leader: MemberProcess
    public let standbys: [MemberProcess]
    public let timeline: Int
}

/// One look at every member.
public struct Health: Sendable, CustomStringConvertible {
    /// By the lock.
    public var leader: String?
    /// `primary`, `streaming`, `standby`, or why the member did not answer.
    public var roles: [String: String] = [:]
    public var timelines: [String: Int] = [:]
    public var systemIdentifiers: Set<String> = []

    public init(of cluster: MemberCluster, ignoring frozen: MemberProcess? = nil) async throws {
        leader = try await cluster.lock()[StoreKey.leader]
        for member in cluster.members where member.isRunning && member.name != frozen?.name {
            do {
                let row = try await member.query(Self.question).rows.first ?? []
                roles[member.name] = row[0]
                timelines[member.name] = row[1].flatMap { Int($0, radix: 16) }
                if let identifier = row[2] { systemIdentifiers.insert(identifier) }
            } catch {
                roles[member.name] = "\(error.message)"
            }
        }
    }

    /// Whether so many members are there: the leader as primary, the others streaming from its timeline.
    public func isHealthy(_ count: Int) -> Bool {
        guard let leader, roles[leader] == "primary", roles.count == count, systemIdentifiers.count == 1 else {
            return false
        }
        return roles.values.count { $0 == "streaming" } == count - 1 && Set(timelines.values).count == 1
    }

    public var description: String { "leader \(leader ?? "nobody"), \(roles), timelines \(timelines)" }

    /// A standby counts when it streams; its timeline is the one it receives.
    private static let question = """
        SELECT CASE WHEN NOT pg_is_in_recovery() THEN 'primary'
                    WHEN EXISTS (SELECT FROM pg_stat_wal_receiver WHERE status = 'streaming') THEN 'streaming'
                    ELSE 'standby' END,
               CASE WHEN pg_is_in_recovery() THEN (SELECT to_hex(received_tli) FROM pg_stat_wal_receiver)
                    ELSE left(pg_walfile_name(pg_current_wal_lsn()), 8) END,
               (SELECT system_identifier FROM pg_control_system())
        """
}

extension MemberProcess {
    public func open(database: String = "postgres") async throws(PostgresError) -> PostgresConnection {
        try await PostgresConnection.open(
            ConnectionParameters(
                address: .host(address), port: Int(port), user: "postgres", database: database,
                passwordFile: passwordFile, applicationName: "test"), deadline: .seconds(2))
    }

    @discardableResult
    public func query(_ sql: String) async throws(PostgresError) -> QueryResult {
        let connection = try await open()
        do throws(PostgresError) {
            let result = try await connection.query(sql, deadline: .seconds(5))
            await connection.close()
            return result
        } catch {
            await connection.close()
            throw error
        }
    }

    /// A session of the role `user`, as an application opens it.
    ///
    /// - Parameter password: of characters that need no quoting in libpq's password file.
    public func open(database: String, user: String, password: String) async throws -> PostgresConnection {
        let file = "\(folder)/../pgpass-\(user)"
        try MemberCluster.write(file, "*:*:*:*:\(password)\n", mode: 0o600)
        return try await PostgresConnection.open(
            ConnectionParameters(
                address: .host(address), port: Int(port), user: user, database: database, passwordFile: file,
                applicationName: "test"), deadline: .seconds(2))
    }

    private var passwordFile: String { "\(folder)/../pgpass" }
}
