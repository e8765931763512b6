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

    /// Annotations that say the same, whatever was said before.
    public var annotations: [String: String?] {
        switch self {
        case .never: [StoreKey.initialization: nil, StoreKey.initializer: nil]
        case .inProgress(let member): [StoreKey.initialization: "", StoreKey.initializer: member]
        case .done(let identifier): [StoreKey.initialization: identifier, StoreKey.initializer: nil]
        }
    }
}
