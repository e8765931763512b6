import Glibc
import Logging
import Synchronization
import Testing

@testable import Observability

/// The log of a container is a pipe, and whoever reads it may stall.
@Suite struct LogOutputTests {
    /// A pipe as a container gets it: whoever writes waits when it is full.
    private final class Pipe: Sendable {
        let reading: Int32
        let writing: Int32

        init() throws {
            // What is tried again after the end of a test must not end them all.
            signal(SIGPIPE, SIG_IGN)
            var ends: [Int32] = [-1, -1]
            let made = pipe(&ends)
            try #require(made == 0)
            (reading, writing) = (ends[0], ends[1])
            try #require(fcntl(reading, F_SETFL, O_NONBLOCK) == 0)
        }

        deinit {
            close(reading)
            close(writing)
        }

        /// Reads what comes until `isOver`, for ten seconds at most.
        func read(until isOver: (String) -> Bool) -> String {
            var bytes: [UInt8] = []
            var buffer = [UInt8](repeating: 0, count: 1 << 16)
            let end = ContinuousClock.now + .seconds(10)
            while ContinuousClock.now < end {
                let count = Glibc.read(reading, &buffer, buffer.count)
                if count > 0 {
                    bytes += buffer.prefix(count)
                    continue
                }
                if isOver(String(decoding: bytes, as: UTF8.self)) { break }
                var ready = pollfd(fd: reading, events: Int16(POLLIN), revents: 0)
                _ = poll(&ready, 1, 100)
            }
            return String(decoding: bytes, as: UTF8.self)
        }
    }

    private static func line(_ number: Int) -> String { "line \(number) \(String(repeating: "x", count: 90))\n" }

    private static func numbers(in text: String) -> [Int] {
        text.split(separator: "\n").compactMap { $0.hasPrefix("line ") ? Int($0.split(separator: " ")[1]) : nil }
    }

    private static func dropped(in text: String) -> Int {
        text.split(separator: "\n").reduce(0) { $0 + (Int($1.wholeMatch(of: /dropped ([0-9]+)/)?.output.1 ?? "") ?? 0) }
    }

    @Test func `lines come whole and in order while they are read`() throws {
        let pipe = try Pipe()
        let output = LogOutput(pipe.writing) { "dropped \($0)\n" }
        var read = ""
        for round in 0..<20 {
            for number in 0..<100 { output.write(Self.line(round * 100 + number)) }
            read += pipe.read { Self.numbers(in: $0).count == 100 }
        }
        #expect(Self.numbers(in: read) == Array(0..<2000))
        #expect(Self.dropped(in: read) == 0)
    }

    /// A write that waited would end this test never.
    @Test func `nothing waits for a reader that stalls, and how much it missed is said`() throws {
        let pipe = try Pipe()
        let output = LogOutput(pipe.writing) { "dropped \($0)\n" }
        for number in 0..<10_000 { output.write(Self.line(number)) }
        let read = pipe.read { Self.dropped(in: $0) > 0 }
        let numbers = Self.numbers(in: read)
        // What came first is kept, as much as the pipe holds and may wait beside it.
        #expect(numbers == Array(0..<numbers.count))
        #expect((3000...4000).contains(numbers.count))
        #expect(Self.dropped(in: read) == 10_000 - numbers.count)
        // And it goes on.
        output.write(Self.line(10_000))
        #expect(Self.numbers(in: pipe.read { !$0.isEmpty }) == [10_000])
    }

    @Test func `nor where the pipe cannot be opened anew`() throws {
        let pipe = try Pipe()
        let output = LogOutput(pipe.writing, reopens: false) { "dropped \($0)\n" }
        for number in 0..<20_000 { output.write(Self.line(number)) }
        let read = pipe.read { Self.dropped(in: $0) > 0 }
        let numbers = Self.numbers(in: read)
        #expect(numbers == numbers.sorted() && numbers.count > 2000)
        #expect(Self.dropped(in: read) == 20_000 - numbers.count)
        output.write(Self.line(20_000))
        #expect(Self.numbers(in: pipe.read { !$0.isEmpty }) == [20_000])
    }

    @Test func `the last lines before a silence are read, too`() throws {
        let pipe = try Pipe()
        let output = LogOutput(pipe.writing) { "dropped \($0)\n" }
        for number in 0..<1000 { output.write(Self.line(number)) }
        let read = pipe.read { Self.numbers(in: $0).count == 1000 }
        #expect(Self.numbers(in: read) == Array(0..<1000))
    }

    /// PostgreSQL's lines go into the same pipe, by descriptors that wait.
    @Test func `others who write into the pipe wait as before`() throws {
        let pipe = try Pipe()
        let output = LogOutput(pipe.writing) { "dropped \($0)\n" }
        output.write(Self.line(1))
        #expect(fcntl(pipe.writing, F_GETFL) & O_NONBLOCK == 0)
    }

    @Test func `many threads write lines that do not mix`() async throws {
        let pipe = try Pipe()
        let output = LogOutput(pipe.writing) { "dropped \($0)\n" }
        await withTaskGroup(of: Void.self) { group in
            for task in 0..<8 {
                group.addTask { for number in 0..<300 { output.write(Self.line(task * 1000 + number)) } }
            }
        }
        let read = pipe.read { Self.numbers(in: $0).count == 2400 }
        let numbers = Self.numbers(in: read)
        #expect(Set(numbers).count == 2400)
        for task in 0..<8 {
            let own = numbers.filter { $0 / 1000 == task }
            #expect(own == own.sorted())
        }
    }

    @Test func `a file takes every line`() throws {
        var path = Array("/tmp/log-output-XXXXXX".utf8CString)
        let descriptor = mkstemp(&path)
        try #require(descriptor >= 0)
        defer {
            close(descriptor)
            unlink(path)
        }
        let output = LogOutput(descriptor) { "dropped \($0)\n" }
        for number in 0..<5000 { output.write(Self.line(number)) }
        #expect(lseek(descriptor, 0, SEEK_CUR) == (0..<5000).reduce(0) { $0 + Self.line($1).utf8.count })
    }

    @Test func `a reader that is gone ends nothing`() throws {
        signal(SIGPIPE, SIG_IGN)
        var ends: [Int32] = [-1, -1]
        let made = pipe(&ends)
        try #require(made == 0)
        let output = LogOutput(ends[1]) { "dropped \($0)\n" }
        close(ends[0])
        for number in 0..<5000 { output.write(Self.line(number)) }
        close(ends[1])
    }
}
