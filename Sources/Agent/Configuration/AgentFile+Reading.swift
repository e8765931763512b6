public import ClusterRecords
import KubernetesModels

extension AgentFile {
    /// Reads the file the kubelet mounts.
    ///
    /// - Throws: ``AgentError`` `.configuration` with the path and what is wrong.
    public static func read(path: String) throws(AgentError) -> AgentFile {
        let text = try TextFile.read(path)
        let json: JSONValue
        do {
            json = try JSONValue(parsing: text)
        } catch {
            throw AgentError(.configuration, "\(path) is not JSON: \(error)")
        }
        do {
            return try AgentFile(json: json)
        } catch {
            throw AgentError(.configuration, "\(path): \(error)")
        }
    }
}
