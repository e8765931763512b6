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
    private let doors: [Door]
    private let firstNumber: Int
    private let patience: Duration
    private var isStopped = false
    private var work: Task<Void, Never>?

    /// Where a row is brought to, and which member an answer comes from.
    private struct Door: Sendable {
        let open: @Sendable () async throws(PostgresError) -> PostgresConnection
        let member: @Sendable (QueryResult) -> String
    }

    /// - Parameters:
    ///   - members: tried in turn until one takes writes; a single one pins the writer to it.
    ///   - patience: with a row, before the session is given up.
    init(to members: [MemberProcess], patience: Duration = .seconds(1)) {
        doors = members.map { member in
            Door(
                open: { () async throws(PostgresError) -> PostgresConnection in try await member.open() },
                member: { _ in member.name })
        }
        firstNumber = 1
        self.patience = patience
    }

    /// - Parameters:
    ///   - port: of a balancer on this machine.
    ///   - members: told apart by their ports.
    ///   - firstNumber: of the rows, where two write into one table.
    init(through port: UInt16, to members: [MemberProcess], passwordFile: String, firstNumber: Int) {
        let parameters = ConnectionParameters(
            address: .host("127.0.0.1"), port: Int(port), user: "postgres", passwordFile: passwordFile,
            applicationName: "test")
        let names = Dictionary(members.map { (String($0.port), $0.name) }, uniquingKeysWith: { first, _ in first })
        doors = [
            Door(
                open: { () async throws(PostgresError) -> PostgresConnection in
                    try await PostgresConnection.open(parameters, deadline: .seconds(2))
                },
                member: { names[$0.scalar ?? ""] ?? "nobody" })
        ]
        self.firstNumber = firstNumber
        patience = .seconds(1)
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
        var number = firstNumber - 1
        var turn = 0
        var connection: PostgresConnection?
        while !isStopped {
            let door = doors[turn % doors.count]
            do throws(PostgresError) {
                let open: PostgresConnection
                if let connection { open = connection } else { open = try await door.open() }
                connection = open
                number += 1
                attempts += 1
                let answer = try await open.query(
                    "INSERT INTO written VALUES (\(number)) RETURNING inet_server_port()", deadline: patience)
                acknowledged.append(Acknowledgement(number: number, member: door.member(answer), at: .now))
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
