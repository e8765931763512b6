import HighAvailability
public import PostgresConfiguration

extension Problem {
    /// The same problem where the user of a resource looks for it: `pg_hba` is `spec.postgresql.pgHBA` there.
    ///
    /// A key the resource has no field for keeps its name: whoever wrote it knows it by that.
    public var inWordsOfResource: Problem {
        var problem = self
        problem.path = Self.resourcePath(of: path)
        return problem
    }

    /// Something the checks of the server's settings found, in the words of the resource.
    public init(_ problem: ConfigurationProblem, refuser: Refuser) {
        // Options of initdb are named whole, settings within the PostgreSQL section.
        let key = problem.field.hasPrefix("bootstrap.") ? problem.field : "postgresql.\(problem.field)"
        self.init(path: Self.resourcePath(of: key), value: problem.value, rule: problem.rule, refuser: refuser)
    }

    /// Where the resource has what the stored configuration, or the agent file, calls `key`.
    ///
    /// - Parameter key: as ``HighAvailability/DynamicConfiguration`` names it, such as `postgresql.pg_hba[2]`.
    /// - Returns: `key` itself when the resource has no field for it.
    public static func resourcePath(of key: String) -> String {
        let known = fields.keys.filter { key == $0 || key.hasPrefix("\($0).") || key.hasPrefix("\($0)[") }
        guard let longest = known.max(by: { $0.count < $1.count }), let field = fields[longest] else { return key }
        return field + key.dropFirst(longest.count)
    }

    private static let fields = DynamicConfiguration.resourcePaths.merging(AgentFile.resourcePaths) { $1 }
}
