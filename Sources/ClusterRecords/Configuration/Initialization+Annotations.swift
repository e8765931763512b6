public import HighAvailability

extension Initialization {
    /// Reads Patroni's `initialize` and, while that is empty, who creates the cluster.
    public init(annotations: [String: String]) {
        switch annotations[StoreKey.initialization] {
        case nil: self = .never
        case "": self = .inProgress(by: annotations[StoreKey.initializer])
        case let identifier?: self = .done(systemIdentifier: identifier)
        }
    }
}
