import Glibc

/// The library that moves the wall clock of a process.
enum ShiftedClock {
    /// Compiles it.
    ///
    /// - Returns: its path, for LD_PRELOAD.
    /// - Throws: ``MemberError`` without a C compiler.
    static func library(in folder: String) async throws -> String {
        let path = "\(folder)/shifted-clock.so"
        try await HostShell.run(
            """
            command -v cc >/dev/null || { echo 'cc is missing; run: scripts/packages' >&2; exit 1; }
            cc -O2 -Wall -Werror -shared -fPIC -x c -o "$LIBRARY" -
            chmod 0755 "$LIBRARY"
            """,
            environment: ["LIBRARY": path],
            input: String(decoding: PackageResources.shifted_clock_c, as: UTF8.self))
        return path
    }
}
