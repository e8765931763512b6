import HighAvailability
import KubernetesModels
import PostgresClusterAPI

/// Whom commits wait for: the annotations of `<cluster>-sync`.
struct SynchronousRecord: Sendable, Hashable {
    let leader: String
    let members: Set<String>
    /// How many standbys confirm each commit.
    let count: Int

    /// nil when the record restricts nothing.
    init?(_ annotations: [String: String]) {
        guard let leader = annotations[Annotations.leader], !leader.isEmpty else { return nil }
        self.leader = leader
        let names = annotations[Annotations.synchronousStandbys]?.split(separator: ",").map(String.init) ?? []
        members = Set(names)
        let quorum = annotations[Annotations.quorum].map { SynchronousState.quorum(reading: $0) ?? names.count } ?? 0
        count = max(0, members.count - quorum)
    }
}
