import CLibPQ
import Glibc

/// One session with a PostgreSQL server.
///
/// The session and everything libpq knows about it live on a thread of their own; results leave it as values.
///
/// - Guarantees: every call returns by its deadline, also when the server is stopped (SIGSTOP) or the network drops
///   packets. After a timeout, a cancellation or a lost connection the session is closed and stays closed.
/// - Assumptions: statements from one caller at a time; calls from several wait for each other.
public actor PostgresConnection {
    private let executor: ThreadExecutor
    private let session: OpaquePointer
    private let notices: NoticeCollector
    private let wake = WakeDescriptor()
    private let place: String
    private var isOpen = true

    public nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

    private init(executor: ThreadExecutor, session: OpaquePointer, notices: NoticeCollector, place: String) {
        self.executor = executor
        self.session = session
        self.notices = notices
        self.place = place
    }

    isolated deinit {
        PQfinish(session)
    }

    /// Opens a session.
    ///
    /// - Parameter deadline: for everything: name resolution, connecting, TLS and authentication.
    /// - Throws: ``PostgresError`` `.connectionFailed` (with the SQLSTATE when a server answered), `.timeout`, `.cancelled`.
    public static func open(
        _ parameters: ConnectionParameters, deadline: Duration
    ) async throws(PostgresError) -> PostgresConnection {
        let opener = Opener()
        let limit = Deadline(after: deadline)
        do {
            return try await withTaskCancellationHandler {
                try await opener.open(parameters, deadline: limit)
            } onCancel: {
                opener.wake.signal()
            }
        } catch {
            throw PostgresError(restoring: error)
        }
    }

    /// Runs one statement.
    ///
    /// - Parameters:
    ///   - sql: the statement. With `parameters` it uses `$1`, …; without, several statements may be separated by `;` and
    ///     the last result counts.
    ///   - deadline: until the whole result has arrived.
    /// - Throws: ``PostgresError`` `.server` (session still usable), `.timeout`, `.connectionLost`, `.cancelled`.
    public func query(
        _ sql: String, parameters: [String?] = [], deadline: Duration
    ) async throws(PostgresError) -> QueryResult {
        let limit = Deadline(after: deadline)
        let wake = wake
        do {
            return try await withTaskCancellationHandler {
                try self.run(sql, parameters: parameters, deadline: limit)
            } onCancel: {
                wake.signal()
            }
        } catch {
            throw PostgresError(restoring: error)
        }
    }

    /// `server_version_num`, such as 150004.
    public var serverVersionNumber: Int { Int(PQserverVersion(session)) }

    /// Whether the session can be used; does not ask the server.
    public var isUsable: Bool { isOpen && PQstatus(session) == CONNECTION_OK }

    /// Turns a password into the SCRAM verifier the server stores, so that no statement carries the password.
    ///
    /// With as many iterations as the server asks for (`scram_iterations`, PostgreSQL 16 and later), if this libpq knows that.
    public func scramVerifier(password: String, user: String) throws(PostgresError) -> String {
        try ScramVerifier.make(password: password, user: user, in: session)
    }

    /// Whether a verifier the server has was made from this password; see ``ScramVerifier/matches(_:_:)``.
    ///
    /// On the session's own thread, as it takes its time.
    public func scramVerifier(_ verifier: String, isOf password: String) -> Bool {
        ScramVerifier.matches(password, verifier)
    }

    /// Ends the session; a second time does nothing.
    public func close() {
        isOpen = false
        // Only the socket is closed here; libpq's memory goes with the actor.
        let socket = PQsocket(session)
        if socket >= 0 { shutdown(socket, Int32(SHUT_RDWR)) }
    }

    // MARK: Running

    private func run(
        _ sql: String, parameters: [String?], deadline: Deadline
    ) throws(PostgresError) -> QueryResult {
        guard isUsable else { throw PostgresError(.connectionLost, "the session with \(place) is closed") }
        notices.removeAll()
        do {
            try send(sql, parameters: parameters)
            let result = try collect(deadline: deadline)
            return result
        } catch {
            if error.code != .server { close() }
            throw error
        }
    }

    private func send(_ sql: String, parameters: [String?]) throws(PostgresError) {
        let sent: Int32
        if parameters.isEmpty {
            sent = PQsendQuery(session, sql)
        } else {
            let copies = parameters.map { $0.flatMap { strdup($0) } }
            defer { for case let copy? in copies { free(copy) } }
            sent = copies.map { UnsafePointer($0) }.withUnsafeBufferPointer { values in
                PQsendQueryParams(session, sql, Int32(values.count), nil, values.baseAddress, nil, nil, 0)
            }
        }
        guard sent == 1 else {
            throw PostgresError(.connectionLost, "cannot send to \(place): \(LibPQ.message(session))")
        }
    }

    private func collect(deadline: Deadline) throws(PostgresError) -> QueryResult {
        var last = QueryResult(columns: [], rows: [])
        var failure: PostgresError?
        while true {
            try waitForResult(deadline: deadline)
            guard let result = PQgetResult(session) else { break }
            defer { PQclear(result) }
            switch PQresultStatus(result) {
            case PGRES_TUPLES_OK, PGRES_COMMAND_OK, PGRES_EMPTY_QUERY:
                last = LibPQ.copy(result)
            case PGRES_FATAL_ERROR:
                failure = failure ?? LibPQ.error(of: result)
            case let status:
                throw PostgresError(
                    .unexpectedAnswer, "\(place) answered with \(String(cString: PQresStatus(status)))")
            }
        }
        if let failure {
            guard PQstatus(session) == CONNECTION_OK else {
                throw PostgresError(.connectionLost, failure.message, sqlState: failure.sqlState)
            }
            throw failure
        }
        guard PQstatus(session) == CONNECTION_OK else {
            throw PostgresError(.connectionLost, "\(place) closed the session")
        }
        return QueryResult(
            columns: last.columns, rows: last.rows, commandTag: last.commandTag, notices: notices.messages)
    }

    /// Returns when `PQgetResult` will not block.
    private func waitForResult(deadline: Deadline) throws(PostgresError) {
        while true {
            let unsent = PQflush(session)
            if unsent < 0 { throw lost() }
            if unsent == 0 && PQisBusy(session) == 0 { return }
            let events = Int16(POLLIN) | (unsent > 0 ? Int16(POLLOUT) : 0)
            try LibPQ.wait(session, for: events, wake: wake, deadline: deadline, place: place)
            if PQconsumeInput(session) == 0 { throw lost() }
        }
    }

    private func lost() -> PostgresError {
        PostgresError(.connectionLost, "lost the session with \(place): \(LibPQ.message(session))")
    }

    /// Connects on the thread the session will live on.
    private actor Opener {
        private let executor = ThreadExecutor(name: "postgres")
        nonisolated let wake = WakeDescriptor()

        nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

        func open(
            _ parameters: ConnectionParameters, deadline: Deadline
        ) throws(PostgresError) -> PostgresConnection {
            let notices = NoticeCollector()
            let session = try LibPQ.connect(parameters, notices: notices, wake: wake, deadline: deadline)
            return PostgresConnection(
                executor: executor, session: session, notices: notices, place: parameters.place)
        }
    }
}
