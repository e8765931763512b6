/// One change seen by a watch.
public enum WatchEvent<R: Sendable>: Sendable {
    case added(R)
    case modified(R)
    /// With the object's last state.
    case deleted(R)
    /// Everything up to this version has been seen: a later watch may go on from here.
    case bookmark(resourceVersion: String)
}

extension WatchEvent: Equatable where R: Equatable {}
