import ClusterRecords
import HighAvailability
import KubernetesModels
import PostgresConfiguration
import Units

/// Checks a cluster's spec with the rules of the schema and those the schema cannot express.
///
/// API servers before 1.25 ignore the schema's CEL rules, and a resource may be older than a bound, so the whole schema is
/// checked again; what a server refuses is refused here in the same words.
///
/// - Parameter status: the status before this change; its copies tell what must not change any more.
/// - Returns: every problem found, in the order of the spec; empty when the spec may be carried out.
public func validate(_ cluster: PostgresCluster, previous status: PostgresClusterStatus?) -> [SpecProblem] {
    switch cluster.spec {
    case .failure(let problem): [problem]
    case .success(let spec):
        SpecValidator(scope: cluster.scope, spec: spec, status: status).problems()
    }
}

/// One validation of one spec.
struct SpecValidator {
    let scope: Scope
    let spec: PostgresClusterSpec
    let status: PostgresClusterStatus?

    private var cluster: String { scope.cluster }

    func problems() -> [SpecProblem] {
        let schema = schema()
        // What the schema says of a value is not said twice.
        let paths = Set(schema.map(\.path))
        return schema
            + (name() + settings() + storage() + availability() + immutability() + restart() + reinitialize()
            + standby() + roles() + overrides()
            + metadata()).filter { !paths.contains($0.path) }
    }

    private func problem(
        _ path: String, _ value: (some Any)?, _ message: String, _ knowledge: SpecProblem.Knowledge = .relations
    ) -> [SpecProblem] {
        [SpecProblem(path: path, value: value.map { "\($0)" }, message: message, source: .knowledge(knowledge))]
    }

    private func schema() -> [SpecProblem] {
        do {
            return SchemaCheck.problems(
                of: try JSONValue(encoding: spec), as: PostgresClusterSpec.self, at: "spec")
        } catch {
            return [SpecProblem(path: "spec", value: nil, message: "cannot be read: \(error)", source: .schema)]
        }
    }

    /// Names of Services are DNS labels and the longest is the cluster's with nine more letters; hashes need ten.
    private func name() -> [SpecProblem] {
        guard !isLabel(cluster) || cluster.utf8.count > 50 else { return [] }
        return problem(
            "metadata.name", cluster,
            "must be at most 50 lower-case letters, digits and dashes, beginning with a letter", .names)
    }

    private func settings() -> [SpecProblem] {
        let settings = spec.postgresql
        return PostgresSettings.problems(
            parameters: settings.parameters, hba: settings.pgHBA, ident: settings.pgIdent,
            version: status?.postgresVersion.flatMap { ServerVersion($0) },
            instances: max(1, min(spec.instances, Int(PostgresClusterSpec.maximumInstances)))
        ).map { SpecProblem(Problem($0, refuser: .operator), source: .knowledge(.postgresSettings)) }
    }

    private func storage() -> [SpecProblem] {
        guard spec.storage.size.value < Self.minimumVolume else { return [] }
        return problem(
            "spec.storage.size", spec.storage.size, "must be at least 64Mi: an empty cluster needs that much",
            .amounts)
    }

    private static let minimumVolume: Int64 = 64 << 20

    private func availability() -> [SpecProblem] {
        let lag = spec.highAvailability.maximumLagOnFailover
        return
            (lag.value < 0
            ? problem("spec.highAvailability.maximumLagOnFailover", lag, "must not be negative", .amounts) : [])
            + synchronous()
    }

    private func synchronous() -> [SpecProblem] {
        let synchronous = spec.highAvailability.synchronous
        guard synchronous.mode != .off, synchronous.strict, synchronous.standbys >= spec.instances else { return [] }
        return problem(
            "spec.highAvailability.synchronous.standbys", synchronous.standbys,
            "must be less than spec.instances, which is \(spec.instances): strict commits would wait for replicas that "
                + "do not exist")
    }

    private func immutability() -> [SpecProblem] {
        var problems: [SpecProblem] = []
        if let made = status?.bootstrap, made != spec.bootstrap {
            problems += problem(
                "spec.bootstrap", Self.text(spec.bootstrap),
                "\(BootstrapSpec.isImmutable.message); it was \(Self.text(made))", .history)
        }
        if let made = status?.lockObject, made != spec.highAvailability.lockObject {
            problems += problem(
                "spec.highAvailability.lockObject", spec.highAvailability.lockObject.rawValue,
                "\(HighAvailabilitySpec.keepsLockObject.message); it is \(made.rawValue)", .history)
        }
        return problems
    }

    private static func text(_ value: some Encodable) -> String {
        do {
            return try JSONValue(encoding: value).serialized()
        } catch {
            return "?"
        }
    }

    private func restart() -> [SpecProblem] {
        guard let request = spec.restart else { return [] }
        var problems: [SpecProblem] = []
        var seen: Set<String> = []
        for (index, name) in (request.instances ?? []).enumerated() {
            let path = "spec.restart.instances[\(index)]"
            if scope.ordinal(ofPod: name) == nil {
                problems += problem(path, name, "must be the name of a member, such as \(scope.pod(0))", .names)
            }
            if !seen.insert(name).inserted { problems += problem(path, name, "is given twice", .names) }
        }
        if request.instances?.isEmpty == true {
            problems += problem("spec.restart.instances", "[]", "names nobody; leave it out to restart every member")
        }
        return problems
    }

    private func reinitialize() -> [SpecProblem] {
        guard let request = spec.reinitialize, scope.ordinal(ofPod: request.instance) == nil else { return [] }
        return problem(
            "spec.reinitialize.instance", request.instance, "must be the name of a member, such as \(scope.pod(0))",
            .names)
    }

    private func standby() -> [SpecProblem] {
        guard let standby = spec.standby else { return [] }
        if [scope.readWriteService, scope.readOnlyService, scope.podsService].contains(standby.host) {
            return problem("spec.standby.host", standby.host, "is a Service of this very cluster", .names)
        }
        if standby.host.hasPrefix("["), NetworkAddress(standby.address)?.bits != 128 {
            return problem("spec.standby.host", standby.host, "must hold an IPv6 address in its brackets", .names)
        }
        return []
    }

    private func roles() -> [SpecProblem] {
        let roles = spec.roles ?? []
        var problems: [SpecProblem] = []
        for (index, role) in roles.enumerated() {
            // By the bytes, as PostgreSQL tells names apart.
            var seen: Set<[UInt8]> = []
            for (position, parent) in (role.memberOf ?? []).enumerated() {
                let path = "spec.roles[\(index)].memberOf[\(position)]"
                if parent == role.name { problems += problem(path, parent, "a role cannot be a member of itself") }
                if DeclaredRole.reservedNames.contains(parent) {
                    problems += problem(
                        path, parent,
                        "is a role the agents need, or the name of none; superuser: true makes a superuser")
                }
                if !seen.insert(Array(parent.utf8)).inserted {
                    problems += problem(path, parent, "is given twice")
                }
                // PostgreSQL cuts a longer one off, and has another name then than the one that is declared.
                if !(1...Self.longestRoleName).contains(parent.utf8.count) {
                    problems += problem(
                        path, parent, "must be 1 to \(Self.longestRoleName) bytes long, and is \(parent.utf8.count)")
                }
                if parent.utf8.contains(0) { problems += problem(path, parent, "must not have a character zero") }
            }
            if let comment = role.comment, comment.utf8.contains(0) {
                problems += problem("spec.roles[\(index)].comment", comment, "must not have a character zero")
            }
        }
        let size = spec.declaredRoles.text.utf8.count
        if size > Self.maximumRolesSize {
            problems += problem(
                "spec.roles", "\(size) bytes",
                "is longer than the \(Self.maximumRolesSize) bytes a ConfigMap has room for")
        }
        return problems
    }

    /// Of PostgreSQL, in bytes.
    private static let longestRoleName = 63

    /// A ConfigMap has 1 MiB, for its metadata too.
    private static let maximumRolesSize = 900 << 10

    private func overrides() -> [SpecProblem] {
        var problems: [SpecProblem] = []
        for (index, override) in (spec.instanceOverrides ?? []).enumerated() {
            let path = "spec.instanceOverrides[\(index)].name"
            if scope.ordinal(ofPod: override.name) == nil {
                problems += problem(
                    path, override.name, "must be the name of a member, such as \(scope.pod(0))", .names)
            }
            problems += sources(of: override, at: "spec.instanceOverrides[\(index)].tags")
        }
        return problems
    }

    /// Whom a member streams from: another member that exists, and in the end the leader.
    private func sources(of override: InstanceOverride, at path: String) -> [SpecProblem] {
        guard let source = override.tags.replicatefrom else { return [] }
        let path = "\(path).replicatefrom"
        if override.tags.nostream == true {
            return problem(path, source, "contradicts nostream, with which the member streams from nobody")
        }
        if source == override.name { return problem(path, source, "a member cannot stream from itself") }
        guard let ordinal = scope.ordinal(ofPod: source), ordinal < spec.instances else {
            return problem(
                path, source,
                "is not a member: with spec.instances \(spec.instances) there are \(scope.pod(0)) to "
                    + scope.pod(max(spec.instances - 1, 0)))
        }
        var chain = [override.name, source]
        while let next = replicatesFrom(chain[chain.count - 1]) {
            guard next != override.name else {
                return problem(path, source, "makes a loop: " + (chain + [next]).joined(separator: " from "))
            }
            // A loop of others is reported with them.
            guard !chain.contains(next) else { break }
            chain.append(next)
        }
        return []
    }

    private func replicatesFrom(_ member: String) -> String? {
        spec.instanceOverrides?.first { $0.name == member }?.tags.replicatefrom
    }

    private func metadata() -> [SpecProblem] {
        let ours = Set(Labels.all(cluster: cluster, component: "").keys).union([
            Labels.role, Labels.isOffered, Labels.revision,
        ])
        let labels = (spec.podMetadata?.labels ?? [:]).keys.filter(ours.contains).sorted().flatMap {
            problem("spec.podMetadata.labels", $0, "is a label the operator sets itself", .names)
        }
        let annotations = (spec.podMetadata?.annotations ?? [:]).keys
            .filter { $0 == StoreKey.memberStatus || $0.hasPrefix("\(PostgresCluster.resource.group)/") }.sorted()
            .flatMap {
                problem("spec.podMetadata.annotations", $0, "is an annotation Matriarch sets itself", .names)
            }
        return labels + annotations
    }

    private func isLabel(_ text: String) -> Bool {
        guard let first = text.utf8.first, let last = text.utf8.last else { return false }
        let letters = UInt8(ascii: "a")...UInt8(ascii: "z")
        let digits = UInt8(ascii: "0")...UInt8(ascii: "9")
        return letters.contains(first) && last != UInt8(ascii: "-")
            && text.utf8.allSatisfy { letters.contains($0) || digits.contains($0) || $0 == UInt8(ascii: "-") }
    }
}
