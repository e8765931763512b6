import Logging
import Observability
import Synchronization
import Testing

@Suite struct StructuredLogHandlerTests {
    final class Lines: Sendable {
        private let lines = Mutex<[String]>([])
        var all: [String] { lines.withLock { $0 } }
        var destination: LogDestination { LogDestination { line in self.lines.withLock { $0.append(line) } } }
    }

    private func logger(_ format: LogFormat, _ lines: Lines) -> Logger {
        Logger(label: "matriarch.agent") { label in
            StructuredLogHandler(
                label: label, format: format, destination: lines.destination,
                clock: { LogTime(microsecondsSinceEpoch: 1_795_217_400_000_042) })
        }
    }

    @Test func `a record is one line of JSON with time, level, logger, message and sorted metadata`() {
        let lines = Lines()
        var logger = logger(.json, lines)
        logger[metadataKey: "cluster"] = "demo"
        logger.warning(
            "took \"the\" lock\n\u{1}",
            metadata: [
                "epoch": .stringConvertible(7), "alive": .stringConvertible(true), "level": "x", "list": ["a", "b"],
            ])
        #expect(
            lines.all == [
                #"{"time":"2026-11-20T23:30:00.000042Z","level":"warning","logger":"matriarch.agent","#
                    + #""message":"took \"the\" lock\n\u0001","alive":true,"cluster":"demo","epoch":7,"#
                    + #""meta.level":"x","list":["a","b"]}"# + "\n"
            ])
    }

    @Test func `the text form stays on one line and quotes what has blanks`() {
        let lines = Lines()
        logger(.text, lines).info("two\nlines", metadata: ["a": "b c", "n": "1"])
        #expect(lines.all == ["2026-11-20T23:30:00.000042Z INFO matriarch.agent: two\\nlines a=\"b c\" n=1\n"])
    }

    @Test func `records below the level are not written`() {
        let lines = Lines()
        logger(.json, lines).debug("quiet")
        #expect(lines.all.isEmpty)
    }

    /// What somebody sends, or stores, is as long as he likes.
    @Test(arguments: [LogFormat.json, .text], ["a", "\u{1}", "é", "🐘", "\""])
    func `a line is never longer than it may be, and says how long it was`(format: LogFormat, letter: String) {
        let long = String(repeating: letter, count: 20_000)
        let many = Logger.MetadataValue.array((0..<5000).map { .string("\(letter)\($0)") })
        let cases: [(Logger.Message, Logger.Metadata)] = [
            ("\(long)", [:]), ("short", ["value": .string(long)]), ("short", ["values": many]),
            ("short", ["nested": ["inner": .string(long)]]),
            ("\(long)", Dictionary(uniqueKeysWithValues: (0..<200).map { ("key\($0)", .string(long)) })),
        ]
        for (message, metadata) in cases {
            let lines = Lines()
            logger(format, lines).info(message, metadata: metadata)
            #expect(lines.all.count == 1)
            let line = lines.all.first ?? ""
            #expect(line.utf8.count <= 16 << 10, "\(line.utf8.count)")
            #expect(line.contains("bytes"))
            #expect(line.contains("…"))
            #expect(line.filter { $0 == "\n" }.count == 1 && line.hasSuffix("\n"))
            if format == .json { #expect(line.hasPrefix("{") && line.hasSuffix("}\n")) }
        }
    }

    @Test func `a line that is long and no longer than it may be is not cut`() {
        let lines = Lines()
        let long = String(repeating: "x", count: 10_000)
        logger(.json, lines).info("as it is", metadata: ["value": .string(long)])
        #expect(lines.all.first?.contains(long) == true)
    }

    @Test(arguments: [
        (0, "1970-01-01T00:00:00.000000Z"), (-1, "1969-12-31T23:59:59.999999Z"),
        (951_782_400_000_000, "2000-02-29T00:00:00.000000Z"), (4_107_542_399_999_999, "2100-02-28T23:59:59.999999Z"),
        (4_107_542_400_000_000, "2100-03-01T00:00:00.000000Z"),
    ])
    func `timestamps follow the calendar`(microseconds: Int64, text: String) {
        #expect(LogTime(microsecondsSinceEpoch: microseconds).description == text)
    }
}
