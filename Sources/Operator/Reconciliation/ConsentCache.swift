import ClusterRecords
import KubernetesModels
import Logging
import OperatorPlan
import PostgresClusterAPI
import Synchronization

/// What the Secrets that declared roles name have said of whose they are.
///
/// Nobody watches Secrets, and a cluster is looked at whenever one of its Pods says something: each Secret is asked for at
/// most so often. Of one that does not consent, or is not there, the next look has news soonest.
///
/// One that cannot be read keeps nothing else of the cluster from being looked after: whoever edits the resource names it.
final class ConsentCache: Sendable {
    private struct Answer: Sendable {
        var consents: Bool
        var at: ContinuousClock.Instant
        /// When it last could not be read, if there was no answer since.
        var failedAt: ContinuousClock.Instant?

        func isDue(at now: ContinuousClock.Instant) -> Bool {
            if let failedAt { return now - failedAt >= ConsentCache.refusalAge }
            return now - at >= (consents ? ConsentCache.consentAge : ConsentCache.refusalAge)
        }
    }

    private let logger: Logger
    /// By the cluster, then by the Secret.
    private let answers = Mutex<[String: [String: Answer]]>([:])

    static let consentAge = Duration.seconds(50)
    static let refusalAge = Duration.seconds(8)
    /// How old a consent may be while the Secret cannot be read.
    static let patience = Duration.seconds(100)
    /// How many are asked for at the same time; after as many failures the others wait for the next look.
    private static let lanes = 8

    init(logger: Logger) { self.logger = logger }

    /// - Parameter read: a Secret's metadata; nil when there is none of that name.
    /// - Returns: those that consent.
    /// - Throws: when cancelled.
    func consenting(
        of cluster: PostgresCluster, at now: ContinuousClock.Instant = .now,
        read: @escaping @Sendable (String) async throws -> ObjectMeta?
    ) async throws -> Set<String> {
        let scope = cluster.scope
        let key = "\(scope.namespace)/\(scope.cluster)"
        let names = Observed.passwordSecrets(of: cluster)
        let known = answers.withLock { answers in
            guard !names.isEmpty else { return answers.removeValue(forKey: key) ?? [:] }
            return answers[key] ?? [:]
        }
        guard !names.isEmpty else { return [] }
        let wanted = Set(names)
        var current = known.filter { wanted.contains($0.key) }
        var due = names.filter { current[$0]?.isDue(at: now) ?? true }[...]
        var failures = 0
        await withTaskGroup(of: (String, Result<Bool, any Error>).self) { group in
            func next() {
                guard failures < Self.lanes, let name = due.popFirst() else { return }
                group.addTask {
                    do {
                        return (name, .success(try await read(name).map { Observed.consents($0, to: scope) } ?? false))
                    } catch {
                        return (name, .failure(error))
                    }
                }
            }
            for _ in 0..<Self.lanes { next() }
            for await (name, answer) in group {
                switch answer {
                case .success(let consents): current[name] = Answer(consents: consents, at: now)
                case .failure(let error):
                    failures += 1
                    note(error, of: name, in: scope, isNews: current[name]?.failedAt == nil)
                    current[name, default: Answer(consents: false, at: now)].failedAt = now
                }
                next()
            }
        }
        // What was not asked for because nobody waits for it any more says nothing.
        try Task.checkCancellation()
        let found = current
        answers.withLock { $0[key] = found }
        return Set(found.filter { $0.value.consents && now - $0.value.at < Self.patience }.keys)
    }

    private func note(_ error: any Error, of name: String, in scope: Scope, isNews: Bool) {
        guard isNews else { return }
        logger.warning(
            "a Secret with passwords of roles cannot be read",
            metadata: [
                "cluster": "\(scope.namespace)/\(scope.cluster)", "secret": "\(name)", "error": "\(error)",
            ])
    }
}
