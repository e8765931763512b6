import Glibc

/// The PostgreSQL that tests run.
public enum PostgresUnderTest {
    /// Folder with the programs, from `MATRIARCH_TEST_POSTGRES_BIN`; nil, the default: Debian's newest.
    ///
    /// `scripts/postgres-fetch 17` prints one for this variable.
    public static let directory: String? = getenv("MATRIARCH_TEST_POSTGRES_BIN").flatMap {
        $0.pointee == 0 ? nil : String(cString: $0)
    }

    /// An expression of the shell for the same folder.
    static var shellExpression: String {
        directory.map { "'\($0)'" } ?? "$(ls -d /usr/lib/postgresql/*/bin | sort -V | tail -n 1)"
    }
}
