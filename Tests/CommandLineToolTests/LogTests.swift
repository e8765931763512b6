import ArgumentParser
import KubernetesClient
import KubernetesModels
import Synchronization
import TestSupport
import Testing

@testable import CommandLineTool

/// `matriarch logs`: lines of several members by time.
@Suite struct LogTests {
    @Test func `lines stand in the order of time, and each member's in its own`() {
        let first = LogLine.lines(
            """
            2026-11-21T00:00:01.5Z a1
            2026-11-21T00:00:01.55Z a2
            2026-11-21T00:00:01.2Z a3, written late
            no time
            2026-11-21T01:00:03+01:00 a5
            """, of: "demo-0")
        let second = LogLine.lines("2026-11-21T00:00:01.52Z b1\n2026-11-21T00:00:02.000000001Z b2\n", of: "demo-1")
        #expect(
            LogLine.merged([first, second, []]).map(\.text)
                == ["a1", "b1", "a2", "a3, written late", "no time", "b2", "a5"])
        #expect(LogLine.merged([]) == [])
    }

    @Test func `a line names its member when there are several, and its time when that is asked for`() {
        let line = LogLine("2026-11-21T00:00:01Z {\"a\":1}", of: "demo-1")
        #expect(LogPrinter(["demo-1"], showsTime: false).text(line) == "{\"a\":1}")
        #expect(LogPrinter(["demo-1", "demo-10"], showsTime: false).text(line) == "demo-1  | {\"a\":1}")
        #expect(LogPrinter(["demo-1"], showsTime: true).text(line) == "2026-11-21T00:00:01Z {\"a\":1}")
        #expect(LogPrinter(["demo-1"], showsTime: true).text(LogLine("plain", of: "demo-1")) == "plain")
    }

    @Test func `what is asked of the API server`() {
        var request = LogRequest(namespace: "shop", sinceSeconds: 90, tail: 5)
        #expect(
            request.path("demo-0")
                == "/api/v1/namespaces/shop/pods/demo-0/log?container=postgres&timestamps=true&sinceSeconds=90&tailLines=5"
        )
        // After a line only what follows it counts.
        #expect(
            request.path("demo-0", after: "2026-11-21T01:00:03+01:00", follows: true)
                == "/api/v1/namespaces/shop/pods/demo-0/log?container=postgres&timestamps=true&follow=true"
                + "&sinceTime=2026-11-21T01:00:03%2B01:00")
        request.isPrevious = true
        #expect(request.path("demo-0").contains("&previous=true&"))
    }

    @Test(
        arguments: [
            ("90", 90), ("90s", 90), ("5m", 300), ("2h", 7200), ("1d", 86_400), ("1h30m", 5400), ("", nil), ("0", nil),
            ("5", 5), ("m", nil), ("5x", nil), ("1h30", nil), ("-5m", nil), ("99999999999999999999s", nil),
            ("9999d", nil),
        ] as [(String, Int?)])
    func `a time is read as people write it`(text: String, seconds: Int?) {
        #expect(LogRequest.seconds(text) == seconds)
    }

    @Test(arguments: [
        [], ["demo", "--since", "soon"], ["demo", "--tail", "-1"], ["demo", "-f", "--previous"],
    ])
    func `wrong use is refused before anything is asked`(arguments: [String]) async {
        await #expect(throws: (any Error).self) { try await LogsCommand.asyncParse(arguments) }
    }

    /// An API server that has these logs, and says of any other Pod that it waits.
    private func server(_ logs: [String: String]) throws -> ScriptedServer {
        try ScriptedServer { connection in
            while let request = connection.readRequest() {
                if let log = logs.first(where: { request.path.contains("/pods/\($0.key)/log?") }) {
                    connection.respond(200, log.value)
                } else {
                    connection.respond(400, #"{"kind":"Status","message":"container is waiting to start"}"#)
                }
            }
        }
    }

    private func source(_ server: ScriptedServer, _ members: [String]) -> LogSource {
        var options = ClientOptions()
        options.maximumRetryCount = 0
        return LogSource(
            client: KubernetesClient(configuration: ClusterConfiguration(server: server.url), options: options),
            request: LogRequest(namespace: "shop"), printer: LogPrinter(members, showsTime: false))
    }

    @Test func `one member whose log cannot be read keeps nobody from the others`() async throws {
        let members = ["demo-0", "demo-1"]
        let some = try server(["demo-0": "2026-11-21T00:00:01Z hello\n"])
        try await source(some, members).printAll(members)
        let none = try server([:])
        let error = await #expect(throws: KubernetesError.self) { try await source(none, members).printAll(members) }
        #expect(error?.message.contains("container is waiting to start") == true)
    }

    @Test func `lines that end with a carriage return too are lines of their own`() {
        #expect(LogLine.lines("2026-11-21T00:00:01Z a\r\n2026-11-21T00:00:02Z b\n", of: "demo-0").count == 2)
    }

    /// Follows these answers, each of one connection, until a line says that it is the last.
    private func followed(_ answers: [String]) async throws -> (lines: [String], paths: [String]) {
        let asked = Mutex<[String]>([])
        let server = try ScriptedServer { connection in
            while let request = connection.readRequest() {
                let turn = asked.withLock { asked in
                    asked.append(request.path)
                    return asked.count - 1
                }
                if turn < answers.count {
                    connection.respond(200, answers[turn])
                } else {
                    connection.waitForClose()
                }
            }
        }
        let (lines, continuation) = AsyncStream.makeStream(of: String.self)
        var follower = source(server, ["demo-0"])
        follower.pause = .milliseconds(1)
        follower.print = { continuation.yield($0) }
        let following = Task { [follower] in try await follower.follow(["demo-0"]) }
        var seen: [String] = []
        for await line in lines {
            seen.append(line)
            if line == "last" { break }
        }
        following.cancel()
        let paths = withExtendedLifetime(server) { asked.withLock { $0 } }
        return (seen, paths)
    }

    @Test(.timeLimit(.minutes(1)))
    func `a followed log loses no line and repeats none`() async throws {
        // Two within a microsecond, one without a time, and the node's clock set back.
        let first = """
            2026-11-21T00:00:01.000000100Z a
            2026-11-21T00:00:01.000000200Z b
            2026-11-21T00:00:01.000000200Z c
            without a time
            2026-11-21T00:00:00.5Z back
            2026-11-21T00:00:02.1Z d
            2026-11-21T00:00:02.1Z d

            """
        // After a loss the whole second comes again; what follows it may have the same time.
        let second = """
            2026-11-21T00:00:02.1Z d
            2026-11-21T00:00:02.1Z d
            2026-11-21T00:00:02.1Z d
            2026-11-21T00:00:01.9Z e
            2026-11-21T00:00:03Z last

            """
        let (lines, paths) = try await followed([first, second])
        #expect(lines == ["a", "b", "c", "without a time", "back", "d", "d", "d", "e", "last"])
        #expect(paths[1].contains("sinceTime=2026-11-21T00:00:02.1Z"))
    }

    @Test(.timeLimit(.minutes(1)))
    func `what the connection after a loss has no longer is not waited for`() async throws {
        let (lines, _) = try await followed([
            "2026-11-21T00:00:01Z a\n2026-11-21T00:00:01Z b\n", "2026-11-21T00:00:01Z b\n2026-11-21T00:00:01Z last\n",
        ])
        #expect(lines == ["a", "b", "last"])
    }
}
