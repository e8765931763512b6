import ArgumentParser
import ClusterRecords
import HighAvailability
import KubernetesClient
import KubernetesModels
import PostgresClusterAPI

/// `matriarch demote-cluster`: makes a standby cluster of one that takes writes.
struct DemoteClusterCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "demote-cluster", abstract: "Make a cluster follow another one instead of taking writes.",
        discussion: """
            Writes spec.standby and waits until the leader is a standby leader. What the remote server never received is \
            given up. Without --host it is the server that spec.standby still names. Exit status 1 when it has not come \
            to that.
            """)

    @OptionGroup var change: ClusterRoleChange

    @Option(
        help: ArgumentHelp("The remote server: a name that leads to its primary, or an address.", valueName: "host"))
    var host: String?

    @Option(help: ArgumentHelp("Its port; otherwise 5432.", valueName: "port"))
    var port: Int?

    @Option(help: ArgumentHelp("A replication slot there, made if it is missing.", valueName: "slot"))
    var primarySlotName: String?

    func validate() throws {
        if let port, !(1...65535).contains(port) { throw ValidationError("--port must be between 1 and 65535.") }
        if host == nil, port != nil || primarySlotName != nil {
            throw ValidationError("--port and --primary-slot-name go with --host.")
        }
    }

    func run() async throws {
        try await change.carryOut(.demotion) { spec in
            guard let remote = remote(over: spec.standby) else {
                throw CommandError(
                    "--host is needed: the spec of cluster \(change.cluster) names no remote server to follow")
            }
            return .init(
                block: Self.block(remote),
                question: """
                    Are you sure you want to demote \(change.cluster) cluster? It will follow \
                    \(remote.host):\(remote.port), and what that server never received is given up.
                    """)
        }
    }

    /// The server to follow.
    struct Remote: Hashable {
        var host: String
        var port: Int
        var primarySlotName: String?
    }

    /// - Parameter former: what the spec says, in force or not.
    func remote(over former: StandbySpec?) -> Remote? {
        if let host { return Remote(host: host, port: port ?? 5432, primarySlotName: primarySlotName) }
        return former.map { Remote(host: $0.host, port: $0.port, primarySlotName: $0.primarySlotName) }
    }

    /// Every field, so that nothing of an earlier section stays.
    static func block(_ remote: Remote) -> JSONValue {
        [
            "enabled": true, "host": .string(remote.host), "port": .int(Int64(remote.port)),
            "primarySlotName": remote.primarySlotName.map { .string($0) } ?? .null,
        ]
    }
}

/// `matriarch promote-cluster`: makes a cluster of its own of a standby cluster.
struct PromoteClusterCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "promote-cluster", abstract: "Make a standby cluster a cluster of its own that takes writes.",
        discussion: """
            Sets spec.standby.enabled to false and waits until the standby leader is promoted. Nobody asks the remote \
            server: stop writing there first. Exit status 1 when it has not come to that.
            """)

    @OptionGroup var change: ClusterRoleChange

    func run() async throws {
        try await change.carryOut(.promotion) { spec in
            .init(
                // Without a section there is nothing to turn off.
                block: spec.standby == nil ? .null : ["enabled": false],
                question: """
                    Are you sure you want to promote \(change.cluster) cluster? Writes at the server it follows should \
                    have been stopped: nobody asks that server. If spec.standby is kept in Git, change it there first: a \
                    tool that puts it back demotes the new primary, and what that wrote is given up.
                    """)
        }
    }
}

/// What both have in common: they write spec.standby, and wait for who leads.
struct ClusterRoleChange: ParsableArguments {
    @Argument(help: "The cluster.", completion: NameCompletion.clusters)
    var cluster: String

    @OptionGroup var connection: ConnectionOptions

    @Option(help: ArgumentHelp("How long to wait for the leader's new role.", valueName: "seconds"))
    var timeout = 300

    @Flag(inversion: .prefixedNo, help: "Wait until the leader has its new role.")
    var wait = true

    @Flag(help: "Do not ask for confirmation.")
    var force = false

    func validate() throws {
        guard (5...86_400).contains(timeout) else {
            throw ValidationError("--timeout must be between 5 and 86400 seconds.")
        }
    }

    /// What is to be written, and what is asked before.
    struct Request {
        /// Of spec.standby.
        var block: JSONValue
        var question: String
    }

    /// - Parameter request: from the spec as it is now.
    func carryOut(_ kind: Kind, request: (PostgresClusterSpec) throws -> Request) async throws {
        let client = try connection.client()
        let reader = ClusterReader(client: client)
        let namespace = client.configuration.namespace
        let resource = try await reader.cluster(cluster, namespace: namespace)
        let spec: PostgresClusterSpec
        switch resource.spec {
        case .success(let read): spec = read
        case .failure(let problem):
            // Whatever it names stays in it, and what is written would not be carried out.
            throw CommandError(
                "the operator cannot read the spec of cluster \(cluster), so nothing of it is carried out: \(problem)")
        }
        let records = try await reader.records(cluster, namespace: namespace)
        let listing = ClusterListing(namespace: namespace, name: cluster, records: records)
        try check(kind, listing, records, spec)
        let request = try request(spec)
        let patch: JSONValue = ["spec": ["standby": request.block]]
        let object = try await client.getRaw(PostgresCluster.resource, name: cluster, namespace: namespace)
        let problems = ConfigurationEdit.problems(of: patch, over: object)
        guard problems.isEmpty else { throw CommandError(problems.joined(separator: "; ")) }
        if !force { try Terminal.confirm(request.question, about: listing, or: "cluster \(kind.rawValue)") }
        let watch = Stopwatch()
        _ = try await client.mergePatchRaw(
            PostgresCluster.resource, name: cluster, namespace: namespace, body: patch)
        Terminal.note("\(watch.text): requested")
        guard wait else { return }
        try await follow(kind, reader, namespace, watch)
        print("\(cluster) cluster is successfully \(kind.participle)\nDone in \(watch.text)")
    }

    /// The refusals that need no operator, in Patroni's words where it has them.
    func check(
        _ kind: Kind, _ listing: ClusterListing, _ records: StoreRecords, _ spec: PostgresClusterSpec
    ) throws {
        guard listing.members.contains(where: { $0.role.leads }) else {
            throw CommandError("Cluster has no leader, \(kind.rawValue) is not possible")
        }
        if Step(kind, listing, records).hasRole, (spec.remote != nil) == (kind == .demotion) {
            throw CommandError("Cluster is already in the required state")
        }
        if listing.isPaused {
            throw CommandError(
                "Cluster \(cluster) is paused, \(kind.rawValue) is not possible; see: matriarch resume \(cluster)")
        }
    }

    /// Says each new step once: who leads and how, and what keeps the leader from its new role.
    private func follow(_ kind: Kind, _ reader: ClusterReader, _ namespace: String, _ watch: Stopwatch) async throws {
        var said: String?
        while watch.elapsed < .seconds(timeout) {
            do {
                let records = try await reader.records(cluster, namespace: namespace, asksMembers: false)
                let listing = ClusterListing(namespace: namespace, name: cluster, records: records)
                let step = Step(kind, listing, records)
                if step.text != said {
                    said = step.text
                    Terminal.note("\(watch.text): \(step.text)")
                }
                if step.isReached { return }
            } catch let error as KubernetesError where error.isRetryable {
                // The request is in the resource; an API server that is away for a moment changes nothing.
                said = error.description
            }
            try await Task.sleep(for: .milliseconds(200))
        }
        throw CommandError(
            "cluster \(cluster) is not \(kind.participle) after \(watch.text): \(said ?? "nothing is known of it"). "
                + "spec.standby goes on asking for it; to take it back: matriarch \(kind.opposite) \(cluster)")
    }

    /// Which of the two commands; the raw value is what it does.
    enum Kind: String {
        case demotion
        case promotion

        var participle: String { self == .demotion ? "demoted" : "promoted" }

        /// The command that takes it back.
        var opposite: String { self == .demotion ? "promote-cluster" : "demote-cluster" }

        /// Of the leader in the end, by its own word.
        var role: MemberRole { self == .demotion ? .standbyLeader : .primary }
    }

    /// How far it is, by what the members publish and what they go by.
    struct Step {
        var text: String
        /// The leader says that it has the role that is asked for, and the configuration asks for no other.
        var hasRole = false
        var isReached = false

        init(_ kind: Kind, _ listing: ClusterListing, _ records: StoreRecords) {
            guard let leader = listing.members.first(where: { $0.role.leads }) else {
                text = "nobody leads"
                return
            }
            let record = records.pods.first { $0.metadata.name == leader.name }.flatMap { MemberRecord(pod: $0) }
            // A primary that refuses to be demoted is one all the same.
            let isPassedOn = (records.settings.standbyCluster != nil) == (kind == .demotion)
            hasRole = record?.role == kind.role && isPassedOn
            isReached = hasRole && ["running", "streaming"].contains(leader.state)
            // Whoever holds the lock is a listing's leader, also while its server is a standby that is being promoted.
            switch record?.role {
            case .primary?, .standbyLeader?: text = "\(leader.name) is \(leader.role.rawValue), \(leader.state)"
            case .replica?, .demoted?, .uninitialized?, nil:
                let role = record?.roleName ?? "a member without a role"
                text = "\(leader.name) holds the lock as \(role), \(leader.state)"
            }
            if isReached { return }
            if let problem = record?.problem {
                text += ": \(problem)"
            } else if record?.role == kind.role, !isPassedOn {
                text += ": the operator has not passed spec.standby on to the members yet"
            }
        }
    }
}
