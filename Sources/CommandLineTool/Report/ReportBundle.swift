import ClusterRecords
import KubernetesClient
import KubernetesModels
import PostgresClusterAPI
import PostgresConfiguration

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
        ("persistentvolumeclaims", PersistentVolumeClaim.resource), ("endpointslices", .endpointSlice),
    ]

    /// What was read, and what whoever gives it away has to know.
    struct Contents {
        var files: [File] = []
        /// In the order in which they were met.
        var problems: [String] = []
        var warning: String?
    }

    /// Reads all of it. What may not be read, or is not there, is named in `problems.txt`, and keeps nobody from the rest.
    ///
    /// - Parameter progress: is told what is read next.
    func contents(progress: @escaping (String) -> Void) async -> Contents {
        var reading = Reading(progress: progress)
        let scope = Scope(namespace: namespace, cluster: cluster)
        let records = await reading.attempt("what the cluster is") {
            try await ClusterReader(client: client).records(cluster, namespace: namespace)
        }
        let resource = await reading.attempt("the resource") {
            try await client.getRaw(PostgresCluster.resource, name: cluster, namespace: namespace)
        }
        await readSecrets(scope, resource, &reading)
        if let records { describe(records, &reading) }
        if let resource { reading.add("resource", resource) }
        var own = OwnObjects(scope)
        for (name, kind) in Self.kinds {
            let items = await reading.attempt(name) {
                try await list(kind, scope)
            }
            guard let items else { continue }
            reading.add(name, .array(items))
            own.add(kind.kind, items)
        }
        if let events = await reading.attempt(
            "Events", { try await client.listRaw(Event.resource, namespace: namespace).items })
        {
            reading.add("events", .array(events.filter(own.isMeant)))
        }
        for member in own.members { await readLogs(member, &reading) }
        await readOperator(&reading)
        var versions = "matriarch \(ClientCommands.version)\n"
        if let server = await reading.attempt("versions", { try await client.serverVersion() }) {
            versions += "Kubernetes \(server)\n"
        }
        if let records {
            let listing = ClusterListing(namespace: namespace, name: cluster, records: records)
            versions += listing.members.map { VersionCommand.line($0) + "\n" }.joined()
        }
        reading.add("versions.txt", text: versions)
        let problems = ([reading.contents.warning].compactMap { $0 } + reading.contents.problems)
        reading.add("problems.txt", text: problems.map { $0 + "\n" }.joined())
        return reading.contents
    }

    private func list(_ kind: APIResource, _ scope: Scope) async throws -> [JSONValue] {
        let problem: KubernetesError
        do {
            return try await client.listRaw(kind, namespace: namespace, labelSelector: scope.selector).items
        } catch {
            problem = error
        }
        // Served in this version since Kubernetes 1.21.
        guard problem.isNotFound, kind == .endpointSlice else { throw problem }
        return try await list(.endpointSliceV1Beta1, scope)
    }

    /// The values that are taken out of everything else: of Secrets the cluster has passwords from, and of its settings.
    private func readSecrets(_ scope: Scope, _ resource: JSONValue?, _ reading: inout Reading) async {
        // Each on its own: what was read stays read.
        var secrets = await reading.attempt("what is to be taken out") {
            try await client.list(Secret.self, namespace: namespace, labelSelector: scope.selector).items
        }
        if secrets == nil {
            reading.contents.warning =
                "WARNING: the cluster's Secrets could not be read: their values could not be taken out, only what looks like one"
        }
        let names = [
            resource?.value(at: "spec", "bootstrap", "initdb", "secretName")?.stringValue ?? scope.applicationSecret,
            scope.superuserSecret,
        ]
        for name in names where !(secrets ?? []).contains(where: { $0.metadata.name == name }) {
            let secret = await reading.attempt("what is to be taken out, \(name)") {
                try await client.get(Secret.self, name: name, namespace: namespace)
            }
            if let secret { secrets = (secrets ?? []) + [secret] }
        }
        let values = (secrets ?? []).flatMap { secret in
            (secret.data ?? [:]).keys.filter { !Self.openKeys.contains($0) }.compactMap { secret.decodedString($0) }
        }
        let initdb = resource?.value(at: "spec", "bootstrap", "initdb")
        let statements = ["postInitSQL", "postInitApplicationSQL"].flatMap { initdb?[$0]?.arrayValue ?? [] }
        let statementsWithPasswords = statements.compactMap(\.stringValue).filter {
            $0.lowercased().contains("password")
        }
        let parameters = resource?.value(at: "spec", "postgresql", "parameters")?.objectValue ?? [:]
        let settings = parameters.filter { Secrecy.hides($0.key) }.compactMap { $0.value.stringValue }
        reading.redactor = Redactor(secrets: values + settings + statementsWithPasswords)
        guard let secrets else { return }
        let shown: [JSONValue] = secrets.map {
            [
                "name": .string($0.metadata.name ?? ""),
                "keys": .array(($0.data ?? [:]).keys.sorted().map { .string($0) }),
            ]
        }
        // Names alone: nothing in it is to be taken out.
        reading.contents.files.append(File(name: "secrets.yaml", text: JSONValue.array(shown).yamlBlock + "\n"))
    }

    private func describe(_ records: StoreRecords, _ reading: inout Reading) {
        let overview = ClusterOverview(records, namespace: namespace, name: cluster)
        reading.add("status.txt", text: OverviewRenderer(overview: overview).rendered(.pretty) + "\n")
        reading.add("history.txt", text: overview.history.table.rendered(.pretty) + "\n")
        for (member, document) in records.live.sorted(by: { $0.key < $1.key }) {
            reading.add("members/\(member)", document)
        }
    }

    private func readLogs(_ member: String, _ reading: inout Reading) async {
        for isPrevious in [false, true] {
            var request = LogRequest(namespace: namespace, tail: Self.tail)
            request.isPrevious = isPrevious
            let path = request.path(member)
            let text = await reading.attempt("log of \(member)\(isPrevious ? " before its restart" : "")") {
                try await client.getText(path, deadline: .seconds(60))
            }
            if let text { reading.add("logs/\(member)\(isPrevious ? "-previous" : "").log", text: text) }
        }
    }

    /// Where each decision of the operator stands; of its lines, those about this cluster and about none.
    private func readOperator(_ reading: inout Reading) async {
        let pods = await reading.attempt("the operator's Pods") {
            try await client.listRaw(
                Pod.resource, labelSelector: "\(Labels.name)=matriarch,\(Labels.component)=operator"
            ).items
        }
        for pod in pods ?? [] {
            guard let name = pod.value(at: "metadata", "name")?.stringValue,
                let namespace = pod.value(at: "metadata", "namespace")?.stringValue
            else { continue }
            let path = "/api/v1/namespaces/\(namespace)/pods/\(name)/log?tailLines=\(Self.tail)"
            let text = await reading.attempt("log of the operator, \(name)") {
                try await client.getText(path, deadline: .seconds(60))
            }
            if let text { reading.add("logs/operator-\(name).log", text: operatorLines(text)) }
        }
    }

    /// Lines that name no other cluster.
    func operatorLines(_ text: String) -> String {
        text.split(whereSeparator: \.isNewline).filter { line in
            let document: JSONValue
            do {
                document = try JSONValue(parsing: String(line))
            } catch {
                return line.contains(cluster)
            }
            guard let named = document["cluster"]?.stringValue else { return true }
            let isHere = document["namespace"]?.stringValue.map { $0 == namespace } ?? true
            return named == "\(namespace)/\(cluster)" || named == cluster && isHere
        }.map { $0 + "\n" }.joined()
    }

    /// Keys whose values are names and addresses.
    private static let openKeys: Set<String> = ["username", "user", "host", "port", "dbname", "ca.crt", "tls.crt"]
}

extension ReportBundle {
    /// What was read so far.
    private struct Reading {
        let progress: (String) -> Void
        var contents = Contents()
        var redactor = Redactor(secrets: [])

        init(progress: @escaping (String) -> Void) {
            self.progress = progress
        }

        /// - Returns: nil when it cannot be read, which is a problem among others.
        mutating func attempt<Value>(_ what: String, _ body: () async throws -> Value) async -> Value? {
            progress(what)
            do {
                return try await body()
            } catch let error as KubernetesError {
                contents.problems.append("\(what): \(error.message)")
            } catch {
                contents.problems.append("\(what): \(error)")
            }
            return nil
        }

        mutating func add(_ name: String, _ value: JSONValue) {
            contents.files.append(File(name: "\(name).yaml", text: redactor.value(value).yamlBlock + "\n"))
        }

        mutating func add(_ name: String, text: String) {
            contents.files.append(File(name: name, text: redactor.text(text)))
        }
    }

    /// Objects whose Events are this cluster's: those that are there, and members that were.
    struct OwnObjects {
        let scope: Scope
        private var names: Set<String> = []
        private(set) var members: [String] = []

        init(_ scope: Scope) {
            self.scope = scope
        }

        mutating func add(_ kind: String, _ items: [JSONValue]) {
            for item in items {
                guard let name = item.value(at: "metadata", "name")?.stringValue else { continue }
                names.insert("\(kind)/\(name)")
                if kind == Pod.resource.kind, scope.ordinal(ofPod: name) != nil { members.append(name) }
            }
        }

        func isMeant(_ event: JSONValue) -> Bool {
            let kind = event.value(at: "regarding", "kind")?.stringValue ?? ""
            let name = event.value(at: "regarding", "name")?.stringValue ?? ""
            if names.contains("\(kind)/\(name)") { return true }
            switch kind {
            // `demo-2` is another cluster's name too.
            case PostgresCluster.resource.kind: return name == scope.cluster
            case Pod.resource.kind: return scope.ordinal(ofPod: name) != nil
            case PersistentVolumeClaim.resource.kind: return scope.ordinal(ofVolumeClaim: name) != nil
            case _: return false
            }
        }
    }
}
