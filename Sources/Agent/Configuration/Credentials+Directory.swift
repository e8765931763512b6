import AgentShell
import ClusterRecords
import PostgresInstance
import SystemPackage

extension Credentials {
    /// The accounts as the kubelet mounts their Secrets: `superuser`, `replication`, `rewind` and, where the cluster was made
    /// with one, the application's, each with the files `username` and `password`.
    ///
    /// - Throws: ``AgentError`` `.configuration` naming the file that cannot be read. No password is read here, and nothing of
    ///   the application's: its Secret may be missing.
    init(directory: String) throws(AgentError) {
        self.init(
            superuser: try Self.account("\(directory)/superuser"),
            replication: try Self.account("\(directory)/replication"),
            rewind: try Self.account("\(directory)/rewind"),
            application: ApplicationSecret(directory: "\(directory)/\(MemberPod.applicationFolder)"))
    }

    private static func account(_ directory: String) throws(AgentError) -> Account {
        let text = try TextFile.read("\(directory)/username")
        let name = text.hasSuffix("\n") ? String(text.dropLast()) : text
        guard !name.isEmpty, !name.contains("\n") else {
            throw AgentError(.configuration, "\(directory)/username must hold one line, the name of a role")
        }
        return Account(username: name, passwordFile: "\(directory)/password")
    }
}

/// A small file of text.
enum TextFile {
    /// - Throws: ``AgentError`` `.configuration` with the path.
    static func read(_ path: String) throws(AgentError) -> String {
        do {
            let descriptor = try FileDescriptor.open(FilePath(path), .readOnly)
            return try descriptor.closeAfter {
                var bytes: [UInt8] = []
                var chunk = [UInt8](repeating: 0, count: 4096)
                while true {
                    let count = try chunk.withUnsafeMutableBytes { try descriptor.read(into: $0) }
                    if count == 0 { return String(decoding: bytes, as: UTF8.self) }
                    bytes.append(contentsOf: chunk.prefix(count))
                }
            }
        } catch {
            throw AgentError(.configuration, "cannot read \(path): \(error)")
        }
    }
}
