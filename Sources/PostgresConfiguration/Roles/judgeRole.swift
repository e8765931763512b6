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
    public var role = RoleStep()
    /// Makes it a member of others, which may have to be made first, and of no more.
    public var memberships = RoleStep()

    public var isNeeded: Bool { !role.statements.isEmpty || !memberships.statements.isEmpty }
}

/// One transaction, and what it is for.
public struct RoleStep: Hashable, Sendable {
    public var statements: [String] = []
    /// What differed, for people; never a password.
    public var differences: [String] = []

    public init(statements: [String] = [], differences: [String] = []) {
        self.statements = statements
        self.differences = differences
    }
}

/// Works out what a declared role needs.
///
/// A role that is not to exist is dropped by a plain `DROP ROLE`, which PostgreSQL refuses for one that owns anything or has
/// rights anywhere: nothing is reassigned and nothing is dropped with it.
///
/// - Parameters:
///   - found: nil when the server has no such role. Its memberships count only where some are declared.
///   - password: what the caller found out about it by the Secret.
///   - version: of the server, which decides what a membership is.
public func judgeRole(
    _ declared: DeclaredRole, found: FoundRole?, password: RolePassword, version: ServerVersion
) -> RoleChange {
    let name = SQLText.identifier(declared.name)
    guard !declared.isAbsent else {
        guard found != nil else { return RoleChange() }
        return RoleChange(role: RoleStep(statements: ["DROP ROLE \(name)"], differences: ["exists"]))
    }
    var change = RoleChange()
    var options: [String] = []
    func differs(_ what: String, _ option: String) {
        options.append(option)
        change.role.differences.append(what)
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
        change.role.statements.append("CREATE ROLE \(name) \(options.joined(separator: " "))")
        change.role.differences = ["missing"]
    } else if !options.isEmpty {
        change.role.statements.append("ALTER ROLE \(name) \(options.joined(separator: " "))")
    }
    // Swift takes texts for equal that are the same letters in other bytes; PostgreSQL does not.
    if let comment = declared.comment, !comment.utf8.elementsEqual((found?.comment ?? "").utf8) {
        change.role.statements.append(
            "COMMENT ON ROLE \(name) IS \(comment.isEmpty ? "NULL" : SQLText.literal(comment))")
        if found != nil { change.role.differences.append("comment") }
    }
    if let wanted = declared.memberships {
        change.memberships = judgeMemberships(
            of: name, wanted: wanted, found: found?.memberships ?? [], inherits: declared.attributes.inherits,
            version: version)
        // Of a role that is made, the statement that makes it says enough.
        if found == nil { change.memberships.differences = [] }
    }
    return change
}

/// Works out what makes a role a member of exactly these.
///
/// From PostgreSQL 16 on a membership has options of its own, and several grantors may each have given one. What counts is
/// what they come to together: that the member inherits what it is declared to, and that it may `SET ROLE`. `ADMIN` is not
/// declared and stays what it is. Whoever may make roles has it in those he has made, and could not alter these without it.
/// A membership that is to go loses the other two then; what others were granted by it stays with them.
private func judgeMemberships(
    of name: String, wanted: [String], found: [FoundRole.Membership], inherits: Bool, version: ServerVersion
) -> RoleStep {
    let hasOptions = version.major >= 16
    var step = RoleStep()
    // By the bytes, as PostgreSQL tells names apart.
    var had: [[UInt8]: [FoundRole.Membership]] = [:]
    for membership in found where membership.isEffective {
        had[Array(membership.role.utf8), default: []].append(membership)
    }
    for role in wanted {
        let parent = SQLText.identifier(role)
        let memberships = had.removeValue(forKey: Array(role.utf8)) ?? []
        guard hasOptions else {
            guard memberships.isEmpty else { continue }
            step.statements.append("GRANT \(parent) TO \(name)")
            step.differences.append("not a member of \(role)")
            continue
        }
        let maySet = memberships.contains { $0.effect.maySet }
        let inheriting = memberships.filter { $0.effect.inherits }
        if !inherits, !inheriting.isEmpty {
            // Whoever gave it, in his name.
            step.statements += inheriting.map {
                "REVOKE INHERIT OPTION FOR \(parent) FROM \(name) GRANTED BY \(SQLText.identifier($0.grantor))"
            }
            step.differences.append("inherits from \(role)")
        }
        if !maySet || inherits && inheriting.isEmpty {
            step.statements.append("GRANT \(parent) TO \(name) WITH INHERIT \(inherits ? "TRUE" : "FALSE"), SET TRUE")
            step.differences.append(
                memberships.isEmpty
                    ? "not a member of \(role)"
                    : maySet ? "does not inherit from \(role)" : "may not SET ROLE \(role)")
        }
    }
    for memberships in had.values.sorted(by: { $0[0].role.utf8.lexicographicallyPrecedes($1[0].role.utf8) }) {
        let role = memberships[0].role
        let parent = SQLText.identifier(role)
        for membership in memberships {
            // Each grantor takes back what he gave alone; a superuser may do so in his name.
            let grantor = hasOptions ? " GRANTED BY \(SQLText.identifier(membership.grantor))" : ""
            let options = hasOptions && membership.effect.mayGrant ? ["INHERIT OPTION FOR ", "SET OPTION FOR "] : [""]
            step.statements += options.map { "REVOKE \($0)\(parent) FROM \(name)\(grantor)" }
        }
        step.differences.append("a member of \(role)")
    }
    return step
}

extension FoundRole.Membership {
    fileprivate var effect: Options { options ?? Options() }
    fileprivate var isEffective: Bool { effect.inherits || effect.maySet }
}
