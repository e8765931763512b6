import HighAvailability
import KubernetesModels
import PostgresClusterAPI

/// Renders the overview of a cluster. Pure: a golden test fixes it.
struct OverviewRenderer {
    let overview: ClusterOverview

    /// Without a final newline.
    func rendered(_ format: OutputFormat) -> String {
        switch format {
        case .pretty: pretty
        case .tsv: tabSeparated
        case .json: document.prettyPrinted()
        case .yaml: document.yamlBlock
        }
    }

    private var pretty: String {
        var lines = [ListRenderer(format: .pretty, showsNamespace: true).rendered([overview.listing])]
        func section(_ title: String, _ entries: [String]) {
            if !entries.isEmpty { lines += ["\(title):"] + entries.map { "  \($0)" } }
        }
        lines += facts.map { "\($0.name):\(String(repeating: " ", count: max(1, 14 - $0.name.count)))\($0.value)" }
        section("As seen from here", overview.sightings.map(\.what))
        section(
            "Not as it should be",
            overview.findings.map { "\($0.type)=\($0.status.rawValue) \($0.reason): \($0.message)" })
        section("Members", overview.troubles.map { "\($0.member) \($0.what)" })
        section("Under way", overview.requests.map { Self.text($0.what, $0.status) })
        let steps = overview.nextSteps.map { "\($0.why): \($0.what)" }
        section("What to do next", steps.isEmpty ? ["nothing"] : steps)
        return lines.joined(separator: "\n")
    }

    /// What is so, by name.
    private var facts: [(name: String, value: String)] {
        var facts: [(name: String, value: String)] = []
        facts.append(("State", state))
        facts.append(("Leader", leader))
        if let version = overview.status?.postgresVersion { facts.append(("PostgreSQL", version)) }
        if let image = overview.spec?.image { facts.append(("Image", image)) }
        facts.append(("Synchronous", overview.synchronousState))
        if let change = overview.history.changes.last {
            let kind = change.kind.map { "\($0.rawValue) " } ?? ""
            let whom = change.what.newLeader.map { "to \($0) " } ?? ""
            let time = change.what.time.map { "at \($0), " } ?? ""
            facts.append(
                (
                    "Last change",
                    "\(kind)\(whom)\(time)timeline \(change.what.timeline) ended at \(change.what.position)"
                ))
            if let phases = change.phases { facts.append(("Time taken", "\(phases.totalText): \(phases.partsText)")) }
        }
        return facts
    }

    /// The operator's word, and what speaks against it.
    private var state: String {
        if let ready = overview.status?.condition(.ready) {
            let word = ready.status == .true ? "ready" : "not ready"
            guard ready.status == .true, let sighting = overview.sightings.first else {
                return "\(word), \(ready.message)"
            }
            return "\(word), as the operator said: \(ready.message); but \(sighting.what)"
        }
        if overview.isResourceForbidden { return "the resource may not be read: what the operator says is not known" }
        return overview.hasResource
            ? "the operator has not said anything yet" : "no resource: no operator looks after it"
    }

    /// Times are the holder's own: they are told, and compared with nothing here.
    private var leader: String {
        guard let leader = overview.leader else {
            return overview.listing.lock.leader.map { "\($0) holds the lock and has no Pod" } ?? "none"
        }
        var text = leader.name
        if let since = overview.lockTaken { text += " since \(since)" }
        if let renewed = overview.lockRenewed { text += ", lock renewed at \(renewed) by its clock" }
        if let ttl = overview.listing.lock.ttl { text += ", good for \(ttl.components.seconds) s" }
        if let unrenewed = leader.lockUnrenewedSince {
            text += "; NOT RENEWED since \(unrenewed) as the operator sees it"
        }
        return text
    }

    private static func text(_ what: String, _ status: any RequestStatus) -> String {
        "\(what) \(status.phase.rawValue)\(status.message.map { ": \($0)" } ?? "")"
    }

    private var tabSeparated: String {
        let rows =
            facts.map { [$0.name, $0.value] } + overview.sightings.map { ["Seen", $0.what] }
            + overview.findings.map { ["Condition \($0.type)", "\($0.status.rawValue) \($0.reason): \($0.message)"] }
            + overview.troubles.map { ["Member \($0.member)", $0.what] }
            + overview.requests.map {
                ["Request \($0.what)", "\($0.status.phase.rawValue) \($0.status.message ?? "")"]
            }
            + overview.nextSteps.map { ["Next", "\($0.why): \($0.what)"] }
        return rows.map { $0.map { $0.replacing("\t", with: " ").replacing("\n", with: " ") }.joined(separator: "\t") }
            .joined(separator: "\n")
    }

    private var document: JSONValue {
        var document: JSONValue = [
            "cluster": .string(overview.listing.name), "namespace": .string(overview.listing.namespace),
            "paused": .bool(overview.listing.isPaused), "synchronous": .string(overview.synchronousState),
            "seen": .array(overview.sightings.map { .string($0.what) }),
            "conditions": .array(
                overview.findings.map {
                    [
                        "type": .string($0.type), "status": .string($0.status.rawValue), "reason": .string($0.reason),
                        "message": .string($0.message),
                    ]
                }),
            "troubles": .array(overview.troubles.map { ["member": .string($0.member), "message": .string($0.what)] }),
            "requests": .array(
                overview.requests.map {
                    [
                        "request": .string($0.what), "phase": .string($0.status.phase.rawValue),
                        "message": $0.status.message.map { .string($0) } ?? .null,
                    ]
                }),
            "next": .array(overview.nextSteps.map { ["why": .string($0.why), "what": .string($0.what)] }),
            "members": .array(
                overview.listing.members.map {
                    ["name": .string($0.name), "role": .string($0.role.rawValue), "state": .string($0.state)]
                }),
        ]
        document["ready"] = overview.status?.condition(.ready).map { .bool($0.status == .true) }
        document["leader"] = overview.leader.map { .string($0.name) }
        document["leaderSince"] = overview.lockTaken.map { .string($0) }
        document["lockNotRenewedSince"] = overview.leader?.lockUnrenewedSince.map { .string($0) }
        document["postgresVersion"] = overview.status?.postgresVersion.map { .string($0) }
        document["image"] = overview.spec.map { .string($0.image) }
        return document
    }
}
