import Synchronization
import Testing
import Units

@testable import Simulation

/// What an agent's shell is made of, tasks, actors and streams, in the world's time.
@Suite struct WorldClockTests {
    /// Writes down what happens, and when.
    private final class Book: Sendable {
        private let lines = Mutex<[String]>([])
        func note(_ text: String) { lines.withLock { $0.append(text) } }
        var text: [String] { lines.withLock { $0 } }
    }

    /// An actor that is entered by several flows, as the agent's loop is.
    private actor Loop {
        let clock: any AgentClock
        let book: Book
        var turns = 0
        private var timer: Task<Void, Never>?

        init(clock: any AgentClock, book: Book) {
            self.clock = clock
            self.book = book
        }

        func turn(_ name: String) async {
            turns += 1
            book.note("\(clock.now.nanoseconds) \(name) begins turn \(turns)")
            try? await clock.sleep(for: .milliseconds(7))
            book.note("\(clock.now.nanoseconds) \(name) goes on, \(turns)")
        }

        func ring(after pause: Duration, _ calls: AsyncStream<Int>.Continuation, _ number: Int) {
            timer?.cancel()
            timer = clock.start { [clock] in
                do { try await clock.sleep(for: pause) } catch { return }
                calls.yield(number)
            }
        }

        func both() async -> Int {
            async let one: Void = turn("one")
            async let other: Void = turn("other")
            _ = await (one, other)
            return turns
        }
    }

    private static func run(seed: UInt64) -> [String] {
        let world = World(plan: RunPlan(seed: seed), tracing: false)
        defer { world.dissolve() }
        let clock = WorldClock(world: world, node: world.plan.clocks[0], owner: .world)
        let book = Book()
        let loop = Loop(clock: clock, book: book)
        clock.start {
            await withTaskGroup { group in
                let (calls, call) = AsyncStream.makeStream(of: Int.self, bufferingPolicy: .bufferingNewest(1))
                for name in ["a", "b", "c"] { group.addTask { for _ in 0..<5 { await loop.turn(name) } } }
                group.addTask {
                    for number in 0..<6 {
                        await loop.ring(after: .milliseconds(10), call, number)
                        try? await clock.sleep(for: .milliseconds(number < 3 ? 4 : 20))
                    }
                    call.finish()
                }
                group.addTask { for await number in calls { book.note("\(clock.now.nanoseconds) rings \(number)") } }
                await group.waitForAll()
            }
            book.note("\(clock.now.nanoseconds) both: \(await loop.both())")
        }
        world.run(until: .seconds(60))
        return book.text
    }

    @Test func `the same seed is the same trace, a thousand times`() {
        let first = Self.run(seed: 7)
        #expect(first.last?.contains("both: 17") == true, "\(first)")
        #expect(first.count(where: { $0.contains("rings") }) == 3)
        for _ in 0..<1000 { #expect(Self.run(seed: 7) == first) }
    }

    @Test func `of what is ready at one moment any may go on first`() {
        /// Who goes on first after all have slept equally long.
        func order(_ seed: UInt64) -> [String] {
            Self.run(seed: seed).filter { $0.contains("begins") }.prefix(3).map { String($0.split(separator: " ")[1]) }
        }
        #expect(Set((0..<40).map(order)).count == 6)
    }

    @Test func `time passes by the node's own clock`() throws {
        let world = World(plan: RunPlan(seed: 1), tracing: false)
        defer { world.dissolve() }
        let clock = WorldClock(
            world: world, node: NodeClock(origin: 5_000_000_000, partsPerMillion: -5000), owner: .world)
        let book = Book()
        clock.start {
            try? await clock.sleep(until: BootInstant(nanoseconds: 15_000_000_000), tolerance: nil)
            book.note("\(clock.now.nanoseconds / 1000)")
        }
        world.run(until: .seconds(60))
        let shown = try #require(book.text.first.flatMap { Int64($0) })
        #expect(shown >= 15_000_000 && shown < 15_000_100)
    }

    @Test func `who is cancelled sleeps no longer`() {
        let world = World(plan: RunPlan(seed: 1), tracing: false)
        defer { world.dissolve() }
        let clock = WorldClock(world: world, node: world.plan.clocks[0], owner: .world)
        let (book, began) = (Book(), clock.now)
        let sleeper = clock.start {
            do {
                try await clock.sleep(for: .seconds(30))
                book.note("slept")
            } catch {
                book.note("cancelled after \((clock.now - began).milliseconds / 1000) s")
            }
        }
        clock.start {
            try? await clock.sleep(for: .seconds(2))
            sleeper.cancel()
        }
        world.run(until: .seconds(60))
        #expect(book.text.count == 1 && book.text.first?.hasPrefix("cancelled after") == true, "\(book.text)")
    }
}
