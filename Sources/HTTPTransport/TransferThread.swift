import CLibCurl
import Glibc

/// The thread that owns the multi handle and every easy handle.
final class TransferThread {
    /// Handles kept for the next request; more are freed.
    private static let maximumIdleHandles = 2
    private static let initializeCurl: Void = { curl_global_init(Int(CURL_GLOBAL_DEFAULT)) }()

    private let configuration: HTTPTransportConfiguration
    private let mailbox: TransferMailbox
    private let multi: UnsafeMutableRawPointer
    private let secrets: PinnedSecrets
    private let sockets: OpenSockets
    private var transfers: [TransferIdentifier: Transfer] = [:]
    private var identifiers: [UnsafeMutableRawPointer: TransferIdentifier] = [:]
    private var idleHandles: [UnsafeMutableRawPointer] = []
    private var lastReceivedAt: ContinuousClock.Instant = .now
    /// What was given to transfers that are over.
    private var byteCountGivenBefore: Int64 = 0

    private struct Arguments: Sendable {
        let configuration: HTTPTransportConfiguration
        let mailbox: TransferMailbox
    }
    private final class ArgumentsBox: Sendable {
        let arguments: Arguments
        init(_ arguments: Arguments) { self.arguments = arguments }
    }

    static func start(configuration: HTTPTransportConfiguration, mailbox: TransferMailbox) {
        _ = initializeCurl
        let box = ArgumentsBox(Arguments(configuration: configuration, mailbox: mailbox))
        var attributes = pthread_attr_t()
        pthread_attr_init(&attributes)
        defer { pthread_attr_destroy(&attributes) }
        pthread_attr_setdetachstate(&attributes, Int32(PTHREAD_CREATE_DETACHED))
        pthread_attr_setstacksize(&attributes, 512 << 10)
        var thread = pthread_t()
        let context = Unmanaged.passRetained(box).toOpaque()
        let result = pthread_create(
            &thread, &attributes,
            { context in
                guard let context else { return nil }
                let arguments = Unmanaged<ArgumentsBox>.fromOpaque(context).takeRetainedValue().arguments
                TransferThread.main(arguments.configuration, arguments.mailbox)
                return nil
            }, context)
        if result != 0 {
            Unmanaged<ArgumentsBox>.fromOpaque(context).release()
            mailbox.stop()
        }
    }

    private static func main(_ configuration: HTTPTransportConfiguration, _ mailbox: TransferMailbox) {
        matriarch_name_this_thread(configuration.threadName)
        // Signals are for other threads; SIGPIPE in particular must not end the process when a peer hangs up.
        var all = sigset_t()
        sigfillset(&all)
        pthread_sigmask(SIG_BLOCK, &all, nil)
        guard let thread = TransferThread(configuration, mailbox) else {
            mailbox.stop()
            for case .start(_, _, let receiver) in mailbox.collect().commands {
                receiver.refuse(.init(code: .shutdown, mayHaveBeenSent: false, message: "libcurl cannot start"))
            }
            return
        }
        thread.run()
    }

    private init?(_ configuration: HTTPTransportConfiguration, _ mailbox: TransferMailbox) {
        guard let multi = curl_multi_init() else { return nil }
        self.multi = multi
        self.configuration = configuration
        self.mailbox = mailbox
        secrets = PinnedSecrets(configuration)
        sockets = OpenSockets(userTimeout: configuration.userTimeout)
        _ = matriarch_curl_multi_set_long(multi, CURLMOPT_MAXCONNECTS, configuration.maximumIdleConnections)
        mailbox.attach(multi: multi)
    }

    private func run() {
        var progress = progress
        var quietTurns = 0
        while true {
            let (commands, isStopped) = mailbox.collect()
            for command in commands { execute(command) }
            if isStopped { break }
            var running: Int32 = 0
            curl_multi_perform(multi, &running)
            collectFinished()
            failSilent()
            let former = progress
            progress = self.progress
            quietTurns = progress == former ? quietTurns + 1 : 0
            let rest = quietTurns < Self.quietTurnsBeforeRest ? 0 : millisecondsUntilNextSilence()
            // Posting a command wakes the poll; curl shortens it to its own timers.
            curl_multi_poll(multi, nil, 0, Int32(clamping: rest), nil)
        }
        close()
    }

    // MARK: Rest

    /// Whichever HTTP/2 stream reads the common socket takes in what came for the others too. One that had its turn before is told
    /// by a timer that curl may drop at the end of the turn, and what came for it would lie there until another timer or the next
    /// byte: an answer for seconds, a watch's event for as long as nothing else comes. From then on it goes by steps of a turn
    /// each: the stream gets what came, then learns that this was its end; or gets what it has room for, then the rest, and then
    /// goes on in what was read, where it finds what is for another, which gets that a turn later. Only one step at a time leaves
    /// no trace in ``Progress``.
    private static let quietTurnsBeforeRest = 2

    /// What has come so far; only a change says something.
    private struct Progress: Equatable {
        let takenFromSockets: Int64
        let givenToTransfers: Int64
    }

    private var progress: Progress {
        Progress(
            takenFromSockets: sockets.bytesTakenIn,
            givenToTransfers: transfers.values.reduce(byteCountGivenBefore) { $0 &+ $1.byteCountGiven })
    }

    private func close() {
        mailbox.detach()
        for transfer in Array(transfers.values) {
            transfer.fail(.shutdown, "the transport was shut down")
            release(transfer)
        }
        for case .start(_, _, let receiver) in mailbox.collect().commands {
            receiver.refuse(.init(code: .shutdown, mayHaveBeenSent: false, message: "the transport was shut down"))
        }
        for easy in idleHandles { curl_easy_cleanup(easy) }
        curl_multi_cleanup(multi)
    }

    // MARK: Commands

    private func execute(_ command: TransferCommand) {
        switch command {
        case .start(let identifier, let request, let receiver): start(identifier, request, receiver)
        case .resume(let identifier):
            guard let transfer = transfers[identifier] else { return }
            curl_easy_pause(transfer.easy, CURLPAUSE_CONT)
        case .cancel(let identifier):
            guard let transfer = transfers[identifier] else { return }
            transfer.fail(.cancelled, "the task was cancelled")
            release(transfer)
        }
    }

    private func start(_ identifier: TransferIdentifier, _ request: HTTPRequest, _ receiver: TransferReceiver) {
        guard let easy = idleHandles.popLast() ?? curl_easy_init() else {
            receiver.refuse(.init(code: .shutdown, mayHaveBeenSent: false, message: "libcurl is out of memory"))
            return
        }
        let transfer = Transfer(
            identifier: identifier, request: request, receiver: receiver, easy: easy,
            maximumByteCount: configuration.maximumResponseByteCount,
            noteActivity: { [unowned self] in lastReceivedAt = .now })
        transfers[identifier] = transfer
        identifiers[easy] = identifier
        if let problem = transfer.configure(configuration, secrets: secrets, sockets: sockets) {
            transfer.fail(.invalidRequest, problem)
            release(transfer)
            return
        }
        curl_multi_add_handle(multi, easy)
    }

    private func release(_ transfer: Transfer) {
        byteCountGivenBefore &+= transfer.byteCountGiven
        curl_multi_remove_handle(multi, transfer.easy)
        curl_easy_reset(transfer.easy)
        identifiers[transfer.easy] = nil
        transfers[transfer.identifier] = nil
        if idleHandles.count < Self.maximumIdleHandles {
            idleHandles.append(transfer.easy)
        } else {
            curl_easy_cleanup(transfer.easy)
        }
    }

    // MARK: Ends

    private func collectFinished() {
        var remaining: Int32 = 0
        while let message = curl_multi_info_read(multi, &remaining) {
            guard message.pointee.msg == CURLMSG_DONE, let easy = message.pointee.easy_handle,
                let identifier = identifiers[easy], let transfer = transfers[identifier]
            else { continue }
            let code = matriarch_curl_message_result(message)
            if code == CURLE_OPERATION_TIMEDOUT { abandonConnection(of: transfer) }
            transfer.finish(code: code)
            release(transfer)
        }
    }

    /// A timeout of one HTTP/2 stream leaves its connection in use. When nothing at all has arrived since the request
    /// was sent, the connection is taken for dead and closed, as an unanswered ping would: the next request must not
    /// run into the same silence, and watches on it must learn of it.
    private func abandonConnection(of transfer: Transfer) {
        guard transfer.mayHaveBeenSent, lastReceivedAt < transfer.startedAt, let port = transfer.localPort else {
            return
        }
        sockets.shutDown(localPort: port)
    }

    private func failSilent() {
        let now = ContinuousClock.now
        for transfer in Array(transfers.values) {
            transfer.extendSilenceWhilePaused(now: now)
            guard let deadline = transfer.silenceDeadline, deadline <= now else { continue }
            abandonConnection(of: transfer)
            transfer.failForSilence()
            release(transfer)
        }
    }

    private func millisecondsUntilNextSilence() -> Int {
        let limit = 60_000
        guard let next = transfers.values.compactMap(\.silenceDeadline).min() else { return limit }
        return min(limit, max(0, (next - .now).wholeMilliseconds))
    }
}
