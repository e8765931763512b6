/// What `pg_waldump --stats=record` says about commits.
public struct CommitCount: Hashable, Sendable {
    public let commits: Int

    /// Adds up the lines `Transaction/COMMIT` and `Transaction/COMMIT_PREPARED`, each followed by its number of records.
    public init(parsing output: String) {
        commits = output.split(whereSeparator: \.isNewline).reduce(0) { sum, line in
            let words = line.split(separator: " ", omittingEmptySubsequences: true)
            guard words.count > 1, ["Transaction/COMMIT", "Transaction/COMMIT_PREPARED"].contains(words[0]),
                let number = Int(words[1])
            else { return sum }
            return sum + number
        }
    }
}
