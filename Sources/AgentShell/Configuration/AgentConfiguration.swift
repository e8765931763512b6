public import ClusterRecords
public import HighAvailability
import KubernetesModels
package import Units

/// Where this agent runs and what it keeps: fixed for its life.
///
/// Read from the environment the operator gives the Pod (`MATRIARCH_CLUSTER`, `POD_NAME`, `POD_NAMESPACE`, `POD_UID`, `POD_IP`,
/// `NODE_NAME`, `PGDATA`) and from the agent file, `/etc/matriarch/agent.json`.
public struct AgentConfiguration: Sendable {
    public var scope: Scope
    public var member: String
    public var podUID: String
    public var address: String
    public var node: String?
    public var dataDirectory: String
    public var socketDirectory: String
    public var runtimeDirectory: String
    public var secretsDirectory: String
    public var agentFile: String
    /// Where the executables named like ``CallbackAction`` lie.
    public var callbacksDirectory: String
    /// The Pod's `terminationMessagePath`: where this instance of the container leaves its name.
    public var terminationLog: String
    public var port: Int
    public var apiPort: Int
    public var probePort: Int
    public var binarySearchPaths: [String]?
    /// File every decision is appended to with what it was made on; nil, the default: none.
    public var trace: String?
    /// User and group the server runs as; nil: as the agent does. For tests run by root.
    public var runAs: UserAndGroup?
    /// Who has more than this left to replay is no leader of a moment; another one where less is written than in earnest.
    package var largestBacklog = Backlog.large
    /// Comes before what the agent file says; nil: the environment names no mode.
    public var watchdog: WatchdogSettings?

    public struct UserAndGroup: Sendable {
        public var user: UInt32
        public var group: UInt32

        public init(user: UInt32, group: UInt32) {
            self.user = user
            self.group = group
        }
    }

    /// - Parameter environment: of this process.
    /// - Throws: ``AgentError`` `.configuration` naming every variable that is missing or cannot be read.
    public init(environment: [String: String]) throws(AgentError) {
        var missing: [String] = []
        func required(_ name: String) -> String {
            guard let value = environment[name], !value.isEmpty else {
                missing.append(name)
                return ""
            }
            return value
        }
        func number(_ name: String, _ fallback: Int) -> Int {
            guard let text = environment[name] else { return fallback }
            guard let value = Int(text), (1...65535).contains(value) else {
                missing.append("\(name) (\(text) is not a port)")
                return fallback
            }
            return value
        }
        let cluster = required("MATRIARCH_CLUSTER")
        scope = Scope(namespace: required("POD_NAMESPACE"), cluster: cluster)
        member = required("POD_NAME")
        podUID = required("POD_UID")
        address = required("POD_IP")
        node = environment["NODE_NAME"]
        dataDirectory = environment["PGDATA"] ?? "/var/lib/postgresql/data/pgdata"
        runtimeDirectory = environment["MATRIARCH_RUNTIME_DIRECTORY"] ?? "/run/matriarch"
        socketDirectory = environment["MATRIARCH_SOCKET_DIRECTORY"] ?? runtimeDirectory
        secretsDirectory = environment["MATRIARCH_SECRETS_DIRECTORY"] ?? "/etc/matriarch/secrets"
        agentFile = environment["MATRIARCH_AGENT_FILE"] ?? "/etc/matriarch/agent.json"
        callbacksDirectory = environment["MATRIARCH_CALLBACKS_DIRECTORY"] ?? "/etc/matriarch-callbacks"
        terminationLog = environment["MATRIARCH_TERMINATION_LOG"] ?? "/dev/termination-log"
        port = number("MATRIARCH_POSTGRES_PORT", MemberPod.postgresPort)
        apiPort = number("MATRIARCH_API_PORT", MemberPod.agentPort)
        probePort = number("MATRIARCH_PROBE_PORT", MemberPod.probePort)
        binarySearchPaths = environment["MATRIARCH_POSTGRES_BIN"].map { $0.split(separator: ":").map(String.init) }
        trace = environment["MATRIARCH_TRACE"].flatMap { $0.isEmpty ? nil : $0 }
        if let text = environment["MATRIARCH_RUN_AS"] {
            let parts = text.split(separator: ":").compactMap { UInt32($0) }
            if parts.count == 2 {
                runAs = UserAndGroup(user: parts[0], group: parts[1])
            } else {
                missing.append("MATRIARCH_RUN_AS (\(text) is not UID:GID)")
            }
        }
        do {
            watchdog = try WatchdogSettings(environment: environment)
        } catch {
            missing.append("\(error)")
        }
        guard missing.isEmpty else {
            throw AgentError(
                .configuration, "the environment lacks \(missing.joined(separator: ", ")); the operator sets them")
        }
    }

    package var apiURL: String { "http://\(ServerPlace(host: address, port: apiPort))\(PeerPath.member.rawValue)" }
    package var connectionURL: String { "postgres://\(ServerPlace(host: address, port: port))/postgres" }
}
