import Fence
public import PostgresClient
public import Units

/// An application that inserts a row every 20 ms and remembers what it was told.
///
/// The schedule is fixed: a slow answer does not move the next tick, ticks that pass meanwhile are counted as missed.
/// After an error the session is given up and the next one is tried at once, at most every 20 ms; each attempt to connect
/// has 250 ms and each statement 1 s. Every attempt writes an id of its own, so a retry never hides a lost row.
public actor Writer {
    /// How the writer behaves; the defaults are those of the figures in the documentation.
    public struct Pace: Sendable {
        public var interval: Duration = .milliseconds(20)
        public var connectDeadline: Duration = .milliseconds(250)
        public var statementDeadline: Duration = .seconds(1)
        public var reconnectPause: Duration = .milliseconds(20)
        /// How long a session with a standby is kept: it is there when the standby is promoted.
        ///
        /// One that is not is no session of the primary at all. For two minutes a node leads a connection from a port that was
        /// tried while the former primary did not answer to that one again, whatever the route says by then.
        public var standbyPatience: Duration = .seconds(1)

        public init() {}
    }

    public nonisolated let run: String
    private let targets: [WriteTarget]
    private var turn = 0
    private let pace: Pace
    private let firstID: Int64
    private var records: [WriteRecord] = []
    private var missedTicks = 0
    private var lastAcknowledged: WriteRecord?
    private var lastError: String?
    /// Since when the open session is with a standby.
    private var standbySince: BootInstant?
    /// Owned here: started by ``start()`` and awaited by ``stop()``.
    private var loop: Task<Void, Never>?

    /// - Parameters:
    ///   - run: names the rows; writers of the same run need distinct `firstID` ranges.
    ///   - firstID: ids count up from here.
    public init(target: WriteTarget, run: String, firstID: Int64 = 1, pace: Pace = Pace()) {
        self.init(targets: [target], run: run, firstID: firstID, pace: pace)
    }

    /// A writer without a Service before it: after an error it goes on to the next target.
    public init(targets: [WriteTarget], run: String, firstID: Int64 = 1, pace: Pace = Pace()) {
        precondition(!targets.isEmpty, "a writer needs somewhere to write")
        self.targets = targets
        self.run = run
        self.firstID = firstID
        self.pace = pace
    }

    /// Creates the table the rows go to, unless it is there.
    public static func prepareTable(
        at target: WriteTarget, deadline: Duration = .seconds(5)
    ) async throws(PostgresError) {
        _ = try await target.query(WriteTable.create, deadline: deadline)
    }

    public func start() {
        guard loop == nil else { return }
        loop = Task { await self.write() }
    }

    /// Stops after the attempt under way and returns the history.
    public func stop() async -> WriteHistory {
        loop?.cancel()
        await loop?.value
        loop = nil
        return history
    }

    public var history: WriteHistory { WriteHistory(run: run, records: records, missedTicks: missedTicks) }

    /// The newest acknowledged commit.
    public var latest: WriteRecord? { lastAcknowledged }

    /// How many commits were acknowledged after the instant.
    public func acknowledged(since instant: BootInstant) -> Int {
        records.reversed().prefix { $0.decided > instant }.count { $0.outcome == .acknowledged }
    }

    /// One line about the present state, for messages of waits.
    public var sight: String {
        let answer = lastAcknowledged.map { record in
            let age = (BootClock.now() - record.decided).milliseconds
            return "last acknowledged row \(record.id) by \(record.server ?? "?") on timeline "
                + "\(record.timeline?.description ?? "?"), \(age) ms ago"
        }
        return [answer ?? "no row acknowledged yet", lastError.map { "last error: \($0)" }]
            .compactMap { $0 }.joined(separator: "; ")
    }

    // MARK: The loop

    private func write() async {
        var session: PostgresConnection?
        var id = firstID
        var due = BootClock.now()
        while !Task.isCancelled {
            guard let open = session else {
                session = await connect()
                continue
            }
            missedTicks += await waitUntil(&due)
            guard !Task.isCancelled else { break }
            if !(await insert(id, over: open)) {
                await open.close()
                session = nil
                standbySince = nil
                turn += 1
            }
            id += 1
        }
        await session?.close()
    }

    /// Sleeps until the next tick; a tick that is already past is taken at once and those after it are skipped.
    private func waitUntil(_ due: inout BootInstant) async -> Int {
        let now = BootClock.now()
        due = due + pace.interval
        guard due < now else {
            await pause(due - now)
            return 0
        }
        let missed = (now - due).nanoseconds / pace.interval.nanoseconds
        due = due + .nanoseconds(missed * pace.interval.nanoseconds)
        return Int(missed)
    }

    private func connect() async -> PostgresConnection? {
        let attempt = BootClock.now()
        let target = targets[turn % targets.count]
        do {
            return try await PostgresConnection.open(
                target.parameters(statementTimeout: pace.statementDeadline), deadline: pace.connectDeadline)
        } catch {
            lastError = error.description
            turn += 1
            let spent = BootClock.now() - attempt
            if spent < pace.reconnectPause { await pause(pace.reconnectPause - spent) }
            return nil
        }
    }

    /// - Returns: whether the session is still good.
    private func insert(_ id: Int64, over session: PostgresConnection) async -> Bool {
        let invoked = BootClock.now()
        do {
            let answer = try await session.query(
                WriteTable.insert, parameters: [run, String(id)], deadline: pace.statementDeadline)
            let record = WriteRecord(
                id: id, invoked: invoked, decided: BootClock.now(), outcome: .acknowledged,
                server: answer.value("server"),
                timeline: answer.value("timeline").flatMap { UInt32($0, radix: 16) }.map { Timeline(rawValue: $0) },
                backend: answer.value("backend").flatMap { Int32($0) })
            records.append(record)
            lastAcknowledged = record
            standbySince = nil
            return true
        } catch {
            lastError = error.description
            // Operator intervention (class 57: cancelled, shut down) may hit a backend that has just committed.
            let isUnknown = error.isOutcomeUnknown || error.sqlState?.hasPrefix("57") == true
            records.append(
                WriteRecord(
                    id: id, invoked: invoked, decided: BootClock.now(), outcome: isUnknown ? .unknown : .refused,
                    error: error.description))
            guard targets.count == 1, error.sqlState == "25006" else { return false }
            let since = standbySince ?? invoked
            standbySince = since
            return invoked - since < pace.standbyPatience
        }
    }

    /// Cancellation only ends the pause: the loop looks for itself.
    private func pause(_ duration: Duration) async {
        do {
            try await Task.sleep(for: duration)
        } catch {
            return
        }
    }
}
