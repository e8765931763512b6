import ClusterRecords
import Glibc
import Testing

@testable import Agent
@testable import AgentShell

/// The file as the kubelet mounts it; what may stand in it is tested with the record.
@Suite struct AgentFileTests {
    private func read(_ content: String) throws -> AgentFile {
        var template = Array("/tmp/matriarch-agent-file-XXXXXX".utf8CString)
        let descriptor = mkstemp(&template)
        try #require(descriptor >= 0)
        let path = String(decoding: template.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
        defer { unlink(path) }
        let text = Array(content.utf8)
        let count = write(descriptor, text, text.count)
        close(descriptor)
        try #require(count == text.count)
        return try AgentFileReader(path: path).read()
    }

    @Test func `a file is read from its path`() throws {
        #expect(try read(#"{"cluster": "demo", "lockObject": "Endpoints"}"#).lockObject == .endpoints)
    }

    @Test func `a file that is read again says what it says now`() throws {
        var template = Array("/tmp/matriarch-agent-file-XXXXXX".utf8CString)
        let descriptor = mkstemp(&template)
        try #require(descriptor >= 0)
        defer { close(descriptor) }
        let path = String(decoding: template.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
        defer { unlink(path) }
        func say(_ text: String) throws {
            let bytes = Array(text.utf8)
            try #require(ftruncate(descriptor, 0) == 0 && pwrite(descriptor, bytes, bytes.count, 0) == bytes.count)
        }
        let reader = AgentFileReader(path: path)
        for _ in 1...2 {
            try say(#"{"cluster": "demo"}"#)
            for _ in 1...2 { #expect(try reader.read().lockObject == .configMap) }
            try say("{")
            for _ in 1...2 { #expect(throws: Problem.self) { try reader.read() } }
            try say(#"{"cluster": "demo", "lockObject": "Endpoints"}"#)
            for _ in 1...2 { #expect(try reader.read().lockObject == .endpoints) }
        }
        unlink(path)
        #expect(throws: Problem.self) { try reader.read() }
    }

    @Test func `a file that is not there is refused with its path`() {
        let problem = #expect(throws: Problem.self) { try AgentFileReader(path: "/nowhere/agent.json").read() }
        #expect(problem?.path == "/nowhere/agent.json" && problem?.refuser == .agent)
    }

    @Test(arguments: [
        ("{", "is not JSON"),
        (#"{"callbacks": {"timeout": 0}}"#, "callbacks.timeout: 0: must be 1 to 3600 seconds"),
    ])
    func `a file nobody can use is refused with its path and what is wrong`(_ text: String, _ message: String) throws {
        let problem = #expect(throws: Problem.self) { try read(text) }
        #expect(problem?.path.hasPrefix("/tmp/matriarch-agent-file-") == true)
        #expect(problem?.description.contains(message) == true, "\(problem?.description ?? "")")
    }
}
