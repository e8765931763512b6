/// What happened to an object in a store.
public enum StoreChange<R: Sendable>: Sendable {
    case added(R)
    case updated(old: R, new: R)
    case deleted(R)

    /// The object as it is now, or last was.
    public var object: R {
        switch self {
        case .added(let object), .updated(_, let object), .deleted(let object): object
        }
    }
}
