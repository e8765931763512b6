import KubernetesClient
import KubernetesModels
import PostgresClusterAPI

/// Reads the configuration of a cluster's resource, and writes a changed one over it.
struct ConfigurationEdit {
    let client: KubernetesClient
    let cluster: String
    let namespace: String

    /// The configuration as it was in one version of the resource.
    struct Current {
        var document: ConfigurationDocument
        /// The whole resource.
        var object: JSONValue
    }

    /// - Throws: ``CommandError`` when there is no such resource, or nobody can read its spec.
    func current() async throws -> Current {
        let problem: KubernetesError
        do {
            let object = try await client.getRaw(PostgresCluster.resource, name: cluster, namespace: namespace)
            switch PostgresClusterSpec.read(object["spec"] ?? [:]) {
            case .success(let spec): return Current(document: ConfigurationDocument(spec: spec), object: object)
            case .failure(let problem): throw CommandError("\(problem)")
            }
        } catch let error as KubernetesError {
            problem = error
        }
        if problem.isNotFound { throw CommandError("no PostgresCluster \(cluster) in namespace \(namespace)") }
        throw problem
    }

    /// The patch of the spec, checked by the rules of schema and operator.
    ///
    /// What is wrong with the spec already is no reason to refuse a change of something else.
    ///
    /// - Throws: ``ConfigurationRefusal``.
    func patch(_ current: Current, to document: ConfigurationDocument) throws -> JSONValue {
        var patch: JSONValue = ["spec": try ConfigurationPatch(before: current.document, after: document).spec()]
        // A name in another case is the same parameter: it would stand beside the new one.
        let names = (patch.value(at: "spec", "postgresql", "parameters")?.objectValue ?? [:]).keys
        let written = (current.object.value(at: "spec", "postgresql", "parameters")?.objectValue ?? [:]).keys
        for name in written where names.contains(name.lowercased()) && name != name.lowercased() {
            patch["spec"]?["postgresql"]?["parameters"]?[name] = .null
        }
        let problems = Self.problems(of: patch, over: current.object)
        guard problems.isEmpty else { throw ConfigurationRefusal(problems) }
        return patch
    }

    /// What the patch would be refused for, by the rules of schema and operator, and what was wrong before is not.
    static func problems(of patch: JSONValue, over object: JSONValue) -> [String] {
        let known = Set(problems(of: object))
        return problems(of: object.applying(mergePatch: patch)).filter { !known.contains($0) }
    }

    private static func problems(of object: JSONValue) -> [String] {
        do {
            let cluster: PostgresCluster = try object.decoded()
            return validate(cluster, previous: cluster.status).map(\.description)
        } catch {
            return ["the resource cannot be read: \(error)"]
        }
    }

    /// Writes the patch, unless somebody else has changed the configuration since.
    ///
    /// - Returns: nil when it is written; otherwise what is there now.
    /// - Throws: ``ConfigurationRefusal`` in the API server's words.
    func write(_ patch: JSONValue, over current: Current) async throws -> Current? {
        var version = current.object.value(at: "metadata", "resourceVersion")
        for _ in 0..<Self.attempts {
            var body = patch
            body["metadata"] = ["resourceVersion": version ?? .null]
            let problem: KubernetesError
            do {
                _ = try await client.mergePatchRaw(
                    PostgresCluster.resource, name: cluster, namespace: namespace, body: body)
                return nil
            } catch {
                problem = error
            }
            if problem.code == .invalidObject || problem.code == .badRequest {
                throw ConfigurationRefusal([problem.message])
            }
            guard !problem.isOutcomeUnknown else {
                throw CommandError("whether the configuration was changed is not known, look at it: \(problem.message)")
            }
            guard problem.isConflict else { throw problem }
            let now = try await self.current()
            // The operator has written its status, or somebody another field.
            guard now.document == current.document else { return now }
            version = now.object.value(at: "metadata", "resourceVersion")
        }
        throw CommandError("the resource changes all the time: \(Self.attempts) attempts to write it failed")
    }

    private static let attempts = 10
}
