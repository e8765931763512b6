import SystemPackage

/// Small files read whole: tokens, certificates, kubeconfigs.
enum FileContents {
    static let maximumByteCount = 8 << 20

    static func read(_ path: String) throws(KubernetesError) -> [UInt8] {
        do {
            let descriptor = try FileDescriptor.open(FilePath(path), .readOnly, options: [.closeOnExec])
            return try descriptor.closeAfter {
                var content: [UInt8] = []
                var buffer = [UInt8](repeating: 0, count: 16 << 10)
                while content.count < maximumByteCount {
                    let count = try buffer.withUnsafeMutableBytes { try descriptor.read(into: $0) }
                    if count == 0 { break }
                    content.append(contentsOf: buffer[..<count])
                }
                return content
            }
        } catch {
            throw .invalidConfiguration("\(path): \(error)")
        }
    }

    static func readText(_ path: String) throws(KubernetesError) -> String {
        guard let text = String(validating: try read(path), as: UTF8.self) else {
            throw .invalidConfiguration("\(path): not UTF-8")
        }
        return text
    }

    static func isReadable(_ path: String) -> Bool {
        do {
            try FileDescriptor.open(FilePath(path), .readOnly, options: [.closeOnExec]).close()
            return true
        } catch {
            return false
        }
    }
}

extension String {
    var trimmed: String {
        String(drop(while: \.isWhitespace).reversed().drop(while: \.isWhitespace).reversed())
    }
}
