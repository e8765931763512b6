import PostgresClusterAPI

/// What is to be done next, with the command that does it.
struct NextStep: Hashable {
    var why: String
    /// A command line, or the page that tells.
    var what: String
}

extension ClusterOverview {
    /// Most urgent first; empty: nothing is to be done.
    ///
    /// None of them may cost data: what could is left to the pages.
    var nextSteps: [NextStep] {
        var steps: [NextStep] = []
        let name = listing.name
        for sighting in sightings {
            switch sighting.kind {
            case .noLeader: steps.append(NextStep(why: sighting.what, what: Self.runbook("primary-unavailable")))
            case .silent(let member):
                steps.append(NextStep(why: sighting.what, what: "matriarch logs \(name) \(member)"))
            case .unseenChange:
                steps.append(
                    NextStep(
                        why: sighting.what,
                        what: "kubectl logs -n \(OperatorNames.namespace) deployment/\(OperatorNames.deployment)"))
            }
        }
        for condition in findings {
            switch Condition.Kind(rawValue: condition.type) {
            case .primaryAvailable:
                steps.append(
                    NextStep(why: "no primary is known to accept writes", what: Self.runbook("primary-unavailable")))
            case .configurationValid:
                steps.append(
                    NextStep(
                        why: "the spec is not carried out",
                        what: "kubectl edit -n \(listing.namespace) postgrescluster \(name)"))
            case .degraded: steps.append(NextStep(why: condition.reason, what: Self.runbook("degraded")))
            case .synchronousReplication:
                steps.append(
                    NextStep(why: "too few standbys confirm commits", what: Self.runbook("synchronous-replication")))
            case .dataLossPossible:
                steps.append(NextStep(why: "the last failover may have lost commits", what: Self.runbook("data-loss")))
            case .majorVersionChange:
                steps.append(
                    NextStep(why: "the image has another major version", what: Self.runbook("major-version-change")))
            case .rolesReady:
                steps.append(
                    NextStep(
                        why: "declared roles are not as declared",
                        what: "kubectl get -n \(listing.namespace) postgrescluster \(name) "
                            + "-o jsonpath='{.status.roles}'"))
            case .paused:
                steps.append(NextStep(why: "automatic actions are off", what: "matriarch resume \(name)"))
            case .ready, .progressing, .switchoverCompleted, .restartCompleted, .reinitializeCompleted, nil: break
            }
        }
        steps += troubles.map {
            NextStep(why: "\($0.member) needs a look", what: "matriarch logs \(name) \($0.member)")
        }
        if listing.members.contains(where: \.hasPendingRestart) {
            steps.append(
                NextStep(why: "parameters wait for a restart", what: "matriarch restart \(name) --pending"))
        }
        var seen: Set<String> = []
        return steps.filter { seen.insert($0.what).inserted }
    }

    private static func runbook(_ page: String) -> String { "docs/runbooks/\(page).md" }
}
