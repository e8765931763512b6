public import KubernetesModels

/// One property of the resource: what it may hold and what it means.
///
/// The only place a property is described. The schema of the CRD, the defaults applied by the operator and the reference
/// page are all read from here.
public struct Field: Sendable {
    public var shape: Shape
    public var description: String
    public var isRequired: Bool
    /// Filled in when the property is absent, by the API server and by ``Defaults``.
    public var defaultValue: JSONValue?
    public var rules: [Rule]

    public init(
        _ shape: Shape,
        _ description: String,
        required: Bool = false,
        default defaultValue: JSONValue? = nil,
        rules: [Rule] = []
    ) {
        self.shape = shape
        self.description = description
        self.isRequired = required
        self.defaultValue = defaultValue
        self.rules = rules
    }
}
