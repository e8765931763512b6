import KubernetesClient
import KubernetesModels
import PostgresClusterAPI
import TestSupport
import Testing

@testable import CommandLineTool

/// How `switchover`, `failover`, `restart` and `reinit` wait for what they asked for.
@Suite struct FollowedRequestTests {
    /// A cluster whose `status.switchover` is this.
    private static func cluster(_ status: JSONValue?) -> String {
        let cluster: JSONValue = [
            "apiVersion": "matriarch.dev/v1alpha1", "kind": "PostgresCluster",
            "metadata": ["name": "demo", "namespace": "shop"],
            "spec": Defaults.applied(
                to: ["image": "matriarch-postgres:15", "storage": ["size": "1Gi"]], as: PostgresClusterSpec.self),
            "status": status.map { ["switchover": $0] } ?? [:],
        ]
        return cluster.serialized()
    }

    private static func status(_ id: String, _ phase: String, to: String? = nil) -> JSONValue {
        var status: JSONValue = ["id": .string(id), "request": "hash", "phase": .string(phase), "reason": "R"]
        if let to { status["to"] = .string(to) }
        return status
    }

    /// - Parameters:
    ///   - timeout: seconds; 15 more are the operator's.
    ///   - answer: to the request of that number: a status, or a code that is none.
    private func follow(
        timeout: Int = 60, isEnough: (SwitchoverStatus) -> Bool = { _ in false },
        isLong: (SwitchoverStatus) -> Bool = { _ in false },
        _ answer: @escaping @Sendable (Int) -> Result<JSONValue?, HTTPStatus>
    ) async throws -> (status: SwitchoverStatus, requests: Int) {
        let server = try ScriptedServer { connection in
            while let request = connection.readRequest() {
                switch answer(request.number) {
                case .success(let status): connection.respond(200, Self.cluster(status))
                case .failure(let problem): connection.respond(problem.code)
                }
            }
        }
        var options = ClientOptions()
        options.maximumRetryCount = 0
        let client = KubernetesClient(configuration: ClusterConfiguration(server: server.url), options: options)
        let request = FollowedRequest(
            id: "mine", what: "switchover", cluster: "demo", namespace: "shop", timeout: timeout, watch: Stopwatch())
        let status = try await request.end(
            ClusterReader(client: client), isEnough: isEnough, isLong: isLong
        ) { $0.status?.switchover }
        return (status, server.requests)
    }

    private struct HTTPStatus: Error {
        let code: Int
    }

    @Test func `a request is followed until its own status is final`() async throws {
        let (status, requests) = try await follow { number in
            switch number {
            case 1: .success(nil)
            // What became of the request before this one is no answer.
            case 2: .success(Self.status("another", "Succeeded", to: "demo-2"))
            case 3: .success(Self.status("mine", "Requested"))
            case 4: .success(Self.status("mine", "InProgress"))
            default: .success(Self.status("mine", "Succeeded", to: "demo-1"))
            }
        }
        #expect(status.phase == .succeeded && status.to == "demo-1")
        #expect(requests == 5)
    }

    @Test func `a request that failed ends the wait as well`() async throws {
        let (status, requests) = try await follow { _ in .success(Self.status("mine", "Failed")) }
        #expect(status.phase == .failed)
        #expect(requests == 1)
    }

    @Test func `what may take long is followed past the timeout, and what is enough ends the wait`() async throws {
        // A second in all, and this takes two.
        let long = try await follow(timeout: -14, isLong: { $0.phase == .inProgress }) { number in
            .success(Self.status("mine", number < 10 ? "InProgress" : "Succeeded"))
        }
        #expect(long.status.phase == .succeeded && long.requests == 10)
        let enough = try await follow(isEnough: { $0.phase == .inProgress }) { number in
            .success(Self.status("mine", number < 3 ? "Requested" : "InProgress"))
        }
        #expect(enough.status.phase == .inProgress && enough.requests == 3)
    }

    @Test func `a request whose place another one has taken is not waited for`() async throws {
        let error = await #expect(throws: CommandError.self) {
            try await follow(isLong: { _ in true }) { number in
                number < 20
                    ? .success(Self.status(number < 3 ? "mine" : "another", "InProgress"))
                    : .failure(HTTPStatus(code: 404))
            }
        }
        #expect(error?.description.contains("another request, id another, has taken its place") == true)
    }

    @Test func `an API server that is away for a moment ends nothing`() async throws {
        let (status, _) = try await follow { number in
            number < 3 ? .failure(HTTPStatus(code: 503)) : .success(Self.status("mine", "Succeeded"))
        }
        #expect(status.phase == .succeeded)
    }

    @Test func `a cluster that is gone ends the wait`() async throws {
        let error = await #expect(throws: CommandError.self) {
            try await follow { _ in .failure(HTTPStatus(code: 404)) }
        }
        #expect(error?.description.contains("no PostgresCluster demo in namespace shop") == true)
    }

    @Test(
        arguments: [
            (nil, "the operator has not seen the request"), ("mine", "it is still under way"),
            ("another", "the operator has not seen the request"),
        ] as [(String?, String)])
    func `a request nobody takes a step with is not waited for for ever`(id: String?, why: String) async throws {
        // A second in all: 15 s are the operator's.
        let error = await #expect(throws: CommandError.self) {
            try await follow(timeout: -14) { _ in .success(id.map { Self.status($0, "InProgress") }) }
        }
        #expect(error?.description.contains(why) == true)
        #expect(error?.description.hasPrefix("switchover has not ended after") == true)
    }
}
