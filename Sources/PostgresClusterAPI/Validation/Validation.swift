import HighAvailability
import KubernetesModels
import PostgresConfiguration

/// Checks a cluster's spec with the rules of the schema and those the schema cannot express.
///
/// API servers before 1.25 ignore the schema's CEL rules, so nothing here relies on them.
///
/// - Parameter status: the status before this change; its copies tell what must not change any more.
/// - Returns: every problem found, in the order of the spec; empty when the spec may be carried out.
public func validate(_ cluster: PostgresCluster, previous status: PostgresClusterStatus?) -> [SpecProblem] {
    switch cluster.spec {
    case .failure(let problem): [problem]
    case .success(let spec):
        SpecValidator(cluster: cluster.metadata.name ?? "", spec: spec, status: status).problems()
    }
}

/// One validation of one spec.
struct SpecValidator {
    let cluster: String
    let spec: PostgresClusterSpec
    let status: PostgresClusterStatus?

    func problems() -> [SpecProblem] {
        name() + instances() + settings() + storage() + timings() + availability() + immutability() + switchover()
            + restart() + standby() + service() + overrides() + metadata()
    }

    private func problem(_ path: String, _ value: (some Any)?, _ message: String) -> [SpecProblem] {
        [SpecProblem(path: path, value: value.map { "\($0)" }, message: message)]
    }

    /// Names of Services are DNS labels and the longest is the cluster's with nine more letters; hashes need ten.
    private func name() -> [SpecProblem] {
        guard !isLabel(cluster) || cluster.utf8.count > 50 else { return [] }
        return problem(
            "metadata.name", cluster,
            "must be at most 50 lower-case letters, digits and dashes, beginning with a letter")
    }

    private func instances() -> [SpecProblem] {
        var problems: [SpecProblem] = []
        if !(1...Int(PostgresClusterSpec.maximumInstances)).contains(spec.instances) {
            problems += problem(
                "spec.instances", spec.instances, "must be between 1 and \(PostgresClusterSpec.maximumInstances)")
        }
        if spec.image.isEmpty || spec.image.contains(where: \.isWhitespace) {
            problems += problem("spec.image", spec.image, "must name a container image")
        }
        return problems
    }

    private func settings() -> [SpecProblem] {
        let settings = spec.postgresql
        return PostgresSettings.problems(
            parameters: settings.parameters, hba: settings.pgHBA, ident: settings.pgIdent,
            instances: max(1, min(spec.instances, Int(PostgresClusterSpec.maximumInstances)))
        ).map { problem in
            // The configuration module speaks of the store's keys; users know the resource's.
            var field = problem.field
            for (key, name) in [("pg_hba[", "pgHBA["), ("pg_ident[", "pgIdent[")] where field.hasPrefix(key) {
                field = name + field.dropFirst(key.count)
            }
            return SpecProblem(path: "spec.postgresql.\(field)", value: problem.value, message: problem.rule)
        }
    }

    private func storage() -> [SpecProblem] {
        guard spec.storage.size.value < Self.minimumVolume else { return [] }
        return problem(
            "spec.storage.size", spec.storage.size, "must be at least 64Mi: an empty cluster needs that much")
    }

    private static let minimumVolume: Int64 = 64 << 20

    private func timings() -> [SpecProblem] {
        let path = "spec.highAvailability"
        let availability = spec.highAvailability
        guard availability.hasOwnTimings else { return [] }
        var problems: [SpecProblem] = []
        if let profile = availability.profile {
            problems += problem(
                "\(path).profile", profile.rawValue, "give either profile or ttl, loopWait and retryTimeout, not both")
        }
        let needed = [
            ("ttl", availability.ttl), ("loopWait", availability.loopWait), ("retryTimeout", availability.retryTimeout),
        ]
        for (name, value) in needed where value == nil {
            problems += problem("\(path).\(name)", value, "ttl, loopWait and retryTimeout are given together")
        }
        if let error = availability.timings.validationError {
            problems += problem(path, availability.ttl.map { "ttl \($0)" }, error)
        }
        return problems
    }

    private func availability() -> [SpecProblem] {
        let path = "spec.highAvailability"
        let lag = spec.highAvailability.maximumLagOnFailover
        let start = spec.highAvailability.primaryStartTimeout
        let stop = spec.highAvailability.primaryStopTimeout
        return (lag.value < 0 ? problem("\(path).maximumLagOnFailover", lag, "must not be negative") : [])
            + ((0...86_400).contains(start)
                ? [] : problem("\(path).primaryStartTimeout", start, "must be between 0 and 86400 seconds"))
            + ((1...600).contains(stop)
                ? [] : problem("\(path).primaryStopTimeout", stop, "must be between 1 and 600 seconds"))
            + synchronous() + callbacks()
    }

    private func callbacks() -> [SpecProblem] {
        guard let callbacks = spec.callbacks else { return [] }
        let path = "spec.callbacks"
        let name = callbacks.configMapName
        let isName =
            (1...253).contains(name.utf8.count) && !".-".contains(name.prefix(1)) && !".-".contains(name.suffix(1))
            && name.utf8.allSatisfy { "abcdefghijklmnopqrstuvwxyz0123456789-.".utf8.contains($0) }
        return (isName ? [] : problem("\(path).configMapName", name, "must be the name of a ConfigMap"))
            + ((1...3600).contains(callbacks.timeout)
                ? [] : problem("\(path).timeout", callbacks.timeout, "must be between 1 and 3600 seconds"))
    }

    private func synchronous() -> [SpecProblem] {
        let path = "spec.highAvailability.synchronous"
        let synchronous = spec.highAvailability.synchronous
        if synchronous.standbys < 1 {
            return problem("\(path).standbys", synchronous.standbys, "must be at least 1")
        }
        if synchronous.mode == .off {
            return synchronous.standbys != 1
                ? problem("\(path).standbys", synchronous.standbys, "needs mode on or quorum")
                : synchronous.strict ? problem("\(path).strict", true, "needs mode on or quorum") : []
        }
        if synchronous.strict, synchronous.standbys >= spec.instances {
            return problem(
                "\(path).standbys", synchronous.standbys,
                "must be less than spec.instances, which is \(spec.instances): strict commits would wait for replicas that "
                    + "do not exist")
        }
        return []
    }

    private func immutability() -> [SpecProblem] {
        var problems: [SpecProblem] = []
        if let made = status?.bootstrap, made != spec.bootstrap {
            problems += problem(
                "spec.bootstrap", Self.text(spec.bootstrap),
                "describes how the cluster was made and cannot change; it was \(Self.text(made))")
        }
        if let made = status?.lockObject, made != spec.highAvailability.lockObject {
            problems += problem(
                "spec.highAvailability.lockObject", spec.highAvailability.lockObject.rawValue,
                "cannot change while the cluster lives; it is \(made.rawValue)")
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

    private func switchover() -> [SpecProblem] {
        guard let request = spec.switchover else { return [] }
        var problems: [SpecProblem] = []
        if request.mode == .forced, request.candidate == nil {
            problems += problem("spec.switchover.candidate", String?.none, "mode forced needs a candidate")
        }
        if !(5...3600).contains(request.timeout) {
            problems += problem("spec.switchover.timeout", request.timeout, "must be between 5 and 3600 seconds")
        }
        return problems
    }

    private func restart() -> [SpecProblem] {
        guard let request = spec.restart else { return [] }
        var problems: [SpecProblem] = []
        var seen: Set<String> = []
        for (index, name) in (request.instances ?? []).enumerated() {
            let path = "spec.restart.instances[\(index)]"
            if ClusterNames(cluster: cluster).ordinal(ofPod: name) == nil {
                problems += problem(path, name, "must be the name of a member, such as \(cluster)-0")
            }
            if !seen.insert(name).inserted { problems += problem(path, name, "is given twice") }
        }
        if request.instances?.isEmpty == true {
            problems += problem("spec.restart.instances", "[]", "names nobody; leave it out to restart every member")
        }
        if !(10...3600).contains(request.timeout) {
            problems += problem("spec.restart.timeout", request.timeout, "must be between 10 and 3600 seconds")
        }
        return problems
    }

    private func standby() -> [SpecProblem] {
        guard let standby = spec.standby else { return [] }
        var problems: [SpecProblem] = []
        if standby.host.isEmpty || standby.host.contains(where: { $0.isWhitespace || $0 == "," || $0 == "/" }) {
            problems += problem("spec.standby.host", standby.host, "must be the name or address of one server")
        } else if standby.host.contains(":"), standby.address == standby.host {
            problems += problem("spec.standby.host", standby.host, StandbySpec.bracketRule)
        } else if standby.host.contains(where: { "[]".contains($0) }), NetworkAddress(standby.address)?.bits != 128 {
            problems += problem("spec.standby.host", standby.host, "must hold an IPv6 address in its brackets")
        }
        if !(1...65535).contains(standby.port) {
            problems += problem("spec.standby.port", standby.port, "must be between 1 and 65535")
        }
        if let slot = standby.primarySlotName,
            slot.wholeMatch(of: /[a-z0-9_]{1,63}/) == nil
        {
            problems += problem(
                "spec.standby.primarySlotName", slot, "must be 1 to 63 of the characters a to z, 0 to 9 and _")
        }
        if [cluster, "\(cluster)-ro", "\(cluster)-pods"].contains(standby.host) {
            problems += problem("spec.standby.host", standby.host, "is a Service of this very cluster")
        }
        return problems
    }

    private func service() -> [SpecProblem] {
        guard let service = spec.service, let families = service.ipFamilies, families.count > 1 else { return [] }
        let text = families.map(\.rawValue).joined(separator: ", ")
        guard families.count == 2, families[0] != families[1] else {
            return problem("spec.service.ipFamilies", text, ServiceSpec.twiceRule)
        }
        guard let policy = service.ipFamilyPolicy, policy != .singleStack else {
            return problem("spec.service.ipFamilies", text, ServiceSpec.policyRule)
        }
        return []
    }

    private func overrides() -> [SpecProblem] {
        var seen: Set<String> = []
        var problems: [SpecProblem] = []
        for (index, override) in (spec.instanceOverrides ?? []).enumerated() {
            let path = "spec.instanceOverrides[\(index)].name"
            if ClusterNames(cluster: cluster).ordinal(ofPod: override.name) == nil {
                problems += problem(path, override.name, "must be the name of a member, such as \(cluster)-0")
            }
            if !seen.insert(override.name).inserted {
                problems += problem(path, override.name, "is given twice")
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
        guard let ordinal = ClusterNames(cluster: cluster).ordinal(ofPod: source), ordinal < spec.instances else {
            return problem(
                path, source,
                "is not a member: with spec.instances \(spec.instances) there are \(cluster)-0 to "
                    + "\(cluster)-\(max(spec.instances - 1, 0))")
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
            problem("spec.podMetadata.labels", $0, "is a label the operator sets itself")
        }
        let annotations = (spec.podMetadata?.annotations ?? [:]).keys
            .filter { $0 == Annotations.memberStatus || $0.hasPrefix("matriarch.dev/") }.sorted().flatMap {
                problem("spec.podMetadata.annotations", $0, "is an annotation Matriarch sets itself")
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
