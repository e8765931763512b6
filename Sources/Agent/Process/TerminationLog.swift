import AgentShell
import HighAvailability
import SystemPackage

/// The file whose end the kubelet reports as the termination message of this instance of the container.
///
/// The kubelet makes it anew, empty and writable for everybody, for each instance. It is never created here: what is not the
/// kubelet's says nothing to others, and might outlive the instance.
struct TerminationLog {
    let path: String

    /// As much as the kubelet reports: the last bytes.
    private static let reportedByteCount = 4096

    /// The name this instance already has, given by an earlier agent in it, or `drawn`, which it has from now on.
    ///
    /// - Throws: ``AgentError`` `.configuration` when the file cannot be read or written, or does not keep what is written.
    func instance(drawing drawn: ContainerInstance) throws(AgentError) -> ContainerInstance {
        do {
            // Not blocking: whatever the path leads to, the agent starts.
            let file = try FileDescriptor.open(FilePath(path), .readWrite, options: [.append, .nonBlocking])
            return try file.closeAfter {
                let found = try Self.report(of: file)
                if let own = ContainerInstance.all(in: found).first { return own }
                let isInLine = found.last.map { !$0.isNewline } ?? false
                try file.writeAll(((isInLine ? "\n" : "") + drawn.line).utf8)
                guard try ContainerInstance.all(in: Self.report(of: file)).contains(drawn) else {
                    throw AgentError(.configuration, "it does not keep what is written")
                }
                return drawn
            }
        } catch {
            throw AgentError(.configuration, "cannot leave a name in \(path): \(error)")
        }
    }

    private static func report(of file: FileDescriptor) throws -> String {
        let size = try file.seek(offset: 0, from: .end)
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: reportedByteCount)
        var offset = max(0, size - Int64(reportedByteCount))
        while bytes.count < reportedByteCount {
            let count = try chunk.withUnsafeMutableBytes { try file.read(fromAbsoluteOffset: offset, into: $0) }
            if count == 0 { break }
            bytes.append(contentsOf: chunk.prefix(count))
            offset += Int64(count)
        }
        // A character that was cut becomes another; a name is ASCII.
        return String(decoding: bytes, as: UTF8.self)
    }
}
