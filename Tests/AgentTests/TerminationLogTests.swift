import Glibc
import HighAvailability
import Testing

@testable import Agent
@testable import AgentShell

@Suite struct TerminationLogTests {
    private let drawn = ContainerInstance(1, 2)
    private let other = ContainerInstance(3, 4)

    /// A file with this content, and what it holds after `body`.
    private func file(_ content: String, _ body: (TerminationLog) throws -> Void) throws -> String {
        var template = Array("/tmp/matriarch-termination-XXXXXX".utf8CString)
        let descriptor = mkstemp(&template)
        try #require(descriptor >= 0)
        let path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
        defer {
            close(descriptor)
            unlink(path)
        }
        let bytes = Array(content.utf8)
        try #require(write(descriptor, bytes, bytes.count) == bytes.count)
        try body(TerminationLog(path: path))
        return try TextFile.read(path)
    }

    @Test func `an empty file gets a name, and the next agent of the container finds it`() throws {
        let content = try file("") { (log: TerminationLog) throws in
            #expect(try log.instance(drawing: drawn) == drawn)
            #expect(try log.instance(drawing: other) == drawn)
        }
        #expect(content == drawn.line)
    }

    @Test(arguments: ["a hook was here", "a hook was here\n", "matriarch instance 0123"])
    func `what somebody else wrote stays, and the name has a line of its own`(_ text: String) throws {
        let content = try file(text) { (log: TerminationLog) throws in
            #expect(try log.instance(drawing: drawn) == drawn)
            #expect(try log.instance(drawing: other) == drawn)
        }
        #expect(content.hasPrefix(text))
        #expect(ContainerInstance.all(in: content) == [drawn])
    }

    @Test func `a name the kubelet would not report any more is replaced by one it would`() throws {
        let content = try file(other.line + String(repeating: "é", count: 3000)) { (log: TerminationLog) throws in
            #expect(try log.instance(drawing: drawn) == drawn)
            #expect(try log.instance(drawing: other) == drawn)
        }
        #expect(ContainerInstance.all(in: String(decoding: content.utf8.suffix(4096), as: UTF8.self)) == [drawn])
    }

    @Test func `of two names the first is kept: the container had it before PostgreSQL ran`() throws {
        _ = try file(drawn.line + other.line) { (log: TerminationLog) throws in
            #expect(try log.instance(drawing: ContainerInstance(5, 6)) == drawn)
        }
    }

    @Test(arguments: ["/nowhere/termination-log", "/tmp", "/dev/null", "/dev/full", "/proc/self/stat"])
    func `a path that keeps nothing gives no name, with the reason`(_ path: String) throws {
        let error = #expect(throws: AgentError.self) {
            try TerminationLog(path: path).instance(drawing: drawn)
        }
        #expect(error?.message.hasPrefix("cannot leave a name in \(path): ") == true)
        #expect(path != "/nowhere/termination-log" || access(path, F_OK) != 0)
    }
}
