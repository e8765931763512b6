import ClusterRecords
import KubernetesModels
import PostgresClusterAPI
import PostgresConfiguration

/// The declared roles: the list for the leader's agent, and what that says of it.
extension Planner {
    /// Whether there is a list, or was one: an empty one takes the place of that.
    var hasRoles: Bool {
        spec.roles?.isEmpty == false
            || observed.objects[ObjectKey(ConfigMap.resource, scope.rolesConfigMap)] != nil
    }

    /// The revision of the list; nil when there is none.
    private var rolesRevision: String? { hasRoles ? DeclaredRoles.revision(of: spec.declaredRoles.text) : nil }

    /// The Secrets the list names that consent. Nobody watches Secrets, so each is looked at again: soon while one is awaited,
    /// and now and then, as consent may end.
    mutating func passwordSecrets() -> [String] {
        let named = Observed.passwordSecrets(of: cluster)
        guard !named.isEmpty else { return [] }
        let consenting = named.filter(observed.consentingSecrets.contains)
        plan.requeue(after: consenting == named ? Self.consentInterval : Self.consentPause)
        return consenting
    }

    /// In every plan, also where nothing of the spec is carried out.
    mutating func planEndOfConsent() {
        let key = ObjectKey(Role.resource, scope.role)
        let isApplied = plan.changes.contains { if case .apply(key, _) = $0 { true } else { false } }
        guard !isApplied else { return }
        if let change = endOfConsent(cluster, observed: observed) { plan.changes.append(change) }
        if passwordRule(of: observed.objects[key]) != nil { plan.requeue(after: Self.consentInterval) }
    }

    private static let consentInterval = Duration.seconds(60)
    private static let consentPause = Duration.seconds(10)

    /// The list stands in its ConfigMap before the store says that it is in force, so that the leader finds it.
    mutating func planRolesRevision() {
        let stored = observed.store.configuration
        // A list that is gone is in force no more: the leader would look for it in vain.
        let revision = rolesRevision
        guard let stored, stored.annotations[StoreKey.roles] != revision else { return }
        let key = ObjectKey(context.storeResource, scope.storeConfiguration)
        // One write to an object in a plan: a second one would be made from a version that is gone.
        let isWritten = plan.changes.contains {
            if case .writeStore(let write) = $0 { write.key == key } else { false }
        }
        guard !isWritten else { return plan.requeue(after: .seconds(1)) }
        plan.changes.append(.writeStore(storeWrite(key, stored, [StoreKey.roles: revision])))
    }

    /// What the leader last said, of whichever list it was.
    mutating func describeRoles() {
        guard spec.roles?.isEmpty == false else {
            status.roles = nil
            return
        }
        guard let report = rolesReport else { return }
        let isCurrent = report.revision == rolesRevision
        func alteration(_ reported: RolesReport.Alteration?) -> RoleAlteration? {
            guard let reported, let time = Timestamp(reported.time) else { return nil }
            return RoleAlteration(
                at: Timestamp(secondsSince1970: time.microsecondsSince1970 / 1_000_000), count: reported.count,
                roles: reported.roles)
        }
        status.roles = RolesStatus(
            observedGeneration: isCurrent ? cluster.metadata.generation : previous.roles?.observedGeneration,
            declared: report.declared, ready: report.ready,
            failing: report.failing.isEmpty
                ? nil : report.failing.map { FailingRole(name: $0.role, reason: $0.reason) },
            problem: report.problem, lastRepair: alteration(report.repair) ?? previous.roles?.lastRepair,
            lastAdoption: alteration(report.adoption) ?? previous.roles?.lastAdoption)
    }

    /// nil while no role is declared.
    var rolesReady: (status: Condition.Status, finding: Finding)? {
        guard let roles = spec.roles, !roles.isEmpty else { return nil }
        if let leader = situation.standbyLeader {
            return (
                .unknown,
                Finding(
                    reason: .standbyLeaderRunning,
                    message: "\(leader.name) leads a standby cluster, whose roles are those of the cluster it follows")
            )
        }
        guard let report = rolesReport, report.revision == rolesRevision else {
            return (
                .unknown,
                Finding(
                    reason: .rolesPending,
                    message: situation.leader.map { "Waits for \($0) to compare its server with the list" }
                        ?? "Waits for a leader")
            )
        }
        if let problem = report.problem {
            return (.false, Finding(reason: .rolesFailing, message: "The roles are not compared: \(problem)"))
        }
        guard report.ready == report.declared, report.failing.isEmpty else {
            let rest = report.declared - report.ready - report.failing.count
            let list = report.failing.map { "\($0.role): \($0.reason)" }.joined(separator: "; ")
            return (
                .false,
                Finding(
                    reason: .rolesFailing,
                    message: bounded(
                        "\(report.ready) of \(report.declared) roles are as declared"
                            + (rest > 0 ? ", \(rest) are not named here" : "") + ". \(list)", to: 4096))
            )
        }
        return (.true, Finding(reason: .rolesApplied, message: Self.allAreAsDeclared(report.declared)))
    }

    private static func allAreAsDeclared(_ count: Int) -> String {
        count == 1 ? "The role is as declared" : "All \(count) roles are as declared"
    }

    private var rolesReport: RolesReport? {
        situation.primary.flatMap { $0.name == situation.leader ? $0.record.roles : nil }
    }

    /// Each role that fails is told when it begins to, or fails for another reason; the end of it once, whatever the spec has
    /// become meanwhile; and each repair.
    mutating func announceRoles() {
        let known = Set(previous.roles?.failing ?? [])
        let news = (status.roles?.failing ?? []).filter { !known.contains($0) }
        if !news.isEmpty {
            warn(.rolesFailing, news.map { "\($0.name): \($0.reason)" }.joined(separator: "; "))
        }
        if let problem = status.roles?.problem, problem != previous.roles?.problem { warn(.rolesFailing, problem) }
        if let roles = status.roles, previous.roles?.isFailing == true, !roles.isFailing {
            event(
                .rolesApplied,
                roles.ready == roles.declared
                    ? Self.allAreAsDeclared(roles.declared)
                    : "\(roles.ready) of \(roles.declared) roles are as declared, and none fails any more")
        }
        func count(_ alteration: RoleAlteration) -> String {
            alteration.count == 1 ? "1 role was" : "\(alteration.count) roles were"
        }
        if let repair = status.roles?.lastRepair, repair != previous.roles?.lastRepair {
            event(
                .rolesRepaired,
                "\(count(repair)) changed by somebody else and repaired: \(repair.roles.joined(separator: "; "))")
        }
        if let adoption = status.roles?.lastAdoption, adoption != previous.roles?.lastAdoption {
            event(
                .rolesAdopted,
                "\(count(adoption)) there before and altered: \(adoption.roles.joined(separator: "; "))")
        }
    }
}

/// Takes the Secrets that consent no more, or that nobody names any more, out of the agents' Role.
///
/// Whoever writes a spec that is refused must not keep by that what a Secret's owner has taken back.
///
/// - Parameter observed: what belongs to the cluster.
/// - Returns: nil when nothing is to be taken.
func endOfConsent(_ cluster: PostgresCluster, observed: Observed) -> Change? {
    let key = ObjectKey(Role.resource, cluster.scope.role)
    guard let role = observed.objects[key], let rule = passwordRule(of: role) else { return nil }
    let names = rule["resourceNames"]?.arrayValue ?? []
    let kept = names.filter { $0.stringValue.map(observed.consentingSecrets.contains) ?? false }
    guard kept != names else { return nil }
    let rules = (role["rules"]?.arrayValue ?? []).compactMap { other -> JSONValue? in
        guard other == rule else { return other }
        // A rule without names is one about all of them.
        guard !kept.isEmpty else { return nil }
        var narrowed = rule
        narrowed["resourceNames"] = .array(kept)
        return narrowed
    }
    var body: JSONValue = ["rules": .array(rules)]
    if let version = role.value(at: "metadata", "resourceVersion") { body["metadata"] = ["resourceVersion": version] }
    return .patch(key, body: body)
}

/// The rule about Secrets of the agents' Role.
private func passwordRule(of role: JSONValue?) -> JSONValue? {
    role?["rules"]?.arrayValue?.first { $0["resources"] == ["secrets"] }
}

/// What no schema can say of a role: whose password is kept elsewhere, and which Secrets are nobody's but the agents'.
///
/// The owner of the application's database may be declared to give it more than that. Its password comes from its own Secret,
/// and two that differ would take turns.
func roleProblems(_ context: ClusterContext) -> [SpecProblem] {
    let scope = context.scope
    let own = [scope.superuserSecret, scope.replicationSecret, scope.rewindSecret, scope.applicationSecret]
    return (context.spec.roles ?? []).enumerated().flatMap { index, role -> [SpecProblem] in
        let path = "spec.roles[\(index)]"
        var problems: [SpecProblem] = []
        if let secret = role.passwordSecret?.name, own.contains(secret) {
            problems.append(
                SpecProblem(
                    path: "\(path).passwordSecret.name", value: secret,
                    message: "is a Secret of the cluster itself; a declared role needs one of its own"))
        }
        if let application = context.application, role.name == application.owner {
            problems += ownerProblems(role, path, application)
        }
        return problems
    }
}

private func ownerProblems(_ role: RoleSpec, _ path: String, _ application: ApplicationDatabase) -> [SpecProblem] {
    let owns = "\(role.name) owns the database \(application.name)"
    var problems: [SpecProblem] = []
    if role.passwordSecret != nil || role.disablePassword == true {
        problems.append(
            SpecProblem(
                path: role.passwordSecret != nil ? "\(path).passwordSecret" : "\(path).disablePassword",
                value: role.passwordSecret?.name ?? "true",
                message: "\(owns), and its password is that of the Secret \(application.secret)"))
    }
    if role.ensure == .absent {
        problems.append(
            SpecProblem(path: "\(path).ensure", value: "absent", message: "\(owns) and cannot go"))
    }
    if role.superuser == true {
        problems.append(
            SpecProblem(
                path: "\(path).superuser", value: "true", message: "\(owns); the agents give a superuser no password"))
    }
    return problems
}
