public import PostgresClient

/// Reads what a run left in the table.
public enum TableReader {
    /// All ids of `run`, each as often as it is there, as the server at `target` shows them.
    public static func ids(run: String, at target: WriteTarget) async throws(PostgresError) -> [Int64] {
        try await target.query(WriteTable.ids, parameters: [run], deadline: .seconds(20))
            .rows.compactMap { $0.first.flatMap { $0 }.flatMap { Int64($0) } }
    }
}
