import ClusterStore
import Glibc
import Testing

@testable import Agent

@Suite struct AgentFileTests {
    /// - Parameter route: as JSON; nil leaves it out.
    private func read(route: String?) throws -> AgentFile {
        var template = Array("/tmp/matriarch-agent-file-XXXXXX".utf8CString)
        let descriptor = mkstemp(&template)
        try #require(descriptor >= 0)
        let path = String(decoding: template.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
        defer { unlink(path) }
        let text = Array(#"{"cluster": "demo"\#(route.map { #", "route": \#($0)"# } ?? "")}"#.utf8)
        let count = write(descriptor, text, text.count)
        close(descriptor)
        try #require(count == text.count)
        return try AgentFile.read(path: path)
    }

    @Test func `only a file that asks for it has the agent write the route`() throws {
        #expect(try read(route: nil).route == nil)
        #expect(try read(route: #"{"kind": "EndpointSlice"}"#).route == RouteSettings())
        let owner = #"{"apiVersion": "matriarch.dev/v1", "kind": "PostgresCluster", "name": "demo", "uid": "u"}"#
        #expect(
            try read(route: #"{"kind": "EndpointSlice", "owner": \#(owner)}"#).route
                == RouteSettings(
                    owner: RouteOwner(apiVersion: "matriarch.dev/v1", kind: "PostgresCluster", name: "demo", uid: "u")))
    }

    @Test(arguments: [
        (#"{"kind": "Endpoints"}"#, "route.kind is Endpoints; it can be EndpointSlice"),
        ("{}", "route.kind is absent; it can be EndpointSlice"),
        (
            #"{"kind": "EndpointSlice", "owner": {"name": "demo"}}"#,
            "route.owner needs apiVersion, kind, name and uid"
        ),
    ])
    func `a route nobody can write is refused with what is wrong`(_ route: String, _ message: String) throws {
        let error = #expect(throws: AgentError.self) { try read(route: route) }
        #expect(error?.code == .configuration)
        #expect(error?.message.hasSuffix(message) == true, "\(error?.message ?? "")")
    }
}
