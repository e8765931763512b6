/// Names the operator is known by.
public enum OperatorNames {
    public static let finalizer = "matriarch.dev/cleanup"
    /// Field manager of every server-side apply.
    public static let fieldManager = "matriarch"
    public static let namespace = "matriarch-system"
    public static let deployment = "matriarch-operator"
    public static let lease = "matriarch-operator"
}
