/// What was not as this agent had written it, and is again; see ``LocalServer/undoEdits()``.
public struct UndoneEdits: Hashable, Sendable {
    /// Files of ours that were edited or removed, by name.
    public var files: [String]
    /// Parameters of the cluster's that `ALTER SYSTEM` had set.
    public var parameters: [String]

    public init(files: [String] = [], parameters: [String] = []) {
        self.files = files
        self.parameters = parameters
    }

    public var isEmpty: Bool { files.isEmpty && parameters.isEmpty }
}
