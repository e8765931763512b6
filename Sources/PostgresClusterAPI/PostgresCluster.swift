public import ClusterRecords
public import KubernetesModels

/// The resource: one highly available PostgreSQL cluster.
///
/// Reading never fails because of one bad resource: a spec that cannot be decoded is kept as the problem it has, so that a
/// list of clusters still decodes and the bad one gets its condition.
public struct PostgresCluster: KubernetesResource, Hashable {
    public static let resource = APIResource(
        group: "matriarch.dev", version: "v1alpha1", kind: "PostgresCluster", plural: "postgresclusters",
        isNamespaced: true)

    public var metadata: ObjectMeta
    /// The spec with defaults filled in, or why it cannot be read.
    public var spec: Result<PostgresClusterSpec, SpecProblem>
    /// nil before the first reconciliation, and when it was written in a form unknown here.
    public var status: PostgresClusterStatus?

    public init(metadata: ObjectMeta, spec: PostgresClusterSpec, status: PostgresClusterStatus? = nil) {
        self.metadata = metadata
        self.spec = .success(spec)
        self.status = status
    }

    public var scope: Scope { Scope(namespace: metadata.namespace ?? "", cluster: metadata.name ?? "") }
}

extension PostgresCluster: Codable {
    enum CodingKeys: String, CodingKey {
        case metadata, spec, status
    }

    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        metadata = try container.decode(ObjectMeta.self, forKey: .metadata)
        let spec = try container.decodeIfPresent(JSONValue.self, forKey: .spec) ?? [:]
        self.spec = PostgresClusterSpec.read(spec)
        do {
            status = try container.decodeIfPresent(PostgresClusterStatus.self, forKey: .status)
        } catch {
            // Written by another version: it is derived anew.
            status = nil
        }
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(metadata, forKey: .metadata)
        if case .success(let spec) = spec {
            try container.encode(spec, forKey: .spec)
        }
        try container.encodeIfPresent(status, forKey: .status)
    }
}

extension PostgresClusterSpec {
    /// Decodes a spec after filling in the defaults.
    ///
    /// - Returns: the spec, or the path of the first value that does not fit, the value and the rule. What an API server
    ///   refuses comes before an amount that only we cannot hold.
    public static func read(_ value: JSONValue) -> Result<PostgresClusterSpec, SpecProblem> {
        let complete = Defaults.applied(to: value, as: PostgresClusterSpec.self)
        do {
            return .success(try complete.decoded())
        } catch {
            let problem = SpecProblem(decodingError: error, in: complete)
            guard problem.source == .knowledge(.amounts) else { return .failure(problem) }
            let schema = SchemaCheck.problems(of: complete, as: PostgresClusterSpec.self, at: "spec")
            return .failure(schema.first ?? problem)
        }
    }
}
