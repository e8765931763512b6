import ClusterRecords
public import Glibc
public import KubernetesClient
public import KubernetesModels

/// The members of one cluster as local processes, on a control plane without kubelet or operator.
///
/// All files lie in one temporary folder; it and every process of the cluster end with the test process.
public final class MemberCluster: Sendable {
    public let controlPlane: ControlPlane
    public let client: KubernetesClient
    public let namespace: String
    public let folder: String
    /// `ConfigMap` or `Endpoints`.
    public let lockObject: String
    public let members: [MemberProcess]
    /// Before the API server, one for each member; empty without sandboxes.
    public let apiLinks: [LinkProxy]
    private let janitor: MemberJanitor
    private let network: MemberNetwork?

    public static let name = "demo"
    /// The superuser's password file, in libpq's format.
    public var passwordFile: String { "\(folder)/pgpass" }
    /// PostgreSQL refuses to run as root; CI and containers often are.
    public static var runAs: (user: uid_t, group: gid_t)? { geteuid() == 0 ? (65534, 65534) : nil }

    /// How the members are kept apart.
    public enum Isolation: Sendable, Hashable {
        /// Processes of this machine on ports of 127.0.0.1.
        case none
        /// Each in a ``MemberSandbox``, with a ``LinkProxy`` before the API server. Needs root.
        ///
        /// Where the content is HTTP, the agents speak it in the clear and the proxies can refuse single requests;
        /// otherwise they speak TLS with the API server itself.
        ///
        /// - Parameter family: of their network; it is the control plane's, too.
        case sandboxes(api: LinkProxy.Content, clocks: Clocks = .machine, family: AddressFamily = .ipv4)
    }

    /// What members in sandboxes take the time from.
    public enum Clocks: Sendable, Hashable {
        case machine
        /// A wall clock of its own for each member (``MemberSandbox/moveWallClock(by:)``).
        ///
        /// - Parameter bootTimes: how far ahead of this machine's boot time that of a container is: for the first
        ///   container of the first member, for its second and that of the second member, and so on, in a circle.
        case own(bootTimes: [Duration] = [])
    }

    /// Writes everything the operator would have written, and starts nothing.
    ///
    /// - Parameter configuration: the dynamic configuration in the store.
    public init(
        _ count: Int, on controlPlane: ControlPlane, lockObject: String = "ConfigMap", configuration: JSONValue,
        isolation: Isolation = .none
    ) async throws {
        self.controlPlane = controlPlane
        self.lockObject = lockObject
        client = KubernetesClient(configuration: controlPlane.admin)
        namespace = try await controlPlane.namespace(prefix: "members")
        let folder = try Self.makeFolder()
        self.folder = folder
        janitor = try MemberJanitor(folder: folder)
        let program = try BuiltProgram.path()
        try Self.writeFiles(
            folder: folder, controlPlane: controlPlane, namespace: namespace, lockObject: lockObject)
        var environment = [
            "MATRIARCH_CLUSTER=\(Self.name)", "POD_NAMESPACE=\(namespace)", "KUBECONFIG=\(folder)/kubeconfig",
            "MATRIARCH_AGENT_FILE=\(folder)/\(AgentFile.name)", "MATRIARCH_SECRETS_DIRECTORY=\(folder)/secrets",
            "MATRIARCH_CALLBACKS_DIRECTORY=\(folder)/callbacks",
        ]
        if let runAs = Self.runAs { environment.append("MATRIARCH_RUN_AS=\(runAs.user):\(runAs.group)") }
        if let folder = PostgresUnderTest.directory { environment.append("MATRIARCH_POSTGRES_BIN=\(folder)") }
        var members: [MemberProcess] = []
        switch isolation {
        case .none:
            (apiLinks, network) = ([], nil)
            // What leads clients here refuses loopback addresses.
            let address = try Self.ownAddress()
            let ports = try FreePorts.take(count * 3)
            for ordinal in 0..<count {
                let name = "\(Self.name)-\(ordinal)"
                members.append(
                    try MemberProcess(
                        name: name, folder: folder,
                        ports: (ports[ordinal * 3], ports[ordinal * 3 + 1], ports[ordinal * 3 + 2]),
                        podUID: try await Self.createPod(name, client, namespace), program: program,
                        environment: environment + ["POD_IP=\(address)"]))
            }
        case .sandboxes(let content, let clocks, let family):
            let network = try await MemberNetwork(count: count, folder: folder, family: family)
            let upstream = try controlPlane.port(for: content)
            self.network = network
            let library = clocks == .machine ? "" : try await ShiftedClock.library(in: folder)
            var links: [LinkProxy] = []
            for ordinal in 0..<count {
                let name = "\(Self.name)-\(ordinal)"
                let uid = try await Self.createPod(name, client, namespace)
                let link = try LinkProxy(
                    address: network.hostAddress, upstream: upstream, upstreamAddress: controlPlane.family.loopback,
                    content: content)
                links.append(link)
                let scheme = content == .http ? "http" : "https"
                try Self.writeKubeconfig(
                    "\(folder)/\(name).kubeconfig", controlPlane: controlPlane, namespace: namespace,
                    server: "\(scheme)://\(AddressFamily.authority(network.hostAddress, link.port))")
                let clock = try clocks.clock(library, "\(folder)/\(name).clock", ordinal)
                let sandbox = MemberSandbox(
                    ordinal: ordinal, network: network, count: count, apiPort: link.port,
                    groups: MemberGroups(name: folder.replacing("/", with: "_"), podUID: uid),
                    volume: "\(folder)/\(name)", clock: clock)
                members.append(
                    try MemberProcess(
                        name: name, folder: folder,
                        ports: (
                            UInt16(MemberPod.postgresPort), UInt16(MemberPod.agentPort), UInt16(MemberPod.probePort)
                        ), podUID: uid,
                        program: program,
                        environment: environment.filter { !$0.hasPrefix("KUBECONFIG=") }
                            + ["POD_IP=\(sandbox.address)", "KUBECONFIG=\(folder)/\(name).kubeconfig"]
                            + (sandbox.clock?.environment ?? []),
                        sandbox: sandbox))
                try await sandbox.mountVolume()
            }
            apiLinks = links
        }
        self.members = members
        _ = try await client.createRaw(
            resource,
            body: [
                "metadata": [
                    "name": .string(scope.storeConfiguration), "labels": Self.labels,
                    "annotations": [StoreKey.configuration: .string(configuration.serialized())],
                ]
            ], namespace: namespace)
    }

    /// Of the store's objects.
    public var resource: APIResource { lockObject == "Endpoints" ? Endpoints.resource : ConfigMap.resource }
    var scope: Scope { Scope(namespace: namespace, cluster: Self.name) }

    /// An object of the store, by what it is for.
    public enum StoreRole: Hashable, Sendable {
        case lock
        case configuration
        case failover
        case synchronization
    }

    func storeName(_ role: StoreRole) -> String {
        switch role {
        case .lock: scope.storeLeader(LockObject(rawValue: lockObject) ?? .configMap)
        case .configuration: scope.storeConfiguration
        case .failover: scope.storeFailover
        case .synchronization: scope.storeSynchronization
        }
    }

    public func member(_ name: String) -> MemberProcess? { members.first { $0.name == name } }

    /// Writes the agent file as the operator does when tags change; the agents read it in their next cycle.
    ///
    /// - Parameter tags: by member name, in Patroni's words.
    public func writeTags(_ tags: JSONValue) throws {
        try Self.write("\(folder)/\(AgentFile.name)", Self.agentFile(lockObject, ["tags": tags]).serialized())
    }

    /// Writes how a new cluster is made into the agent file, before any member is started.
    public func writeBootstrap(_ bootstrap: JSONValue) throws {
        try Self.write("\(folder)/\(AgentFile.name)", Self.agentFile(lockObject, ["bootstrap": bootstrap]).serialized())
    }

    /// Mounts the application's Secret, or what it has become, in every member.
    public func writeApplicationSecret(username: String, password: String) throws {
        let directory = "\(folder)/secrets/\(MemberPod.applicationFolder)"
        mkdir(directory, 0o755)
        try Self.write("\(directory)/username", username)
        try Self.write("\(directory)/password", password)
    }

    /// Mounts statements for a new cluster in every member.
    ///
    /// - Parameter name: of the ConfigMap.
    public func writeScript(_ name: String, key: String, _ text: String) throws {
        var directory = "\(folder)/secrets"
        for part in [MemberPod.scriptsFolder, name] {
            directory += "/\(part)"
            mkdir(directory, 0o755)
        }
        try Self.write("\(directory)/\(key)", text)
    }

    /// Gives every member a callback; those that run find it with the next event.
    ///
    /// - Parameter script: for `sh`.
    public func writeCallback(_ action: String, _ script: String) throws {
        mkdir("\(folder)/callbacks", 0o755)
        try Self.write("\(folder)/callbacks/\(action)", "#!/bin/sh\n\(script)\n")
        guard chmod("\(folder)/callbacks/\(action)", 0o755) == 0 else {
            throw MemberError("cannot make \(action) executable")
        }
    }

    /// None is called from now on; one that runs goes on.
    public func removeCallbacks() {
        // Those that were never written are not there.
        for action in ["on_start", "on_stop", "on_restart", "on_reload", "on_role_change"] {
            unlink("\(folder)/callbacks/\(action)")
        }
    }

    /// A file of the cluster's folder.
    public func text(of name: String) -> String? { ProcessTable.text(of: "\(folder)/\(name)") }

    /// Kills every process of the cluster and removes its folder.
    public func destroy() async throws {
        for member in members { member.killEverything() }
        for member in members { try await member.destroy() }
        network?.finish()
        janitor.finish()
    }

    /// What every member said last, for failures.
    public var logs: String { members.map(\.logTail).joined(separator: "\n") }

    // MARK: What the operator would write

    private static let labels: JSONValue = [Labels.cluster: .string(name)]

    private static func agentFile(_ lockObject: String, _ more: [String: JSONValue]) -> JSONValue {
        let kind = LockObject(rawValue: lockObject) ?? .configMap
        let file = AgentFile(cluster: name, lockObject: kind, route: kind == .configMap ? RouteSettings() : nil)
        return .object((file.json.objectValue ?? [:]).merging(more) { $1 })
    }

    private static func createPod(_ name: String, _ client: KubernetesClient, _ namespace: String) async throws
        -> String
    {
        let pod = try await client.createRaw(
            Pod.resource,
            body: [
                "metadata": ["name": .string(name), "labels": labels],
                "spec": ["containers": [["name": "postgres", "image": "none"]]],
            ], namespace: namespace)
        guard let uid = pod.value(at: "metadata", "uid")?.stringValue else {
            throw MemberError("the Pod \(name) has no UID")
        }
        return uid
    }

    private static func makeFolder() throws -> String {
        let base = getenv("TMPDIR").map { String(cString: $0) } ?? "/tmp"
        var template = Array("\(base)/matriarch-members-XXXXXX".utf8CString)
        guard let created = mkdtemp(&template), chmod(created, 0o755) == 0 else {
            throw MemberError("cannot create a folder in \(base): \(String(cString: strerror(errno)))")
        }
        return String(cString: created)
    }

    private static func writeFiles(
        folder: String, controlPlane: ControlPlane, namespace: String, lockObject: String
    ) throws {
        try writeKubeconfig(
            "\(folder)/kubeconfig", controlPlane: controlPlane, namespace: namespace, server: controlPlane.server)
        try write("\(folder)/\(AgentFile.name)", agentFile(lockObject, [:]).serialized())
        mkdir("\(folder)/secrets", 0o755)
        for (folderName, user) in [("superuser", "postgres"), ("replication", "replicator"), ("rewind", "rewinder")] {
            mkdir("\(folder)/secrets/\(folderName)", 0o755)
            try write("\(folder)/secrets/\(folderName)/username", user)
            try write("\(folder)/secrets/\(folderName)/password", "secret of \(user)\n")
        }
        try write("\(folder)/pgpass", "*:*:*:postgres:secret of postgres\n", mode: 0o600)
    }

    private static func writeKubeconfig(
        _ path: String, controlPlane: ControlPlane, namespace: String, server: String
    ) throws {
        // The certificate names this, whatever address the server is reached at.
        let serverName = server == controlPlane.server ? "" : ", tls-server-name: localhost"
        try write(
            path,
            """
            apiVersion: v1
            kind: Config
            current-context: test
            contexts: [{name: test, context: {cluster: test, user: test, namespace: \(namespace)}}]
            clusters:
            - {name: test, cluster: {server: "\(server)", certificate-authority: "\(controlPlane.authorityPath)"\(serverName)}}
            users: [{name: test, user: {token: \(controlPlane.adminToken)}}]

            """)
    }

    static func write(_ path: String, _ text: String, mode: mode_t = 0o644) throws {
        let descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode)
        guard descriptor >= 0 else { throw MemberError("\(path): \(String(cString: strerror(errno)))") }
        defer { close(descriptor) }
        let bytes = Array(text.utf8)
        guard Glibc.write(descriptor, bytes, bytes.count) == bytes.count else {
            throw MemberError("\(path): \(String(cString: strerror(errno)))")
        }
    }

    /// An address of this machine that is not a loopback one.
    private static func ownAddress() throws -> String {
        var list: UnsafeMutablePointer<ifaddrs>?
        guard getifaddrs(&list) == 0 else { throw MemberError("getifaddrs: \(String(cString: strerror(errno)))") }
        defer { freeifaddrs(list) }
        for entry in sequence(first: list, next: { $0?.pointee.ifa_next }) {
            guard let interface = entry?.pointee, let address = interface.ifa_addr,
                Int32(address.pointee.sa_family) == AF_INET, interface.ifa_flags & UInt32(IFF_LOOPBACK) == 0,
                interface.ifa_flags & UInt32(IFF_UP) != 0
            else { continue }
            var text = [CChar](repeating: 0, count: Int(NI_MAXHOST))
            let length = socklen_t(MemoryLayout<sockaddr_in>.size)
            guard getnameinfo(address, length, &text, socklen_t(text.count), nil, 0, NI_NUMERICHOST) == 0 else {
                continue
            }
            let numeric = String(decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
            if !numeric.hasPrefix("169.254.") { return numeric }
        }
        throw MemberError("this machine has no address but loopback; no Service can lead to that")
    }
}

extension MemberCluster.Clocks {
    /// - Throws: ``MemberError`` when this machine cannot give a member clocks of its own.
    fileprivate func clock(_ library: String, _ path: String, _ ordinal: Int) throws -> MemberClock? {
        switch self {
        case .machine: return nil
        case .own(let times):
            let first = times.isEmpty ? 0 : ordinal % times.count
            return try MemberClock(
                library: library, path: path, bootTimes: Array(times[first...] + times[..<first]))
        }
    }
}
