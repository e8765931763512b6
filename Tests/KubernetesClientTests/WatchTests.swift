import KubernetesClient
import KubernetesModels
import TestSupport
import Testing

@Suite("Watches at a real API server")
struct WatchTests {
    @Test(.timeLimit(.minutes(1)), arguments: [false, true])
    func `a watch sees an object added, modified and deleted, in order`(forcesHTTP1: Bool) async throws {
        var options = ClientOptions()
        options.forcesHTTP1 = forcesHTTP1
        let fixture = try await APIServerFixture(options: options)
        let start = try await fixture.client.list(ConfigMap.self, namespace: fixture.namespace)
        let events = fixture.client.watch(
            ConfigMap.self, namespace: fixture.namespace, resourceVersion: start.resourceVersion)
        var iterator = events.makeAsyncIterator()

        let created = try await fixture.createConfigMap("one", ["a": "1"])
        #expect(try await iterator.next() == .added(created))
        let changed = try await fixture.client.mergePatch(
            ConfigMap.self, name: "one", namespace: fixture.namespace, body: ["data": ["a": "2"]])
        #expect(try await iterator.next() == .modified(changed))
        try await fixture.client.delete(ConfigMap.self, name: "one", namespace: fixture.namespace)
        guard case .deleted(let last) = try await iterator.next() else {
            Issue.record("expected a deletion")
            return
        }
        #expect(last.metadata.uid == created.metadata.uid && last.data == ["a": "2"])
    }

    @Test(.timeLimit(.minutes(1)))
    func `a watch ends at the server's timeout and goes on from the last version it showed`() async throws {
        let fixture = try await APIServerFixture()
        let list = try await fixture.client.list(ConfigMap.self, namespace: fixture.namespace)
        try await fixture.createConfigMap("before")
        var bookmarks: [String] = []
        var added = 0
        var from = list.resourceVersion
        let events = fixture.client.watch(
            ConfigMap.self, namespace: fixture.namespace, resourceVersion: from, timeout: .seconds(4))
        for try await event in events {
            switch event {
            case .bookmark(let version): bookmarks.append(version)
            case .added(let object):
                added += 1
                from = object.metadata.resourceVersion ?? from
            case .modified, .deleted: Issue.record("nothing was changed")
            }
        }
        #expect(added == 1)
        // Two seconds before the end a server sends a bookmark, unless it has seen nothing since: it promises none.
        let version = bookmarks.last ?? from
        let next = fixture.client.watch(ConfigMap.self, namespace: fixture.namespace, resourceVersion: version)
        var iterator = next.makeAsyncIterator()
        let created = try await fixture.createConfigMap("after")
        #expect(try await iterator.next() == .added(created))
    }

    /// Requests and watches are streams of one connection; whichever of them reads its socket takes in what came for the others.
    @Test(.timeLimit(.minutes(2)))
    func `no answer and no event lies about while its connection has nothing more to read`() async throws {
        let fixture = try await APIServerFixture()
        let client = fixture.client
        let watched = 4
        var watches: [AsyncThrowingStream<WatchEvent<ConfigMap>, any Error>.Iterator] = []
        for number in 0..<watched {
            let made = try await fixture.createConfigMap("watched-\(number)", ["n": "0"])
            watches.append(
                client.watch(
                    ConfigMap.self, namespace: fixture.namespace, resourceVersion: made.metadata.resourceVersion ?? ""
                ).makeAsyncIterator())
        }
        let clock = ContinuousClock()
        var longest = Duration.zero
        for round in 1...400 {
            let began = clock.now
            async let first = client.get(ConfigMap.self, name: "watched-0", namespace: fixture.namespace)
            async let second = client.list(ConfigMap.self, namespace: fixture.namespace)
            async let third = client.get(ConfigMap.self, name: "watched-1", namespace: fixture.namespace)
            _ = try await client.mergePatch(
                ConfigMap.self, name: "watched-3", namespace: fixture.namespace,
                body: ["data": ["n": .string("\(round)")]])
            _ = try await (first, second, third)
            for number in 0..<watched {
                while let event = try await watches[number].next() {
                    if case .modified(let object) = event, object.data?["n"] == "\(round)" { break }
                }
            }
            longest = max(longest, began.duration(to: clock.now))
        }
        // A round takes some 20 ms. What lay about was found at the next timer of a request: its connect timeout, 3 s.
        #expect(longest < .seconds(2), "\(longest)")
    }

    /// Whoever takes an answer out of the socket for an earlier request leaves it two steps to go: what it says, and that this was all.
    @Test(.timeLimit(.minutes(2)))
    func `no end of an answer lies about while its connection has nothing more to read`() async throws {
        let fixture = try await APIServerFixture()
        let (client, namespace) = (fixture.client, fixture.namespace)
        let lengths = [10, 3000, 9000, 16_000, 20_000, 40_000]
        for length in lengths {
            try await fixture.createConfigMap("of-\(length)", ["text": String(repeating: "x", count: length)])
        }
        let clock = ContinuousClock()
        var longest = Duration.zero
        for _ in 1...150 {
            let began = clock.now
            try await withThrowingTaskGroup(of: Void.self) { group in
                for number in 0..<24 {
                    let length = lengths[number % lengths.count]
                    group.addTask {
                        let read = try await client.get(ConfigMap.self, name: "of-\(length)", namespace: namespace)
                        #expect(read.data?["text"]?.utf8.count == length)
                    }
                }
                try await group.waitForAll()
            }
            longest = max(longest, began.duration(to: clock.now))
        }
        // A round takes some 100 ms.
        #expect(longest < .seconds(2), "\(longest)")
    }

    @Test(.timeLimit(.minutes(1)))
    func `a watch from a version long gone says so`() async throws {
        let fixture = try await APIServerFixture()
        // The API server keeps no cache of events: a watch of them goes to etcd, which has forgotten.
        let old = try await fixture.client.list(Event.self, namespace: fixture.namespace)
        // Two: etcd still serves a watch that begins at the very version it was compacted to.
        try await fixture.createConfigMap("makes-a-version")
        try await fixture.createConfigMap("makes-another")
        try await fixture.controlPlane.compact()
        let events = fixture.client.watch(
            Event.self, namespace: fixture.namespace, resourceVersion: old.resourceVersion)
        let error = await #expect(throws: KubernetesError.self) {
            for try await _ in events {}
        }
        #expect(error?.isGone == true)
    }

    @Test(.timeLimit(.minutes(1)))
    func `an event of many kilobytes arrives whole`() async throws {
        let fixture = try await APIServerFixture()
        let list = try await fixture.client.list(ConfigMap.self, namespace: fixture.namespace)
        var iterator = fixture.client.watch(
            ConfigMap.self, namespace: fixture.namespace, resourceVersion: list.resourceVersion
        ).makeAsyncIterator()
        let created = try await fixture.createConfigMap("large", ["text": String(repeating: "elephant", count: 80_000)])
        #expect(try await iterator.next() == .added(created))
    }

    @Test(.timeLimit(.minutes(1)))
    func `cancelling the reader ends the watch at once`() async throws {
        let fixture = try await APIServerFixture()
        let list = try await fixture.client.list(ConfigMap.self, namespace: fixture.namespace)
        let events = fixture.client.watch(
            ConfigMap.self, namespace: fixture.namespace, resourceVersion: list.resourceVersion)
        let (seen, report) = AsyncStream.makeStream(of: Void.self)
        let reader = Task {
            for try await _ in events { report.yield() }
        }
        try await fixture.createConfigMap("one")
        var iterator = seen.makeAsyncIterator()
        await iterator.next()
        let cancelledAt = ContinuousClock.now
        reader.cancel()
        _ = await reader.result
        #expect(ContinuousClock.now - cancelledAt < .seconds(10))
    }
}
