import Fence
import Logging
import PostgresClient
import PostgresConfiguration
public import ServerControl

/// The roles a cluster's resource declares.
extension PostgresInstance: RoleServer {
    public func keepRoles(
        _ wishes: [RoleWish], resting: [RoleWish], while mayGoOn: @Sendable () -> Bool, deadline: Duration
    ) async throws -> [String: RoleOutcome] {
        forgetVerifiers(but: wishes + resting)
        guard !wishes.isEmpty else { return [:] }
        let connection = try await openLocal(
            application: "matriarch roles", statementTimeout: deadline, settings: Self.quietSession, deadline: deadline)
        var outcomes: [String: RoleOutcome] = [:]
        do {
            try await keepRoles(wishes, connection, &outcomes, while: mayGoOn, deadline: deadline)
            if outcomes.values.contains(where: { !$0.mended.isEmpty }) {
                try await makeDurable(connection, deadline: deadline)
            }
            await connection.close()
            return outcomes
        } catch {
            await connection.close()
            throw BrokenRolePass(mended: outcomes.filter { !$0.value.mended.isEmpty }, reason: "\(error)")
        }
    }

    private func keepRoles(
        _ wishes: [RoleWish], _ connection: PostgresConnection, _ outcomes: inout [String: RoleOutcome],
        while mayGoOn: @Sendable () -> Bool, deadline: Duration
    ) async throws {
        let version = ServerVersion(number: await connection.serverVersionNumber)
        try await silenceRawParse(connection, deadline: deadline)
        let found = try await foundRoles(wishes.map(\.role), connection, version, deadline: deadline)
        var joining: [(role: String, step: RoleStep)] = []
        var dropping: [(role: String, step: RoleStep)] = []
        for wish in wishes {
            let name = wish.role.name
            guard mayGoOn() else { return }
            guard !credentials.roles.contains(name) else {
                outcomes[name] = RoleOutcome(failure: "is a role the agents need; it stays as it is")
                continue
            }
            let change = judgeRole(
                wish.role, found: found[name], password: try await password(wish, found[name], connection),
                version: version)
            outcomes[name] = RoleOutcome(failure: wish.unusableSecret)
            guard change.isNeeded else { continue }
            guard !wish.role.isAbsent else {
                dropping.append((name, change.role))
                continue
            }
            if try await mend(name, change.role, connection, &outcomes, deadline: deadline) {
                joining.append((name, change.memberships))
            }
        }
        // A role may be declared before the one it is a member of, and one that goes may be a member of one that stays.
        for (name, step) in joining + dropping where !step.statements.isEmpty {
            guard mayGoOn() else {
                outcomes[name] = nil
                continue
            }
            _ = try await mend(name, step, connection, &outcomes, deadline: deadline)
        }
        for (name, outcome) in outcomes where !outcome.mended.isEmpty {
            // What was mended, never to what. A thousand roles are a thousand lines, so the keeper says how many.
            logger.debug(
                "a declared role was mended",
                metadata: ["role": "\(name)", "differed": "\(outcome.mended.joined(separator: ", "))"])
        }
    }

    /// Waits until all that this session has committed is on the disk. A thousand roles are thousands of commits, and a disk
    /// that is busy takes a tenth of a second for each that waits for it.
    private func makeDurable(_ connection: PostgresConnection, deadline: Duration) async throws(PostgresError) {
        _ = try await connection.query(Self.emptyTransaction(waiting: "local"), deadline: deadline + .seconds(2))
    }

    /// Runs a step as one transaction; what PostgreSQL refuses is the role's failure.
    ///
    /// - Returns: whether PostgreSQL took it.
    private func mend(
        _ name: String, _ step: RoleStep, _ connection: PostgresConnection,
        _ outcomes: inout [String: RoleOutcome], deadline: Duration
    ) async throws -> Bool {
        guard !step.statements.isEmpty else { return true }
        do throws(PostgresError) {
            // The server gives up first, and the session goes on.
            _ = try await connection.query(
                step.statements.joined(separator: "; "), deadline: deadline + .seconds(2))
            outcomes[name]?.mended += step.differences
            return true
        } catch {
            // What was refused has ended its transaction; anything else has ended the session. A server that is a standby by
            // now refuses everything, whichever role it is.
            guard error.code == .server, error.sqlState != Self.readOnly else { throw error }
            let former = outcomes[name]?.failure
            outcomes[name]?.failure = [former, error.message].compactMap(\.self).joined(separator: "; ")
            outcomes[name]?.mayPass = former == nil && Self.passing.contains(error.sqlState ?? "")
            knownVerifiers[name] = nil
            return false
        }
    }

    /// read_only_sql_transaction
    private static let readOnly = "25006"
    /// What somebody else's open transaction leads to: lock_not_available, deadlock_detected, query_canceled, and "tuple
    /// concurrently updated", which is an internal_error.
    private static let passing: Set = ["55P03", "40P01", "57014", "XX000"]

    /// A password is kept as long as a role is to have it, and no longer.
    private func forgetVerifiers(but wishes: [RoleWish]) {
        guard !knownVerifiers.isEmpty else { return }
        let wanted = Dictionary(
            wishes.compactMap { wish in wish.passwordText.map { (wish.role.name, $0) } },
            uniquingKeysWith: { first, _ in first })
        knownVerifiers = knownVerifiers.filter { name, known in wanted[name] == known.password }
    }

    /// What is to be done about the password.
    ///
    /// A verifier this agent has found right is right as long as the server has it: the comparison costs milliseconds.
    private func password(
        _ wish: RoleWish, _ found: FoundRole?, _ connection: PostgresConnection
    ) async throws(PostgresError) -> RolePassword {
        let name = wish.role.name
        switch wish.password {
        case .kept, .unusable: return .kept
        case .removed: return .removed
        case .known(let wanted):
            guard !wish.role.isAbsent else { return .kept }
            if let verifier = found?.verifier {
                if let known = knownVerifiers[name], known.verifier == verifier, known.password == wanted {
                    return .kept
                }
                if await connection.scramVerifier(verifier, isOf: wanted.text) {
                    knownVerifiers[name] = KnownVerifier(verifier: verifier, password: wanted)
                    return .kept
                }
            }
            let verifier = try await connection.scramVerifier(password: wanted.text, user: name)
            knownVerifiers[name] = KnownVerifier(verifier: verifier, password: wanted)
            return .replaced(verifier: verifier)
        }
    }

    /// The roles there are, with the memberships of those whose memberships are declared: somebody may have many.
    private func foundRoles(
        _ roles: [DeclaredRole], _ connection: PostgresConnection, _ version: ServerVersion, deadline: Duration
    ) async throws(PostgresError) -> [String: FoundRole] {
        let hasOptions = version.major >= 16
        let rows = try await connection.query(
            """
            SELECT a.rolname, a.rolcanlogin, a.rolsuper, a.rolcreatedb, a.rolcreaterole, a.rolinherit, a.rolreplication,
                a.rolbypassrls, a.rolconnlimit, a.rolpassword,
                CASE WHEN isfinite(a.rolvaliduntil)
                    THEN to_char(a.rolvaliduntil AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"')
                    WHEN a.rolvaliduntil <> 'infinity' THEN a.rolvaliduntil::text END,
                shobj_description(a.oid, 'pg_authid'), r.rolname, g.rolname,
                \(hasOptions ? "m.inherit_option, m.set_option, m.admin_option" : "NULL, NULL, NULL")
            FROM pg_authid a
                LEFT JOIN pg_auth_members m ON m.member = a.oid AND a.rolname = ANY ($2::text[])
                LEFT JOIN pg_authid r ON r.oid = m.roleid LEFT JOIN pg_authid g ON g.oid = m.grantor
            WHERE a.rolname = ANY ($1::text[])
            """,
            parameters: [
                SQLText.array(roles.map(\.name)),
                SQLText.array(roles.filter { $0.memberships != nil && !$0.isAbsent }.map(\.name)),
            ], deadline: deadline
        ).rows
        var found: [String: FoundRole] = [:]
        for row in rows where row.count == 17 {
            guard let name = row[0] else { continue }
            if found[name] == nil {
                let flags = row[1...7].map { $0 == "t" }
                found[name] = FoundRole(
                    attributes: RoleAttributes(
                        mayLogIn: flags[0], isSuperuser: flags[1], mayCreateDatabases: flags[2],
                        mayCreateRoles: flags[3], inherits: flags[4], mayReplicate: flags[5],
                        bypassesRowSecurity: flags[6]),
                    connectionLimit: row[8].flatMap { Int($0) } ?? -1, validUntil: row[10], verifier: row[9],
                    comment: row[11])
            }
            guard let parent = row[12] else { continue }
            // In place: who makes roles may be in thousands of them.
            found[name]?.memberships.append(
                FoundRole.Membership(
                    role: parent, grantor: row[13] ?? "",
                    options: hasOptions
                        ? .init(inherits: row[14] == "t", maySet: row[15] == "t", mayGrant: row[16] == "t") : nil))
        }
        return found
    }

    /// From PostgreSQL 19 on statements may be logged as they were parsed. Asked for afterwards: where a server does not know a
    /// setting, a session that begins with it does not begin.
    func silenceRawParse(_ connection: PostgresConnection, deadline: Duration) async throws(PostgresError) {
        guard ServerVersion(number: await connection.serverVersionNumber).major >= 19 else { return }
        _ = try await connection.query("SET debug_print_raw_parse = off", deadline: deadline)
    }

    /// A session whose statements hold verifiers: what the server, the database and the role say of logging does not count.
    ///
    /// Parameters of extensions are set whether the server has loaded those or not.
    private static let quietSession = ownSession.merging([
        // The next leader mends what this one's standbys have not received; what the disk has not, `makeDurable` waits for.
        "synchronous_commit": "off", "lock_timeout": "500ms",
        "log_statement": "none", "log_duration": "off", "log_min_duration_statement": "-1",
        "log_min_duration_sample": "-1", "log_transaction_sample_rate": "0", "log_min_error_statement": "panic",
        "debug_print_parse": "off", "debug_print_rewritten": "off", "debug_print_plan": "off",
        "track_activities": "off", "pg_stat_statements.track": "none", "auto_explain.log_min_duration": "-1",
        "pgaudit.log": "none", "pg_stat_monitor.pgsm_track": "none",
    ]) { $1 }
}

/// A password that was found to be the one the server has.
struct KnownVerifier: Hashable, Sendable {
    let verifier: String
    let password: RolePasswordText
}

extension RoleWish {
    fileprivate var unusableSecret: String? {
        if case .unusable(let reason) = password { reason } else { nil }
    }

    /// nil when it is not to have one that is known.
    fileprivate var passwordText: RolePasswordText? {
        if !role.isAbsent, case .known(let text) = password { text } else { nil }
    }
}
