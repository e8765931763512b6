/// Values of the label ``Labels/component``.
public enum Component {
    public static let member = "postgres"
    /// Services and the EndpointSlices behind them.
    public static let access = "access"
    public static let store = "store"
    public static let configuration = "configuration"
    public static let credentials = "credentials"
    public static let imageCheck = "image-check"
    /// The definition of the resource itself.
    public static let definition = "crd"
}
