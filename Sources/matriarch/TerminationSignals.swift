@preconcurrency import Dispatch
import Glibc

/// SIGTERM and SIGINT as something to wait for.
final class TerminationSignals: Sendable {
    private let arrivals: AsyncStream<Void>
    private let sources: [any DispatchSourceSignal]

    init() {
        let (arrivals, arrival) = AsyncStream<Void>.makeStream(bufferingPolicy: .bufferingNewest(1))
        self.arrivals = arrivals
        sources = [SIGTERM, SIGINT].map { number in
            signal(number, SIG_IGN)
            let source = DispatchSource.makeSignalSource(signal: number, queue: .global())
            source.setEventHandler { arrival.yield() }
            source.resume()
            return source
        }
    }

    /// Returns at the first signal, or when cancelled.
    func wait() async {
        for await _ in arrivals { return }
    }
}
