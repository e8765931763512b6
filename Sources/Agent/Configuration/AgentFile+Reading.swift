import AgentShell
import ClusterRecords
import KubernetesModels

extension AgentFile {
    /// What stands in the file the kubelet mounts.
    ///
    /// - Throws: why it cannot be read; its path is the file's.
    static func text(_ path: String) throws(Problem) -> String {
        do {
            return try TextFile.read(path)
        } catch {
            throw Problem(path: path, value: nil, rule: error.message, refuser: .agent)
        }
    }

    /// - Parameter path: where the text is from.
    /// - Throws: what is wrong; its path begins with the file's.
    static func parse(_ text: String, path: String) throws(Problem) -> AgentFile {
        let json: JSONValue
        do {
            json = try JSONValue(parsing: text)
        } catch {
            throw Problem(path: path, value: nil, rule: "is not JSON: \(error)", refuser: .agent)
        }
        do {
            return try AgentFile(json: json)
        } catch {
            var problem = error
            problem.path = "\(path): \(error.path)"
            throw problem
        }
    }
}
