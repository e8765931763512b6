import KubernetesModels

/// A mistake in a resource, and what the user must be told.
public struct BadInput: Sendable, CustomStringConvertible {
    /// A sentence for tables and tests.
    public let title: String
    /// Merged into the spec.
    let spec: JSONValue
    /// Every one of these stands in the message.
    let expected: [String]
    /// Undoes the change on a cluster that lives; nil for a mistake in a cluster's first manifest.
    let undo: JSONValue?

    /// Mistakes in the first manifest: nothing is made.
    public static let manifests: [BadInput] = [
        BadInput(
            "ttl 25 with loopWait 10 and retryTimeout 10",
            ["highAvailability": ["ttl": 25, "loopWait": 10, "retryTimeout": 10]],
            ["loopWait + 2·retryTimeout < ttl − fenceMargin"]),
        BadInput("no instances", ["instances": 0], ["spec.instances"]),
        BadInput(
            "wal_level minimal", ["postgresql": ["parameters": ["wal_level": "minimal"]]], ["wal_level", "minimal"]),
        BadInput(
            "a pg_hba line that cannot be parsed", ["postgresql": ["pgHBA": ["hots all all all scram-sha-256"]]],
            ["spec.postgresql.pgHBA[0]", "hots"]),
    ]

    /// Mistakes in a cluster that lives: it goes on as before.
    public static let changes: [BadInput] = [
        BadInput(
            "bootstrap changed later", ["bootstrap": ["initdb": ["encoding": "LATIN1"]]],
            ["spec.bootstrap", "cannot change"],
            undo: ["bootstrap": ["initdb": ["encoding": "UTF8"]]])
    ]

    public var description: String { title }

    private init(_ title: String, _ spec: JSONValue, _ expected: [String], undo: JSONValue? = nil) {
        self.title = title
        self.spec = spec
        self.expected = expected
        self.undo = undo
    }
}
