import ClusterRecords
import KubernetesModels
import PostgresConfiguration
import ServerControl
import Units

/// What this member, as the leader, knows of the declared roles: of one office, and forgotten with it.
struct RoleKeeping {
    /// Of the list that is carried out; nil: none was read yet.
    private(set) var revision: String?
    private(set) var roles: [DeclaredRole] = []
    private var secrets: [String: KeptSecret] = [:]
    /// What the roles were asked to be when they were found, or made, to be that.
    private var settled: [String: RoleWish] = [:]
    /// Reasons by role, as they were told.
    private var failures: [String: String] = [:]
    private var repair: RolesReport.Repair?
    private var nextPass = BootInstant(nanoseconds: 0)

    /// A Secret and when it is looked at next.
    private struct KeptSecret {
        var state = SecretState.unread
        var nextLook: BootInstant
        /// How long after the first look the second one is, by which each has its own time from then on.
        let share: Duration
    }

    enum SecretState: Hashable {
        case unread
        case missing
        case present(Secret)
        case unreadable(reason: String)
    }

    /// How often the server is compared with the list though nothing is known to have changed.
    static let interval = Duration.seconds(30)
    /// How often each Secret is looked at.
    static let secretInterval = Duration.seconds(8)
    /// After a pass in vain, or with a role in vain.
    static let pause = Duration.seconds(10)

    // MARK: What is declared

    /// Takes in another list. The Secrets it names are looked at one after the other over their whole interval, so that a
    /// thousand of them are not asked for in the same second; those nobody has read yet at once.
    mutating func take(_ roles: [DeclaredRole], revision: String, at now: BootInstant) {
        self.roles = roles
        self.revision = revision
        let former = secrets
        let names = Set(roles.compactMap(\.passwordSecret)).sorted()
        secrets = [:]
        for (index, name) in names.enumerated() {
            let share = Self.secretInterval * (index + 1) / names.count
            secrets[name] = former[name] ?? KeptSecret(nextLook: now, share: share)
        }
        let declared = Set(roles.map(\.name))
        settled = settled.filter { declared.contains($0.key) }
        nextPass = now
    }

    // MARK: Secrets

    /// Those that are to be looked at, and the version that is known of each.
    func dueSecrets(at now: BootInstant) -> [(name: String, version: String?)] {
        secrets.filter { $0.value.nextLook <= now }.sorted { $0.key < $1.key }.map { name, secret in
            if case .present(let known) = secret.state { (name, known.metadata.resourceVersion) } else { (name, nil) }
        }
    }

    /// Takes in what a Secret is; nil: as it was.
    mutating func note(_ state: SecretState?, of name: String, at now: BootInstant) {
        guard let former = secrets[name] else { return }
        if let state, state != former.state {
            secrets[name]?.state = state
            nextPass = now
        }
        // The first look was everybody's at once.
        secrets[name]?.nextLook = now + (former.state == .unread ? former.share : Self.secretInterval)
    }

    // MARK: Passes

    func isPassDue(at now: BootInstant) -> Bool { !roles.isEmpty && now >= nextPass }

    var wishes: [RoleWish] { roles.map { RoleWish($0, password: password(of: $0)) } }

    private func password(of role: DeclaredRole) -> RoleWish.Password {
        guard !role.isAbsent else { return .kept }
        switch role.password {
        case .kept: return .kept
        case .disabled: return .removed
        case .secret(let name, let key):
            switch secrets[name]?.state {
            case nil, .unread?: return .unusable(reason: "Secret \(name): is not read yet")
            case .missing?: return .unusable(reason: "Secret \(name): does not exist")
            case .unreadable(let reason)?: return .unusable(reason: "Secret \(name): \(reason)")
            case .present(let secret)?:
                do {
                    return .known(RolePasswordText(try secret.password(behind: key, for: role.name)))
                } catch {
                    return .unusable(reason: error.description)
                }
            }
        }
    }

    /// What a pass came to that is news.
    struct News: Hashable {
        /// Made, altered or dropped because the list, a Secret or the leader is another one.
        var carriedOut: [String] = []
        /// Roles, with what was different, that somebody else had changed.
        var repaired: [String] = []
        /// Roles with reasons that were not told yet.
        var failing: [String] = []
        /// Those that are well again.
        var mended: [String] = []
    }

    /// Takes in what became of the roles.
    ///
    /// - Parameter wishes: what was asked for.
    mutating func note(
        _ outcomes: [String: RoleOutcome], of wishes: [RoleWish], at now: BootInstant, time: String
    ) -> News {
        var news = News()
        var repaired: [String] = []
        var reasons: [String: String] = [:]
        for wish in wishes {
            let name = wish.role.name
            guard let outcome = outcomes[name] else { continue }
            if let failure = outcome.failure {
                reasons[name] = failure
                if failures[name] != failure { news.failing.append("\(name): \(failure)") }
                settled[name] = nil
                continue
            }
            if failures[name] != nil { news.mended.append(name) }
            if !outcome.mended.isEmpty {
                if settled[name] == wish {
                    repaired.append("\(name): \(outcome.mended.joined(separator: ", "))")
                } else {
                    news.carriedOut.append(name)
                }
            }
            settled[name] = wish
        }
        failures = reasons
        news.repaired = repaired
        if !repaired.isEmpty { repair = RolesReport.Repair(time: time, count: repaired.count, roles: repaired) }
        nextPass = now + (reasons.isEmpty ? Self.interval : Self.pause)
        return news
    }

    mutating func noteFailure(at now: BootInstant) { nextPass = now + Self.pause }

    /// - Parameter problem: why the last pass came to nothing.
    func report(problem: String? = nil) -> RolesReport? {
        guard let revision, !roles.isEmpty else { return nil }
        return RolesReport(
            revision: revision, declared: roles.count, ready: roles.count { settled[$0.name] != nil },
            failing: failures.sorted { $0.key < $1.key }.map { RolesReport.Failure(role: $0.key, reason: $0.value) },
            problem: problem, repair: repair)
    }
}
