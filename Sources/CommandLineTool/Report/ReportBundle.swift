import ClusterRecords
import KubernetesClient
import KubernetesModels
import PostgresClusterAPI

/// What a report of a fault needs: everything a cluster's objects, members and Events tell, without secrets.
struct ReportBundle {
    let client: KubernetesClient
    let cluster: String
    let namespace: String

    struct File {
        var name: String
        var text: String
    }

    /// Lines of each log.
    private static let tail = 20_000

    private static let kinds: [(name: String, resource: APIResource)] = [
        ("pods", Pod.resource), ("services", Service.resource), ("configmaps", ConfigMap.resource),
        ("endpoints", Endpoints.resource), ("statefulsets", StatefulSet.resource),
        ("persistentvolumeclaims", PersistentVolumeClaim.resource),
        (
            "endpointslices",
            APIResource(
                group: "discovery.k8s.io", version: "v1", kind: "EndpointSlice", plural: "endpointslices",
                isNamespaced: true)
        ),
    ]

    /// Reads all of it. What may not be read, or is not there, is named in `problems.txt`.
    ///
    /// - Parameter progress: is told what is read next.
    func files(progress: (String) -> Void) async throws -> [File] {
        var files: [File] = []
        var problems: [String] = []
        let scope = Scope(namespace: namespace, cluster: cluster)
        func attempt(_ what: String, _ body: () async throws -> Void) async throws {
            progress(what)
            do {
                try await body()
            } catch let error as KubernetesError {
                problems.append("\(what): \(error.message)")
            }
        }
        progress("what the cluster is")
        let reader = ClusterReader(client: client)
        let records = try await reader.records(cluster, namespace: namespace)
        var redactor = Redactor(secrets: [])
        try await attempt("names of Secrets") {
            let secrets = try await secrets(scope, records.spec)
            redactor = Redactor(
                secrets: secrets.flatMap { secret in
                    (secret.data ?? [:]).keys.filter { !Self.openKeys.contains($0) }.compactMap {
                        secret.decodedString($0)
                    }
                })
            let names: [JSONValue] = secrets.map {
                [
                    "name": .string($0.metadata.name ?? ""),
                    "keys": .array(($0.data ?? [:]).keys.sorted().map { .string($0) }),
                ]
            }
            files.append(File(name: "secrets.yaml", text: JSONValue.array(names).yamlBlock + "\n"))
        }
        func add(_ name: String, _ value: JSONValue) {
            files.append(File(name: "\(name).yaml", text: redactor.value(value).yamlBlock + "\n"))
        }
        let overview = ClusterOverview(records, namespace: namespace, name: cluster)
        files.append(
            File(name: "status.txt", text: redactor.text(OverviewRenderer(overview: overview).rendered(.pretty)) + "\n")
        )
        files.append(File(name: "history.txt", text: redactor.text(overview.history.table.rendered(.pretty)) + "\n"))
        for (member, document) in records.live.sorted(by: { $0.key < $1.key }) { add("members/\(member)", document) }
        try await attempt("the resource") {
            add("resource", try await client.getRaw(PostgresCluster.resource, name: cluster, namespace: namespace))
        }
        for (name, resource) in Self.kinds {
            try await attempt(name) {
                let items = try await client.listRaw(resource, namespace: namespace, labelSelector: scope.selector)
                    .items
                add(name, .array(items))
            }
        }
        try await attempt("Events") {
            let events = try await client.listRaw(Event.resource, namespace: namespace).items.filter { event in
                let name = event.value(at: "regarding", "name")?.stringValue ?? ""
                return name == cluster || name.hasPrefix("\(cluster)-") || name.hasPrefix("data-\(cluster)-")
            }
            add("events", .array(events))
        }
        let request = LogRequest(namespace: namespace, tail: Self.tail)
        for member in overview.listing.members.map(\.name) {
            for isPrevious in [false, true] {
                var request = request
                request.isPrevious = isPrevious
                try await attempt("log of \(member)\(isPrevious ? " before its restart" : "")") {
                    let text = try await client.getText(request.path(member), deadline: .seconds(60))
                    files.append(
                        File(name: "logs/\(member)\(isPrevious ? "-previous" : "").log", text: redactor.text(text)))
                }
            }
        }
        var versions = "matriarch \(ClientCommands.version)\n"
        try await attempt("versions") { versions += "Kubernetes \(try await client.serverVersion())\n" }
        versions += overview.listing.members.map { VersionCommand.line($0) + "\n" }.joined()
        files.append(File(name: "versions.txt", text: versions))
        files.append(File(name: "problems.txt", text: problems.map { redactor.text($0) + "\n" }.joined()))
        return files
    }

    /// Those the cluster's members have passwords from; read to take their values out of everything else.
    private func secrets(_ scope: Scope, _ spec: PostgresClusterSpec?) async throws -> [Secret] {
        var secrets = try await client.list(Secret.self, namespace: namespace, labelSelector: scope.selector).items
        if let name = spec?.bootstrap.initdb.secretName, !secrets.contains(where: { $0.metadata.name == name }) {
            secrets.append(try await client.get(Secret.self, name: name, namespace: namespace))
        }
        return secrets
    }

    /// Keys whose values are names and addresses.
    private static let openKeys: Set<String> = ["username", "user", "host", "port", "dbname", "ca.crt", "tls.crt"]
}
