import Glibc
import PostgresConfiguration
import ServerControl

/// Paths and marks of one data directory.
struct DataDirectory: Sendable {
    let path: String
    let owner: InstanceLayout.SystemUser?

    func file(_ name: String) -> String { "\(path)/\(name)" }

    /// Names that count: dot-files and `lost+found` do not make a directory non-empty.
    func significantEntries() throws(InstanceError) -> [String] {
        try FileSystem.listing(of: path).filter { !$0.hasPrefix(".") && $0 != "lost+found" }
    }

    var version: ServerVersion? { FileSystem.readIfPresent(file("PG_VERSION")).flatMap { ServerVersion($0) } }

    /// Group-readable where the directory is, as PostgreSQL does it.
    var fileMode: mode_t { (FileSystem.status(path)?.st_mode ?? 0) & 0o040 != 0 ? 0o640 : 0o600 }

    @discardableResult
    func write(_ text: String, to name: String) throws(InstanceError) -> Bool {
        try FileSystem.write(text, to: file(name), mode: fileMode, owner: owner)
    }

    // MARK: Signal files

    var isMarkedStandby: Bool {
        FileSystem.exists(file("standby.signal")) || FileSystem.exists(file("recovery.signal"))
    }

    /// Only while no server runs: a crash restart reads these files too and would change sides.
    func markStandby() throws(InstanceError) {
        try FileSystem.remove(file("recovery.signal"))
        try write("", to: "standby.signal")
    }

    func removeSignals() throws(InstanceError) {
        try FileSystem.remove(file("standby.signal"))
        try FileSystem.remove(file("recovery.signal"))
    }

    /// Beside the directory, so that it outlives a rewind and a new copy.
    var promiseFile: String { path + ".seal" }

    /// Beside the directory, so that it outlives a new copy, which is of another member's.
    var settingsFile: String { path + ".settings" }

    /// Beside the directory: written to see whether the volume takes writes.
    var probeFile: String { path + ".probe" }

    // MARK: Unfinished operations

    /// Beside the directory: pg_rewind removes files it does not know from inside.
    private var marker: String { path + ".incomplete" }

    var unfinishedOperation: String? { FileSystem.readIfPresent(marker) }

    func begin(_ operation: String) throws(InstanceError) {
        try FileSystem.write(operation, to: marker, mode: 0o600, owner: owner)
    }

    /// - Guarantees: the mark does not come back with a power loss: the finished directory would be taken for nobody's data.
    func finish() throws(InstanceError) {
        try FileSystem.remove(marker)
        FileSystem.synchronizeDirectory(of: marker)
    }
}
