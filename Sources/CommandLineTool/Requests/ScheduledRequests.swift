import ClusterRecords
import HighAvailability
import KubernetesClient
import KubernetesModels
import PostgresClusterAPI

/// Requests that wait for their time, in the cluster's spec and, by Patroni's tools, in the store.
struct ScheduledRequests {
    let reader: ClusterReader
    let cluster: String
    let namespace: String

    private var client: KubernetesClient { reader.client }

    /// Takes a scheduled switchover out, wherever it stands.
    ///
    /// - Returns: what became of it, in Patroni's words.
    func flushSwitchover() async throws -> String {
        let records = try await records()
        var isFlushed = false
        if FailoverRequest(annotations: records.failover)?.schedule != nil {
            try await takeOffStored(records)
            isFlushed = true
        }
        if let request = records.spec?.switchover, request.notBefore != nil,
            Self.waits(records.status?.switchover, request.contentHash)
        {
            try await patch(records, ["switchover": .null])
            isFlushed = true
        }
        return isFlushed ? "Success: scheduled switchover deleted" : "No pending scheduled switchover"
    }

    /// Takes members out of a scheduled restart.
    ///
    /// - Parameters:
    ///   - members: empty: all of them.
    ///   - confirm: is told who is meant, and throws when that is not wanted.
    /// - Returns: a line for each member, in Patroni's words.
    func flushRestart(
        _ members: [String], confirm: ([String], ClusterListing) throws -> Void
    ) async throws -> String {
        let records = try await records()
        let listing = ClusterListing(namespace: namespace, name: cluster, records: records)
        let all = listing.members.map(\.name)
        try listing.requireMembers(members)
        let named = members.isEmpty ? all : members
        var scheduled: [String] = []
        if let request = records.spec?.restart, request.notBefore != nil,
            Self.waits(records.status?.restart, request.contentHash)
        {
            scheduled = listing.members.filter { Self.means(request, $0) }.map(\.name)
        }
        let flushed = named.filter { scheduled.contains($0) }
        if !flushed.isEmpty {
            try confirm(flushed, listing)
            let rest = scheduled.filter { !flushed.contains($0) }
            try await patch(
                records,
                ["restart": rest.isEmpty ? .null : ["instances": .array(rest.map { .string($0) })]])
        }
        return named.map { name in
            flushed.contains(name)
                ? "Success: flush scheduled restart for member \(name)" : "No scheduled restart for member \(name)"
        }.joined(separator: "\n")
    }

    /// - Throws: ``CommandError`` when nobody can tell whether the resource asks for something: that is not nothing.
    func records() async throws -> StoreRecords {
        let records = try await reader.records(cluster, namespace: namespace, asksMembers: false)
        guard !records.isResourceForbidden else {
            throw CommandError("the PostgresCluster \(cluster) may not be read: nobody can tell what it asks for")
        }
        guard !records.hasResource || records.spec != nil else {
            throw CommandError(
                "the spec of PostgresCluster \(cluster) cannot be read: nobody can tell what it asks for")
        }
        return records
    }

    /// Whether a restart is asked for of this member.
    private static func means(_ request: RestartRequest, _ member: MemberListing) -> Bool {
        guard request.instances?.contains(member.name) ?? true else { return false }
        switch request.role {
        case .primary?: return member.role.leads
        case .replica?: return !member.role.leads
        case nil: return true
        }
    }

    /// Not begun. A request the operator has not seen yet has no status, or another one's.
    private static func waits(_ status: (any RequestStatus)?, _ hash: String) -> Bool {
        status?.request != hash || status?.phase == .requested
    }

    /// Only over what was read: a request that has begun meanwhile is not taken out unseen.
    private func patch(_ records: StoreRecords, _ spec: JSONValue) async throws {
        _ = try await conditionally {
            try await client.mergePatchRaw(
                PostgresCluster.resource, name: cluster, namespace: namespace,
                body: [
                    "metadata": ["resourceVersion": records.resourceVersion.map { .string($0) } ?? .null],
                    "spec": spec,
                ])
        }
    }

    func takeOffStored(_ records: StoreRecords) async throws {
        let scope = Scope(namespace: namespace, cluster: cluster)
        let resource = records.isStoredInEndpoints ? Endpoints.resource : ConfigMap.resource
        let now = try await client.getRaw(resource, name: scope.storeFailover, namespace: namespace)
        // What stands there now may be another request, which nobody here has looked at.
        let annotations = now.value(at: "metadata", "annotations")?.objectValue ?? [:]
        let isSame = FailoverRequest.noAnnotations.keys.allSatisfy {
            annotations[$0]?.stringValue == records.failover[$0]
        }
        guard isSame else { throw changedMeanwhile }
        try await erase(resource, now, scope)
    }

    private func erase(_ resource: APIResource, _ now: JSONValue, _ scope: Scope) async throws {
        let annotations = FailoverRequest.noAnnotations.mapValues { value in value.map { JSONValue.string($0) } ?? .null
        }
        _ = try await conditionally {
            try await client.mergePatchRaw(
                resource, name: scope.storeFailover, namespace: namespace,
                body: [
                    "metadata": [
                        "resourceVersion": now.value(at: "metadata", "resourceVersion") ?? .null,
                        "annotations": .object(annotations),
                    ]
                ])
        }
    }

    private func conditionally(_ write: () async throws -> JSONValue) async throws -> JSONValue {
        let problem: KubernetesError
        do {
            return try await write()
        } catch let error as KubernetesError {
            problem = error
        }
        guard problem.isConflict else { throw problem }
        throw changedMeanwhile
    }

    private var changedMeanwhile: CommandError {
        CommandError("cluster \(cluster) has changed meanwhile, and nothing was called off; look at it and try again")
    }
}
