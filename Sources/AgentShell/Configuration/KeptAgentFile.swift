import ClusterRecords
import HighAvailability
import Units

/// The agent file that is in force, and what is wrong with the one that lies there instead.
struct KeptAgentFile: Hashable, Sendable {
    /// The last one that could be used.
    private(set) var file: AgentFile
    /// nil while the file can be used, and for a moment after it could be.
    private(set) var problem: Problem?
    private var unusableSince: BootInstant?

    /// How long a file may be unusable before anybody is told: the kubelet replaces it, and so may people.
    static let patience = Duration.seconds(5)

    enum Change: Hashable, Sendable {
        case unchanged
        /// ``file`` is another one.
        case replaced
        /// ``problem`` is another one; the former file stays in force.
        case refused(Problem)
        /// The file is again the one that was in force all the time.
        case mended
    }

    init(_ file: AgentFile) {
        self.file = file
    }

    /// Takes in what was read now.
    mutating func take(_ read: Result<AgentFile, Problem>, at now: BootInstant) -> Change {
        switch read {
        case .success(let new):
            let wasRefused = problem != nil
            (problem, unusableSince) = (nil, nil)
            guard new != file else { return wasRefused ? .mended : .unchanged }
            file = new
            return .replaced
        case .failure(let new):
            let since = unusableSince ?? now
            unusableSince = since
            guard now - since >= Self.patience, problem != new else { return .unchanged }
            problem = new
            return .refused(new)
        }
    }
}
