import NIOCore
import Synchronization

/// The connections of one server, so that whoever opens many shuts out nobody else.
final class OpenConnections: Sendable {
    private struct Entry {
        let channel: any Channel
        /// When it began to wait for a request, by count.
        var since: UInt64
        /// A whole request has arrived and is not answered yet.
        var isBusy = false
    }

    private struct State {
        var entries: [ObjectIdentifier: Entry] = [:]
        var count: UInt64 = 0

        mutating func next() -> UInt64 {
            count += 1
            return count
        }
    }

    private let limit: Int
    private let state = Mutex(State())

    init(limit: Int) { self.limit = limit }

    /// Takes it in, and lets the one go that has waited longest when there are too many: for its request, or when all have
    /// sent one, for the answer. So a probe, which is answered at once, always finds a place.
    func opened(_ channel: any Channel) {
        let surplus = state.withLock { state -> (any Channel)? in
            let since = state.next()
            defer { state.entries[ObjectIdentifier(channel)] = Entry(channel: channel, since: since) }
            guard state.entries.count >= limit else { return nil }
            let idle = state.entries.values.filter { !$0.isBusy }
            return (idle.isEmpty ? Array(state.entries.values) : idle).min { $0.since < $1.since }?.channel
        }
        surplus?.close(promise: nil)
    }

    func closed(_ channel: any Channel) {
        state.withLock { _ = $0.entries.removeValue(forKey: ObjectIdentifier(channel)) }
    }

    func note(_ channel: any Channel, isBusy: Bool) {
        state.withLock { state in
            let since = state.next()
            state.entries[ObjectIdentifier(channel)]?.isBusy = isBusy
            state.entries[ObjectIdentifier(channel)]?.since = since
        }
    }
}
