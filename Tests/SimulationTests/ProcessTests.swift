import Foundation
import Testing

@testable import Simulation

/// A seed that one process calls a violation has to be one for whoever looks into it: dictionaries and sets are in another order
/// in each process, and nothing of an agent may go by that.
@Suite struct ProcessTests {
    /// `matriarch-sim`, beside these tests.
    private static func program() throws -> URL {
        let running = URL(fileURLWithPath: try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe"))
        let tests = CommandLine.arguments.filter { $0.hasPrefix("/") }.map { URL(fileURLWithPath: $0) }
        let found = ([running] + tests).map { $0.deletingLastPathComponent().appendingPathComponent("matriarch-sim") }
            .first { FileManager.default.isExecutableFile(atPath: $0.path) }
        return try #require(found, "matriarch-sim is not beside these tests; run: swift build --build-tests")
    }

    /// The last line of a replay: steps, commits, and a hash over everything that happened.
    private func summary(of seed: UInt64) throws -> String {
        let process = Process()
        process.executableURL = try Self.program()
        process.arguments = ["replay", String(seed)]
        let output = Pipe()
        process.standardOutput = output
        try process.run()
        let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit()
        return String(try #require(text.split(separator: "\n").last))
    }

    @Test(arguments: [3, 77, 5_000, 123_456] as [UInt64])
    func `the same seed is the same run in another process`(seed: UInt64) throws {
        let here = Simulator.run(seed: seed)
        let first = try summary(of: seed)
        #expect(first.hasSuffix("hash \(here.traceHash)"))
        #expect(try summary(of: seed) == first)
    }
}
