import CLinux
import Glibc
import ServerControl
import Units

/// The few file operations the agent needs; they block and belong on the instance's own thread.
enum FileSystem {
    static func read(_ path: String, code: InstanceError.Code = .file) throws(InstanceError) -> String {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw failure("read", path, code: code) }
        defer { close(descriptor) }
        var bytes: [UInt8] = []
        while true {
            let chunk = [UInt8](unsafeUninitializedCapacity: 16 << 10) { buffer, count in
                count = max(0, Glibc.read(descriptor, buffer.baseAddress, buffer.count))
            }
            if chunk.isEmpty { return String(decoding: bytes, as: UTF8.self) }
            bytes += chunk
            // Nothing read here is larger; a device or a wrong path must not fill the memory.
            guard bytes.count <= 4 << 20 else { throw InstanceError(code, "\(path) is larger than 4 MiB") }
        }
    }

    /// The text, or nil when the file does not exist or cannot be read.
    static func readIfPresent(_ path: String) -> String? {
        do { return try read(path) } catch { return nil }
    }

    /// Replaces a file in one step: readers see the old or the new content, also after a power loss.
    ///
    /// - Returns: whether the content differed; an equal file is not touched.
    @discardableResult
    static func write(
        _ text: String, to path: String, mode: mode_t, owner: InstanceLayout.SystemUser?
    ) throws(InstanceError) -> Bool {
        if readIfPresent(path) == text { return false }
        let temporary = path + ".new"
        _ = unlink(temporary)
        let descriptor = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode)
        guard descriptor >= 0 else { throw failure("create", temporary) }
        defer { close(descriptor) }
        var bytes = Array(text.utf8)[...]
        while !bytes.isEmpty {
            let written = bytes.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
            guard written > 0 || errno == EINTR else { throw failure("write", temporary) }
            bytes = bytes.dropFirst(max(0, written))
        }
        if let owner { _ = fchown(descriptor, owner.uid, owner.gid) }
        guard fsync(descriptor) == 0, Glibc.rename(temporary, path) == 0 else { throw failure("replace", path) }
        synchronizeDirectory(of: path)
        return true
    }

    /// Creates the directory with its parents; an existing one is left alone.
    static func makeDirectory(_ path: String, owner: InstanceLayout.SystemUser?) throws(InstanceError) {
        if isDirectory(path) { return }
        let parent = directory(of: path)
        if parent != path { try makeDirectory(parent, owner: owner) }
        guard mkdir(path, 0o700) == 0 || errno == EEXIST else { throw failure("create", path) }
        if let owner { _ = chown(path, owner.uid, owner.gid) }
    }

    static func remove(_ path: String) throws(InstanceError) {
        guard unlink(path) == 0 || errno == ENOENT else { throw failure("remove", path) }
    }

    static func rename(_ path: String, to other: String) throws(InstanceError) {
        guard Glibc.rename(path, other) == 0 else { throw failure("rename", path) }
        synchronizeDirectory(of: other)
    }

    /// How much a user without privileges can still write there; nil: not known.
    static func freeBytes(of path: String) -> UInt64? {
        var status = statvfs()
        guard statvfs(path, &status) == 0 else { return nil }
        let (bytes, overflow) = UInt64(status.f_bavail).multipliedReportingOverflow(by: UInt64(status.f_frsize))
        return overflow ? .max : bytes
    }

    static func exists(_ path: String) -> Bool { access(path, F_OK) == 0 }

    static func isDirectory(_ path: String) -> Bool { status(path).map { $0.st_mode & S_IFMT == S_IFDIR } ?? false }

    static func status(_ path: String) -> stat? {
        var status = stat()
        return stat(path, &status) == 0 ? status : nil
    }

    /// Names in a directory without `.` and `..`; empty when it cannot be read.
    static func entries(of path: String) -> [String] {
        do { return try listing(of: path) } catch { return [] }
    }

    static func listing(of path: String) throws(InstanceError) -> [String] {
        guard let stream = opendir(path) else { throw failure("read", path) }
        defer { closedir(stream) }
        var names: [String] = []
        while let entry = readdir(stream) {
            let name = withUnsafeBytes(of: &entry.pointee.d_name) { bytes in
                String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
            }
            if name != "." && name != ".." { names.append(name) }
        }
        return names
    }

    /// Removes a directory's content and the directory; symbolic links are removed, not followed.
    static func removeTree(_ path: String) throws(InstanceError) {
        var status = stat()
        guard lstat(path, &status) == 0 else { return }
        guard status.st_mode & S_IFMT == S_IFDIR else { return try remove(path) }
        for name in try listing(of: path) { try removeTree("\(path)/\(name)") }
        guard rmdir(path) == 0 else { throw failure("remove", path) }
    }

    /// Whether a path, with its symbolic links followed as far as there is something, lies in a directory.
    static func isInside(_ path: String, directory: String) -> Bool {
        func real(_ path: String) -> String {
            if let found = realpath(path, nil) {
                defer { free(found) }
                return String(cString: found)
            }
            guard path.utf8.count > 1, path.hasPrefix("/") else { return path }
            let name = path.split(separator: "/").last ?? ""
            return real(Self.directory(of: path)) + "/" + name
        }
        return real(path).hasPrefix(real(directory) + "/")
    }

    /// What a tree takes; symbolic links are not followed, and what cannot be read or goes meanwhile counts as nothing.
    static func size(of path: String) -> ByteCount {
        var status = stat()
        guard lstat(path, &status) == 0 else { return ByteCount(rawValue: 0) }
        // In units of 512, whatever the file system's are.
        var size = UInt64(clamping: status.st_blocks) &* 512
        if status.st_mode & S_IFMT == S_IFDIR {
            for name in entries(of: path) { size &+= Self.size(of: "\(path)/\(name)").rawValue }
        }
        return ByteCount(rawValue: size)
    }

    static func directory(of path: String) -> String {
        guard let slash = path.lastIndex(of: "/"), slash != path.startIndex else { return "/" }
        return String(path[..<slash])
    }

    /// Makes everything on the file system of `path` durable with one call; the tools' own fsync of every file takes a
    /// second for the thousand files of an empty cluster.
    static func synchronizeFileSystem(of path: String) throws(InstanceError) {
        let status = clinux_sync_filesystem(path)
        guard status == 0 else {
            throw InstanceError(.file, "cannot sync the file system of \(path): \(String(cString: strerror(-status)))")
        }
    }

    /// Makes durable which files there are beside `path`.
    static func synchronizeDirectory(of path: String) {
        let descriptor = open(directory(of: path), O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { return }
        _ = fsync(descriptor)
        close(descriptor)
    }

    private static func failure(
        _ action: String, _ path: String, code: InstanceError.Code = .file
    ) -> InstanceError {
        InstanceError(code, "cannot \(action) \(path): \(String(cString: strerror(errno)))")
    }
}
