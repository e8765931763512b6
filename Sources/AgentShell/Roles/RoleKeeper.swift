import ClusterRecords
package import ClusterStore
import HighAvailability
import KubernetesModels
package import Logging
package import ServerControl
package import Units

/// Keeps the roles of the server what the cluster's resource declares, while this member leads.
///
/// Beside the loop, and with nothing of the lock but the question whose it is: a server that answers late, or an API server
/// that does not, delays no decision, no renewal and no fence. It goes on while automatic actions are off: a password that
/// was given away is not waited for.
package actor RoleKeeper {
    private let declarations: any RoleDeclarations
    private let server: any RoleServer
    private let state: AgentState
    /// Whether the lock is this member's.
    private let holdsLock: @Sendable () -> Bool
    /// Of the list in force; nil when none ever was.
    private let revision: @Sendable () -> String?
    /// Whoever publishes what this member says of itself is to do so.
    private let tell: @Sendable () -> Void
    /// Rings when this member leads and the store has a list, and while one is kept.
    private let alarm: Alarm
    private let clock: any AgentClock
    private let logger: Logger
    private var keeping = RoleKeeping()
    /// Why the list in force is not the one that is carried out, as it was told.
    private var listProblem: ListProblem?

    private struct ListProblem: Hashable {
        var revision: String
        var sentence: String
        var since: BootInstant
        /// The list is not read again before that, unless the store says that another one is in force.
        var nextRead: BootInstant
        var isTold = false
    }

    /// - Parameter agent: whose office this is about, and who says how far this is.
    package init(
        _ declarations: any RoleDeclarations, server: any RoleServer, agent: MemberAgent, clock: any AgentClock,
        logger: Logger
    ) {
        let (watch, state) = (agent.watch, agent.state)
        self.init(
            declarations, server: server, state: state,
            holdsLock: { watch.standing(ttl: state.read().timings.ttl).isMine }, revision: { watch.rolesRevision },
            tell: { [alarm = agent.loop.alarm] in alarm.ring() }, alarm: agent.loop.officeAlarm, clock: clock,
            logger: logger)
    }

    init(
        _ declarations: any RoleDeclarations, server: any RoleServer, state: AgentState,
        holdsLock: @escaping @Sendable () -> Bool, revision: @escaping @Sendable () -> String?,
        tell: @escaping @Sendable () -> Void, alarm: Alarm? = nil, clock: any AgentClock, logger: Logger
    ) {
        self.declarations = declarations
        self.server = server
        self.state = state
        self.holdsLock = holdsLock
        self.revision = revision
        self.tell = tell
        self.alarm = alarm ?? Alarm(clock: clock)
        self.clock = clock
        self.logger = logger
    }

    /// A look at what this process knows already; requests go out when something is due.
    private static let tick = Duration.seconds(1)
    /// Of a request, and of connecting and each statement.
    private static let limit = Duration.seconds(5)
    /// How many Secrets are asked for at the same time.
    private static let lanes = 4
    /// Between two tries to read a list; what is wrong with it after the second is told. The operator writes the ConfigMap
    /// before the store says that it is in force.
    private static let patience = Duration.seconds(10)

    /// Works until cancelled.
    package func run() async {
        for await _ in alarm.calls {
            alarm.stop()
            await turn()
            // With nothing to keep it waits for the loop of a leader that has a list; nobody else is woken every second.
            if keeping.revision != nil || listProblem != nil { alarm.ring(after: Self.tick) }
        }
        alarm.stop()
    }

    /// One look, and what is due.
    func turn() async {
        guard isLeading, let revision = revision() else { return endOffice() }
        if isListDue(revision) { await readList(revision) }
        guard keeping.revision != nil else { return }
        await readSecrets()
        // A server that is started anew, or handed over, is asked afterwards.
        guard keeping.isPassDue(at: clock.now), isLeading, !state.read().isOccupied else { return }
        await pass()
    }

    private func isListDue(_ revision: String) -> Bool {
        guard revision != keeping.revision else {
            // The one that is carried out is in force again.
            if listProblem != nil { endListProblem() }
            return false
        }
        guard let listProblem, listProblem.revision == revision else { return true }
        return clock.now >= listProblem.nextRead
    }

    /// Asked before every write: an office may end at any moment. Nothing is tried on a server in recovery, which a standby
    /// cluster's leader has.
    private nonisolated var isLeading: Bool { state.read().isPrimary && holdsLock() }

    private func endOffice() {
        keeping = RoleKeeping()
        listProblem = nil
        publish(nil)
    }

    private func publish(_ report: RolesReport?) {
        let isNews = state.update { state in
            defer { state.roles = report }
            return state.roles != report
        }
        if isNews { tell() }
    }

    // MARK: Reading

    /// The former list stays in force until another one can be read.
    private func readList(_ revision: String) async {
        do {
            guard let text = try await declarations.text(within: Self.limit) else {
                return notePendingList(revision, "the ConfigMap with the declared roles does not exist")
            }
            guard DeclaredRoles.revision(of: text) == revision else {
                return notePendingList(revision, "the ConfigMap with the declared roles is not what the operator wrote")
            }
            keeping.take(try DeclaredRoles(text: text).roles, revision: revision, at: clock.now)
            listProblem = nil
            if keeping.roles.isEmpty { publish(nil) }
        } catch {
            notePendingList(revision, "the declared roles cannot be read: \(error)")
        }
    }

    private func notePendingList(_ revision: String, _ sentence: String) {
        let next = clock.now + Self.patience
        if listProblem?.revision != revision {
            listProblem = ListProblem(revision: revision, sentence: sentence, since: clock.now, nextRead: next)
        }
        listProblem?.nextRead = next
        guard let problem = listProblem, !problem.isTold, clock.now - problem.since >= Self.patience else { return }
        listProblem?.isTold = true
        logger.error("\(sentence)")
        publish(report())
    }

    private func endListProblem() {
        listProblem = nil
        publish(report())
    }

    /// Of the list in force, also while that is not the one that is carried out.
    private func report() -> RolesReport? {
        let known = keeping.report
        guard let listProblem, listProblem.isTold else { return known }
        return RolesReport(
            revision: listProblem.revision, declared: known?.declared ?? 0, ready: known?.ready ?? 0,
            failing: known?.failing ?? [], problem: listProblem.sentence, repair: known?.repair,
            adoption: known?.adoption)
    }

    /// An API server that does not answer is asked no more in this turn, and one that is slow not for long: the server is
    /// compared meanwhile.
    private func readSecrets() async {
        let due = keeping.dueSecrets(at: clock.now)
        guard !due.isEmpty else { return }
        let declarations = declarations
        let end = clock.now + Self.patience
        await withTaskGroup(of: (String, Look).self) { group in
            var rest = due[...]
            func next() {
                guard let (name, version) = rest.popFirst() else { return }
                group.addTask { (name, await Self.look(at: name, known: version, declarations)) }
            }
            for _ in 0..<Self.lanes { next() }
            var isAnswered = true
            for await (name, look) in group {
                if keeping.note(look.state, of: name, at: clock.now), let problem = look.problem {
                    logger.warning(
                        "a Secret with passwords of roles cannot be read",
                        metadata: ["secret": "\(name)", "error": "\(problem)"])
                }
                isAnswered = isAnswered && look.problem == nil
                // The others come next, before these again.
                if isAnswered, isLeading, clock.now < end { next() }
            }
        }
    }

    private struct Look: Sendable {
        /// nil: as it was, or nothing is known of it.
        var state: RoleKeeping.SecretState?
        /// Why there was no answer.
        var problem: String?
    }

    /// The contents of a Secret come over the network when its version is another one, not each time.
    ///
    /// - Parameter version: the one that is known; nil: none is.
    private static func look(
        at name: String, known version: String?, _ declarations: any RoleDeclarations
    ) async -> Look {
        do {
            if let version, try await declarations.version(ofSecret: name, within: limit) == version { return Look() }
            return Look(state: try await declarations.secret(name, within: limit).map { .present($0) } ?? .missing)
        } catch let error as any StoreFailure where error.isForbidden {
            return Look(state: .unreadable(reason: unreadable))
        } catch {
            // What was read before holds as long as nothing else is known.
            return Look(
                state: version == nil ? .unreadable(reason: "cannot be read; the agent's log says why") : nil,
                problem: "\(error)")
        }
    }

    /// What is not there cannot be told from what is not this cluster's: the agents may read neither.
    private static let unreadable = "is not there, or its label \(Labels.rolePasswords) does not name this cluster"

    // MARK: The server

    private func pass() async {
        let wishes = keeping.wishes(at: clock.now)
        do {
            let outcomes = try await server.keepRoles(
                wishes, resting: keeping.resting(at: clock.now), while: { self.isLeading }, deadline: Self.limit)
            // Of an office that has ended nothing is said.
            guard isLeading, !Task.isCancelled else { return }
            announce(keeping.note(outcomes, of: wishes, at: clock.now, time: clock.wallTime.text))
            publish(report())
        } catch {
            guard isLeading, !Task.isCancelled else { return }
            if let broken = error as? BrokenRolePass, !broken.mended.isEmpty {
                announce(keeping.note(mended: broken.mended, of: wishes, time: clock.wallTime.text))
                publish(report())
            }
            guard !state.read().isOccupied, let problem = keeping.noteFailure("\(error)", at: clock.now) else { return }
            logger.warning("the declared roles are not compared: \(problem)")
            publish(report())
        }
    }

    private func announce(_ news: RoleKeeping.News) {
        func list(_ entries: [String]) -> Logger.Metadata {
            [
                "count": "\(entries.count)",
                "roles": "\(entries.prefix(RolesReport.maximumCount).joined(separator: "; "))",
            ]
        }
        if news.isComparedAgain { logger.notice("the declared roles are compared again") }
        if !news.carriedOut.isEmpty { logger.notice("declared roles are carried out", metadata: list(news.carriedOut)) }
        if !news.adopted.isEmpty {
            logger.notice("roles that were there before are altered", metadata: list(news.adopted))
        }
        if !news.repaired.isEmpty {
            logger.warning(
                "declared roles were changed by somebody else and are repaired", metadata: list(news.repaired))
        }
        if !news.failing.isEmpty {
            logger.error("declared roles are not as declared", metadata: list(news.failing))
        }
        if !news.mended.isEmpty { logger.notice("declared roles are well again", metadata: list(news.mended)) }
    }
}
