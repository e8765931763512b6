import Fence
import Glibc
import Units

/// One connection through a ``LinkProxy``; lives on a thread of its own.
struct LinkConnection {
    /// One direction: what was read and is not yet written.
    private struct Direction {
        let source: Int32
        let target: Int32
        var waiting: [(dueAt: BootInstant, bytes: ArraySlice<UInt8>)] = []
        var byteCount = 0
        var hasSourceEnded = false
        var isFinished = false

        mutating func append(_ bytes: some Collection<UInt8>, dueAt: BootInstant) {
            waiting.append((dueAt, ArraySlice(bytes)))
            byteCount += bytes.count
        }
    }

    private static let bufferLimit = 1 << 20
    /// How soon a change of the conditions is noticed.
    private static let pollMilliseconds: Int64 = 20

    private let state: LinkProxy.State
    private let content: LinkProxy.Content
    private var requests: Direction
    private var answers: Direction
    private var framing = RequestFraming()
    private var losesNextAnswer = false

    /// Nil when the server does not take the connection; the client then sees its own end.
    init?(client: Int32, upstream: SocketPlace?, content: LinkProxy.Content, state: LinkProxy.State) {
        guard !state.current.isRefusing, let server = Self.connect(to: upstream) else {
            Self.reset(client)
            return nil
        }
        self.state = state
        self.content = content
        requests = Direction(source: client, target: server)
        answers = Direction(source: server, target: client)
        for descriptor in [client, server] {
            _ = fcntl(descriptor, F_SETFL, fcntl(descriptor, F_GETFL) | O_NONBLOCK)
            var on: Int32 = 1
            setsockopt(descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, &on, socklen_t(MemoryLayout<Int32>.size))
        }
    }

    /// Until both directions have ended.
    mutating func run() {
        defer { close(requests.target) }
        while !requests.isFinished || !answers.isFinished {
            guard wait(state.current) else { return reset() }
            // They may have changed meanwhile.
            let conditions = state.current
            guard !conditions.isRefusing else { return reset() }
            guard conditions.holdsRequests || readRequests(conditions.latency),
                conditions.holdsAnswers || readAnswers(conditions.latency),
                Self.write(&requests, isHeld: conditions.holdsRequests),
                Self.write(&answers, isHeld: conditions.holdsAnswers)
            else { return reset() }
        }
    }

    private func reset() {
        Self.reset(requests.source)
        Self.reset(requests.target)
    }

    /// Makes the coming close a reset.
    private static func reset(_ descriptor: Int32) {
        var option = linger(l_onoff: 1, l_linger: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_LINGER, &option, socklen_t(MemoryLayout<linger>.size))
        shutdown(descriptor, Int32(SHUT_RDWR))
    }

    private static func connect(to place: SocketPlace?) -> Int32? {
        guard let place else { return nil }
        let descriptor = place.makeSocket()
        guard place.withAddress({ Glibc.connect(descriptor, $0, $1) }) == 0 else {
            close(descriptor)
            return nil
        }
        return descriptor
    }

    /// Waits for something to do, at most until the next change of conditions is looked for. False: the kernel refuses.
    private func wait(_ conditions: LinkConditions) -> Bool {
        let now = BootClock.now()
        var timeout = Self.pollMilliseconds
        func events(reading: Direction, isReadHeld: Bool, writing: Direction, isWriteHeld: Bool) -> Int16 {
            var events: Int16 = 0
            if !isReadHeld, !reading.hasSourceEnded, reading.byteCount < Self.bufferLimit { events |= Int16(POLLIN) }
            if !isWriteHeld, let next = writing.waiting.first {
                let pause = (next.dueAt - now).milliseconds
                if pause <= 0 { events |= Int16(POLLOUT) } else { timeout = min(timeout, max(1, pause)) }
            }
            return events
        }
        let client = events(
            reading: requests, isReadHeld: conditions.holdsRequests, writing: answers,
            isWriteHeld: conditions.holdsAnswers)
        let server = events(
            reading: answers, isReadHeld: conditions.holdsAnswers, writing: requests,
            isWriteHeld: conditions.holdsRequests)
        // A descriptor nothing is wanted of is left out: a hang-up would be reported again and again.
        var descriptors = [
            pollfd(fd: client == 0 ? -1 : requests.source, events: client, revents: 0),
            pollfd(fd: server == 0 ? -1 : requests.target, events: server, revents: 0),
        ]
        return poll(&descriptors, 2, Int32(timeout)) >= 0 || errno == EINTR
    }

    // MARK: Reading

    private mutating func readRequests(_ latency: Duration) -> Bool {
        guard let bytes = Self.read(&requests) else { return false }
        guard !bytes.isEmpty else { return true }
        let dueAt = BootClock.now() + latency
        switch content {
        case .opaque:
            requests.append(bytes, dueAt: dueAt)
        case .http:
            framing.append(bytes)
            while let request = framing.next() {
                switch state.ending() {
                case nil:
                    requests.append(request, dueAt: dueAt)
                case .status(let status):
                    answers.append(RequestFraming.refusal(status), dueAt: dueAt + latency)
                case .answerLost:
                    losesNextAnswer = true
                    requests.append(request, dueAt: dueAt)
                }
            }
        }
        return true
    }

    private mutating func readAnswers(_ latency: Duration) -> Bool {
        guard let bytes = Self.read(&answers) else { return false }
        guard !bytes.isEmpty else { return true }
        guard !losesNextAnswer else { return false }
        answers.append(bytes, dueAt: BootClock.now() + latency)
        return true
    }

    /// What there is; nil when the connection is broken.
    private static func read(_ direction: inout Direction) -> [UInt8]? {
        guard !direction.hasSourceEnded, direction.byteCount < bufferLimit else { return [] }
        var buffer = [UInt8](repeating: 0, count: 64 << 10)
        let count = recv(direction.source, &buffer, buffer.count, Int32(MSG_DONTWAIT))
        guard count >= 0 else { return errno == EAGAIN || errno == EINTR ? [] : nil }
        if count == 0 { direction.hasSourceEnded = true }
        return Array(buffer[..<count])
    }

    // MARK: Writing

    /// Writes what is due. False: the connection is broken.
    private static func write(_ direction: inout Direction, isHeld: Bool) -> Bool {
        guard !isHeld else { return true }
        let now = BootClock.now()
        while let next = direction.waiting.first, next.dueAt <= now {
            let count = next.bytes.withUnsafeBytes {
                send(direction.target, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
            }
            guard count >= 0 else { return errno == EAGAIN || errno == EINTR }
            direction.byteCount -= count
            if count == next.bytes.count {
                direction.waiting.removeFirst()
            } else {
                direction.waiting[0].bytes = next.bytes.dropFirst(count)
            }
        }
        if direction.hasSourceEnded, direction.waiting.isEmpty, !direction.isFinished {
            shutdown(direction.target, Int32(SHUT_WR))
            direction.isFinished = true
        }
        return true
    }
}
