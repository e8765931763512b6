import PostgresClient
import TestSupport

/// Inserts numbered rows, one after the other, and remembers which ones a server acknowledged, and when.
actor RowWriter {
    struct Acknowledgement {
        let number: Int
        let member: String
        let at: ContinuousClock.Instant
    }

    private(set) var acknowledged: [Acknowledgement] = []
    /// What went wrong, each time a row was not acknowledged.
    private(set) var failures: [String] = []
    private(set) var attempts = 0
    private let members: [MemberProcess]
    private let patience: Duration
    private var isStopped = false
    private var work: Task<Void, Never>?

    /// - Parameters:
    ///   - members: tried in turn until one takes writes; a single one pins the writer to it.
    ///   - patience: with a row, before the session is given up.
    init(to members: [MemberProcess], patience: Duration = .seconds(1)) {
        self.members = members
        self.patience = patience
    }

    static func prepare(on leader: MemberProcess) async throws {
        try await leader.query("CREATE TABLE IF NOT EXISTS written (number bigint, at timestamptz DEFAULT now())")
        try await leader.query("TRUNCATE written")
    }

    /// Writes until ``stop()``.
    func start() {
        // Owned by this writer; ended by `stop`.
        work = Task { await run() }
    }

    func stop() async {
        isStopped = true
        await work?.value
    }

    /// Returns when `count` more rows have been acknowledged by somebody the condition accepts.
    func more(
        _ count: Int, within limit: Duration = .seconds(20), from isWanted: @Sendable (String) -> Bool = { _ in true }
    ) async throws {
        let before = acknowledged.count
        try await eventually(within: limit, "\(count) more rows") {
            acknowledged.dropFirst(before).count { isWanted($0.member) } >= count
        }
    }

    /// The longest time between two acknowledgements that follow each other.
    var longestGap: Duration {
        zip(acknowledged, acknowledged.dropFirst()).map { $1.at - $0.at }.max() ?? .zero
    }

    /// Acknowledged rows a server does not have.
    func lost(on member: MemberProcess) async throws -> [Int] {
        let rows = try await member.query("SELECT number FROM written").rows
        let present = Set(rows.compactMap { $0[0].flatMap { Int($0) } })
        return acknowledged.map(\.number).filter { !present.contains($0) }
    }

    private func run() async {
        var number = 0
        var turn = 0
        var connection: PostgresConnection?
        while !isStopped {
            let member = members[turn % members.count]
            do throws(PostgresError) {
                let open: PostgresConnection
                if let connection { open = connection } else { open = try await member.open() }
                connection = open
                number += 1
                attempts += 1
                _ = try await open.query(
                    "INSERT INTO written VALUES (\(number))", deadline: patience)
                acknowledged.append(Acknowledgement(number: number, member: member.name, at: .now))
            } catch {
                failures.append(error.message)
                // Unknown or refused: that number is not counted on. Elsewhere, or here again.
                await connection?.close()
                connection = nil
                turn += 1
            }
            // The pace of the client, not synchronisation.
            do { try await Task.sleep(for: .milliseconds(10)) } catch { return }
        }
        await connection?.close()
    }
}
