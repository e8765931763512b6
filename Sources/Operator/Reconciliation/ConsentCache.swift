import ClusterRecords
import KubernetesModels
import OperatorPlan
import PostgresClusterAPI
import Synchronization

/// What the Secrets that declared roles name have said of whose they are.
///
/// Nobody watches Secrets, and a cluster is looked at whenever one of its Pods says something: each Secret is asked for at
/// most so often. Of one that does not consent, or is not there, the next look has news soonest.
final class ConsentCache: Sendable {
    private struct Answer: Sendable {
        var consents: Bool
        var at: ContinuousClock.Instant
    }

    /// By the cluster, then by the Secret.
    private let answers = Mutex<[String: [String: Answer]]>([:])

    static let consentAge = Duration.seconds(50)
    static let refusalAge = Duration.seconds(8)
    /// How many are asked for at the same time.
    private static let lanes = 8

    /// - Parameter read: a Secret's metadata; nil when there is none of that name.
    /// - Returns: those that consent.
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
        var current = known.filter { name, answer in
            wanted.contains(name) && now - answer.at < (answer.consents ? Self.consentAge : Self.refusalAge)
        }
        var due = names.filter { current[$0] == nil }[...]
        var failure: (any Error)?
        await withTaskGroup(of: (String, Result<Bool, any Error>).self) { group in
            func next() {
                guard failure == nil, let name = due.popFirst() else { return }
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
                case .failure(let error): failure = failure ?? error
                }
                next()
            }
        }
        // What was answered is not asked for again, though something else was not.
        let found = current
        answers.withLock { $0[key] = found }
        if let failure { throw failure }
        return Set(found.filter(\.value.consents).keys)
    }
}
