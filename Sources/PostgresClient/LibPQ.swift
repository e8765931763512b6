import CLibPQ
import Glibc

/// libpq's calls with deadlines. All of them belong on the thread that owns the session.
enum LibPQ {
    /// Connects without ever blocking in libpq.
    static func connect(
        _ parameters: ConnectionParameters, notices: NoticeCollector, wake: WakeDescriptor, deadline: Deadline
    ) throws(PostgresError) -> OpaquePointer {
        var addresses: [String] = []
        if case .host(let host) = parameters.address {
            addresses = HostResolver.resolve(host, deadline: deadline)
            guard !addresses.isEmpty else {
                throw deadline.hasPassed
                    ? PostgresError(.timeout, "resolving \(host) took too long")
                    : PostgresError(.connectionFailed, "cannot resolve \(host)")
            }
        }
        guard let session = start(parameters.keywords(addresses: addresses)) else {
            throw PostgresError(.connectionFailed, "libpq is out of memory")
        }
        do {
            try finishConnecting(session, notices: notices, wake: wake, deadline: deadline, place: parameters.place)
            return session
        } catch {
            PQfinish(session)
            throw error
        }
    }

    private static func start(_ keywords: [(String, String)]) -> OpaquePointer? {
        let names = keywords.map { strdup($0.0) }
        let values = keywords.map { strdup($0.1) }
        defer { for copy in names + values { free(copy) } }
        let namePointers = names.map { UnsafePointer($0) } + [nil]
        let valuePointers = values.map { UnsafePointer($0) } + [nil]
        return PQconnectStartParams(namePointers, valuePointers, 0)
    }

    private static func finishConnecting(
        _ session: OpaquePointer, notices: NoticeCollector, wake: WakeDescriptor, deadline: Deadline, place: String
    ) throws(PostgresError) {
        guard PQstatus(session) != CONNECTION_BAD else { throw connectionFailure(session, place: place) }
        // The only way to learn the SQLSTATE of a refused connection is to have it in the message.
        PQsetErrorVerbosity(session, PQERRORS_VERBOSE)
        PQsetNoticeReceiver(
            session,
            { context, result in
                guard let context, let result else { return }
                let collector = Unmanaged<NoticeCollector>.fromOpaque(context).takeUnretainedValue()
                collector.append(LibPQ.field(result, LibPQ.messageField) ?? "")
            }, Unmanaged.passUnretained(notices).toOpaque())
        var events = Int16(POLLOUT)
        connecting: while true {
            try wait(session, for: events, wake: wake, deadline: deadline, place: place)
            switch PQconnectPoll(session) {
            case PGRES_POLLING_OK: break connecting
            case PGRES_POLLING_READING: events = Int16(POLLIN)
            case PGRES_POLLING_WRITING: events = Int16(POLLOUT)
            case _: throw connectionFailure(session, place: place)
            }
        }
        PQsetnonblocking(session, 1)
        PQsetErrorVerbosity(session, PQERRORS_TERSE)
    }

    /// Waits until the socket is ready.
    static func wait(
        _ session: OpaquePointer, for events: Int16, wake: WakeDescriptor, deadline: Deadline, place: String
    ) throws(PostgresError) {
        while true {
            var descriptors = [
                pollfd(fd: PQsocket(session), events: events, revents: 0),
                pollfd(fd: wake.descriptor, events: Int16(POLLIN), revents: 0),
            ]
            let ready = poll(&descriptors, 2, deadline.milliseconds)
            if descriptors[1].revents != 0 && ready > 0 {
                throw PostgresError(.cancelled, "gave up on \(place): the task was cancelled")
            }
            if ready > 0 { return }
            if ready == 0 && deadline.hasPassed {
                throw PostgresError(.timeout, "no answer from \(place) in time")
            }
            if ready < 0 && errno != EINTR {
                throw PostgresError(.connectionLost, "cannot wait for \(place): error \(errno)")
            }
        }
    }

    // MARK: Values

    static func copy(_ result: OpaquePointer) -> QueryResult {
        let columnCount = PQnfields(result)
        let columns = (0..<columnCount).map { String(cString: PQfname(result, $0)) }
        let rows = (0..<PQntuples(result)).map { row in
            (0..<columnCount).map { column -> String? in
                guard PQgetisnull(result, row, column) == 0 else { return nil }
                let bytes = UnsafeBufferPointer(
                    start: PQgetvalue(result, row, column), count: Int(PQgetlength(result, row, column)))
                return String(decoding: bytes.lazy.map(UInt8.init(bitPattern:)), as: UTF8.self)
            }
        }
        return QueryResult(columns: columns, rows: rows, commandTag: String(cString: PQcmdStatus(result)))
    }

    static func error(of result: OpaquePointer) -> PostgresError {
        let state = field(result, LibPQ.sqlStateField)
        // Detail and context quote data; the primary message does so for data exceptions (class 22) only.
        let primary =
            field(result, LibPQ.messageField)
            ?? trimmed(String(cString: PQresultErrorMessage(result)))
        let message = state?.hasPrefix("22") == true ? String(primary.prefix { $0 != "\"" }) : primary
        // Without a SQLSTATE it was libpq, not the server, that complained: the connection broke.
        return PostgresError(state == nil ? .connectionLost : .server, message, sqlState: state)
    }

    static func field(_ result: OpaquePointer, _ code: Int32) -> String? {
        PQresultErrorField(result, code).map { String(cString: $0) }
    }

    static func message(_ session: OpaquePointer) -> String {
        trimmed(String(cString: PQerrorMessage(session)))
    }

    private static func connectionFailure(_ session: OpaquePointer, place: String) -> PostgresError {
        let lines = message(session).split(separator: "\n").filter { !$0.hasPrefix("LOCATION:") }
        let text = lines.joined(separator: " ")
        let state = lines.lazy.compactMap { sqlState(in: $0) }.first
        return PostgresError(.connectionFailed, text.isEmpty ? "cannot connect to \(place)" : text, sqlState: state)
    }

    /// The code in `FATAL:  53300: sorry, too many clients already`, whatever the language of the severity.
    static func sqlState(in line: some StringProtocol) -> String? {
        for part in line.split(separator: ":") {
            let word = part.drop(while: { $0 == " " })
            if word.utf8.count == 5, part.hasPrefix("  "),
                word.utf8.first.map({ (0x30...0x39).contains($0) || $0 > 0x40 }) == true,
                word.utf8.allSatisfy({ (0x30...0x39).contains($0) || (0x41...0x5A).contains($0) })
            {
                return String(word)
            }
        }
        return nil
    }

    private static func trimmed(_ text: String) -> String {
        var view = text[...]
        while let last = view.last, last.isWhitespace { view.removeLast() }
        return String(view)
    }

    // `PG_DIAG_*` are character macros, which Swift imports as nothing usable.
    static let sqlStateField = Int32(UInt8(ascii: "C"))
    static let messageField = Int32(UInt8(ascii: "M"))
}
