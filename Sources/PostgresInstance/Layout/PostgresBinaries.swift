import Glibc
import PostgresConfiguration
public import ServerControl

/// The directory that holds PostgreSQL's programs.
public struct PostgresBinaries: Hashable, Sendable {
    public let directory: String

    /// The programs a member needs.
    static let required = ["postgres", "initdb", "pg_controldata", "pg_basebackup", "pg_rewind"]

    func path(_ program: String) -> String { "\(directory)/\(program)" }

    /// The first directory that holds every program a member needs.
    ///
    /// - Parameter searchPaths: directories in order; nil means ``defaultSearchPaths()``.
    /// - Throws: ``InstanceError`` `.binaryMissing`, one line naming the missing program and the paths tried.
    public static func locate(searchPaths: [String]? = nil) throws(InstanceError) -> PostgresBinaries {
        let paths = searchPaths ?? defaultSearchPaths()
        var closest: (missing: String, found: Int) = (required[0], 0)
        for path in paths {
            let missing = required.filter { access("\(path)/\($0)", X_OK) != 0 }
            guard let first = missing.first else { return PostgresBinaries(directory: path) }
            let found = required.count - missing.count
            if found > closest.found { closest = (first, found) }
        }
        throw InstanceError(
            .binaryMissing,
            "PostgreSQL program \"\(closest.missing)\" not found; tried "
                + (paths.isEmpty ? "no path" : paths.joined(separator: ", ")))
    }

    /// `PATH`, then Debian's versioned directories, the newest first.
    public static func defaultSearchPaths() -> [String] {
        let path = getenv("PATH").map { String(cString: $0) } ?? ""
        let root = "/usr/lib/postgresql"
        let versions = FileSystem.entries(of: root)
            .compactMap { name in ServerVersion(name).map { (name, $0) } }
            .sorted { $0.1 > $1.1 }
        return path.split(separator: ":").map(String.init).filter { $0.hasPrefix("/") }
            + versions.map { "\(root)/\($0.0)/bin" }
    }
}
