import AgentShell
import ClusterRecords
import Synchronization

/// Reads the agent file in every cycle, and makes out what it says only when it says something else.
final class AgentFileReader: Sendable {
    private let path: String
    private let last = Mutex<(text: String, outcome: Result<AgentFile, Problem>)?>(nil)

    /// - Parameter path: where the kubelet mounts it.
    init(path: String) { self.path = path }

    /// - Throws: what is wrong with it now; its path begins with the file's.
    func read() throws(Problem) -> AgentFile {
        let text = try AgentFile.text(path)
        let known = last.withLock { last in last?.text == text ? last?.outcome : nil }
        if let known { return try known.get() }
        let outcome = Result { () throws(Problem) in try AgentFile.parse(text, path: path) }
        last.withLock { $0 = (text, outcome) }
        return try outcome.get()
    }
}
