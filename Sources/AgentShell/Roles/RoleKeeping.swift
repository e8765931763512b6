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
    /// Those that were compared in this office: what they were before is known.
    private var compared: Set<String> = []
    private var failures: [String: Failing] = [:]
    /// Those that failed at the last look for what may be over by the next one.
    private var waiting: Set<String> = []
    private var repair: RolesReport.Alteration?
    private var adoption: RolesReport.Alteration?
    private var vainPasses = VainPasses()
    private var nextPass = BootInstant(nanoseconds: 0)
    /// The list has become empty, and whoever keeps passwords of the former one has not been told.
    private var isEmptied = false

    /// A role that is not as declared.
    private struct Failing {
        /// As it was told.
        var reason: String
        /// What was asked for in vain.
        var wish: RoleWish
        /// How often the server has refused that for this reason; 0: it was not asked.
        var refusals: Int
        /// It is not tried before that, unless something else is asked for.
        var next: BootInstant
    }

    /// Passes that came to nothing, one after the other.
    private struct VainPasses {
        var count = 0
        var problem: String?
    }

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
    /// After a pass in vain, and after the first refusal of a role.
    static let pause = Duration.seconds(10)
    /// After many refusals of a role for the same reason: each is a transaction that is rolled back.
    static let longestPause = Duration.seconds(300)

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
        compared.formIntersection(declared)
        waiting.formIntersection(declared)
        isEmptied = roles.isEmpty
        // Whatever another one needs may be in this list: all are tried again.
        failures = failures.filter { declared.contains($0.key) }.mapValues { failing in
            Failing(reason: failing.reason, wish: failing.wish, refusals: 0, next: now)
        }
        nextPass = now
    }

    // MARK: Secrets

    /// Those that are to be looked at, the longest due first, and the version that is known of each.
    func dueSecrets(at now: BootInstant) -> [(name: String, version: String?)] {
        secrets.filter { $0.value.nextLook <= now }.sorted {
            ($0.value.nextLook, $0.key) < ($1.value.nextLook, $1.key)
        }.map { name, secret in
            if case .present(let known) = secret.state { (name, known.metadata.resourceVersion) } else { (name, nil) }
        }
    }

    /// Takes in what a Secret is; nil: as it was.
    ///
    /// - Returns: whether that is news.
    @discardableResult
    mutating func note(_ state: SecretState?, of name: String, at now: BootInstant) -> Bool {
        guard let former = secrets[name] else { return false }
        // The first look was everybody's at once.
        secrets[name]?.nextLook = now + (former.state == .unread ? former.share : Self.secretInterval)
        guard let state, state != former.state else { return false }
        secrets[name]?.state = state
        nextPass = now
        return true
    }

    // MARK: Passes

    func isPassDue(at now: BootInstant) -> Bool { (!roles.isEmpty || isEmptied) && now >= nextPass }

    private var wishes: [RoleWish] { roles.map { RoleWish($0, password: password(of: $0)) } }

    /// What the server is asked for: everything but what it has refused a moment ago.
    func wishes(at now: BootInstant) -> [RoleWish] { wishes.filter { isDue($0, at: now) } }

    /// What is not asked for yet.
    func resting(at now: BootInstant) -> [RoleWish] { wishes.filter { !isDue($0, at: now) } }

    private func isDue(_ wish: RoleWish, at now: BootInstant) -> Bool {
        guard let failing = failures[wish.role.name] else { return true }
        return failing.wish != wish || now >= failing.next
    }

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
        /// Made, altered or dropped because the list, a Secret or the leader is another one; with what differed.
        var carriedOut: [String] = []
        /// Those of them that were there before the list was.
        var adopted: [String] = []
        /// Roles, with what was different, that somebody else had changed.
        var repaired: [String] = []
        /// Roles with reasons that were not told yet.
        var failing: [String] = []
        /// Those that are well again.
        var mended: [String] = []
        /// Passes come to something again.
        var isComparedAgain = false
    }

    /// Takes in what became of the roles. Of one that was not reached, what was known is known.
    ///
    /// - Parameter wishes: what was asked for.
    mutating func note(
        _ outcomes: [String: RoleOutcome], of wishes: [RoleWish], at now: BootInstant, time: String
    ) -> News {
        var news = News(isComparedAgain: vainPasses.problem != nil)
        vainPasses = VainPasses()
        isEmptied = false
        var next = now + Self.interval
        for wish in wishes {
            let name = wish.role.name
            guard let outcome = outcomes[name] else { continue }
            tell(outcome, of: wish, &news)
            // A Secret of no use costs the server nothing, and the rest of the role is kept meanwhile.
            let isRefusal = outcome.failure.map { wish.password != .unusable(reason: $0) } ?? false
            if !isRefusal { compared.insert(name) }
            let former = failures[name]
            if outcome.mayPass, former == nil, waiting.insert(name).inserted {
                next = min(next, now + Self.pause)
                continue
            }
            waiting.remove(name)
            if let failure = outcome.failure {
                let isNews = former?.reason != failure
                if isNews { news.failing.append("\(name): \(failure)") }
                settled[name] = nil
                let before = isNews || former?.wish != wish ? 0 : former?.refusals ?? 0
                let refusals = isRefusal ? before + 1 : 0
                failures[name] = Failing(
                    reason: failure, wish: wish, refusals: refusals,
                    next: isRefusal ? now + Self.rest(after: refusals) : now)
            } else {
                if former != nil { news.mended.append(name) }
                failures[name] = nil
                settled[name] = wish
            }
        }
        keep(news, time)
        let nextTry = failures.values.filter { $0.refusals > 0 }.map(\.next).min() ?? next
        nextPass = min(next, max(nextTry, now + .seconds(1)))
        return news
    }

    /// Takes in what was mended before a pass broke off: by the next one it is as declared. Whether such a role is as
    /// declared now, nobody knows.
    ///
    /// - Parameter wishes: what was asked for.
    mutating func note(mended outcomes: [String: RoleOutcome], of wishes: [RoleWish], time: String) -> News {
        var news = News()
        for wish in wishes {
            guard let outcome = outcomes[wish.role.name] else { continue }
            tell(outcome, of: wish, &news)
        }
        keep(news, time)
        return news
    }

    private mutating func tell(_ outcome: RoleOutcome, of wish: RoleWish, _ news: inout News) {
        guard !outcome.mended.isEmpty else { return }
        let name = wish.role.name
        let entry = "\(name): \(outcome.mended.joined(separator: ", "))"
        if settled[name] == wish {
            news.repaired.append(entry)
        } else {
            news.carriedOut.append(entry)
            if !compared.contains(name), !outcome.isMadeOrDropped { news.adopted.append(entry) }
        }
        compared.insert(name)
    }

    private mutating func keep(_ news: News, _ time: String) {
        func alteration(_ roles: [String]) -> RolesReport.Alteration? {
            roles.isEmpty ? nil : RolesReport.Alteration(time: time, count: roles.count, roles: roles)
        }
        repair = alteration(news.repaired) ?? repair
        adoption = alteration(news.adopted) ?? adoption
    }

    /// 10, 20, 40, 80, 160 and 300 s.
    private static func rest(after refusals: Int) -> Duration {
        min(pause * (1 << min(max(refusals - 1, 0), 10)), longestPause)
    }

    /// Takes in that a pass came to nothing. The first one is no news: a server may have been started anew by then, or the
    /// office be over.
    ///
    /// - Returns: the reason, when it is news.
    mutating func noteFailure(_ reason: String, at now: BootInstant) -> String? {
        nextPass = now + Self.pause
        vainPasses.count += 1
        guard vainPasses.count > 1, vainPasses.problem != reason else { return nil }
        vainPasses.problem = reason
        return reason
    }

    var report: RolesReport? {
        guard let revision, !roles.isEmpty else { return nil }
        return RolesReport(
            revision: revision, declared: roles.count, ready: wishes.count { settled[$0.role.name] == $0 },
            failing: failures.sorted { $0.key < $1.key }.map {
                RolesReport.Failure(role: $0.key, reason: $0.value.reason)
            },
            problem: vainPasses.problem, repair: repair, adoption: adoption)
    }
}
