/// `postmaster.pid`, and the lock file beside the unix socket, which begins alike.
struct PostmasterLockFile: Hashable, Sendable {
    let pid: Int32
    let isSingleUser: Bool
    let dataDirectory: String
    /// `starting`, `stopping`, `ready` or `standby`; empty before the server has written it.
    let status: String

    /// Nil when the first two lines are not what PostgreSQL writes.
    init?(parsing text: String) {
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
        guard lines.count >= 2, let number = Int32(lines[0].prefix { !$0.isWhitespace }) else { return nil }
        // A single-user server writes its number negated.
        pid = Int32(clamping: number.magnitude)
        isSingleUser = number < 0
        dataDirectory = String(lines[1])
        status = lines.count >= 8 ? String(lines[7].prefix { !$0.isWhitespace }) : ""
    }
}
