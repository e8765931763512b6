/// What is done to a role's password.
public enum RolePassword: Hashable, Sendable {
    /// Nothing: it has the right one, or nobody knows which that is.
    case kept
    case removed
    /// Replaced by that of which this is the verifier.
    case replaced(verifier: String)
}

/// What makes a role what it is declared to be; each part is one transaction, and nothing where nothing differs.
public struct RoleChange: Hashable, Sendable {
    /// Makes or alters the role itself; or drops it.
    public var role: [String]
    /// Makes it a member of others, which may have to be made first, and of no more.
    public var memberships: [String]
    /// What differed, for people; never a password.
    public var differences: [String]

    public var isNeeded: Bool { !role.isEmpty || !memberships.isEmpty }
}

/// Works out what a declared role needs.
///
/// A role that is not to exist is dropped by a plain `DROP ROLE`, which PostgreSQL refuses for one that owns anything or has
/// rights anywhere: nothing is reassigned and nothing is dropped with it.
///
/// - Parameters:
///   - found: nil when the server has no such role.
///   - password: what the caller found out about it by the Secret.
///   - version: of the server, which decides how a membership is taken back.
public func judgeRole(
    _ declared: DeclaredRole, found: FoundRole?, password: RolePassword, version: ServerVersion
) -> RoleChange {
    let name = SQLText.identifier(declared.name)
    guard !declared.isAbsent else {
        return RoleChange(
            role: found == nil ? [] : ["DROP ROLE \(name)"], memberships: [],
            differences: found == nil ? [] : ["exists"])
    }
    var change = RoleChange(role: [], memberships: [], differences: [])
    var options: [String] = []
    func differs(_ what: String, _ option: String) {
        options.append(option)
        change.differences.append(what)
    }
    for (wanted, had) in zip(declared.attributes.words, (found?.attributes ?? RoleAttributes()).words)
    where found == nil || wanted.isSet != had.isSet {
        let option = wanted.isSet ? wanted.word : "NO\(wanted.word)"
        differs(option, option)
    }
    if declared.connectionLimit != found?.connectionLimit ?? -1 {
        differs("connection limit", "CONNECTION LIMIT \(declared.connectionLimit)")
    }
    if declared.validUntil != found?.validUntil {
        differs("valid until", "VALID UNTIL \(SQLText.literal(declared.validUntil ?? "infinity"))")
    }
    switch password {
    case .kept: break
    case .removed: if found?.verifier != nil { differs("password", "PASSWORD NULL") }
    case .replaced(let verifier): differs("password", "PASSWORD \(SQLText.literal(verifier))")
    }
    if found == nil {
        change.role.append("CREATE ROLE \(name) \(options.joined(separator: " "))")
        change.differences = ["missing"]
    } else if !options.isEmpty {
        change.role.append("ALTER ROLE \(name) \(options.joined(separator: " "))")
    }
    if let comment = declared.comment, comment != found?.comment ?? "" {
        change.role.append("COMMENT ON ROLE \(name) IS \(comment.isEmpty ? "NULL" : SQLText.literal(comment))")
        if found != nil { change.differences.append("comment") }
    }
    if let wanted = declared.memberships {
        let had = found?.memberships ?? []
        for role in wanted where !had.contains(where: { $0.role == role }) {
            change.memberships.append("GRANT \(SQLText.identifier(role)) TO \(name)")
            if found != nil { change.differences.append("not a member of \(role)") }
        }
        for membership in had where !wanted.contains(membership.role) {
            // Since 16 each grantor takes back what he gave alone; a superuser may do so in his name.
            let grantor = version.major >= 16 ? " GRANTED BY \(SQLText.identifier(membership.grantor))" : ""
            change.memberships.append("REVOKE \(SQLText.identifier(membership.role)) FROM \(name)\(grantor) CASCADE")
            change.differences.append("a member of \(membership.role)")
        }
    }
    return change
}
