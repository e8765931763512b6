public import Units

/// What the last write of the agent's own to the data's volume has come to.
public enum VolumeLook: Hashable, Sendable {
    /// It has returned, or none was begun. A volume that is full is one of these: it answers.
    case answers
    /// It was begun then and has not returned: the volume hangs, and with it every commit.
    case silent(since: BootInstant)
    /// Since then each has been refused: the file system is read-only, or the disk fails.
    case refuses(since: BootInstant, reason: String)

    /// Since when the volume has taken no write; nil: it takes them.
    public var since: BootInstant? {
        switch self {
        case .answers: nil
        case .silent(let since), .refuses(let since, _): since
        }
    }

    /// For status; it does not change while the volume does not.
    public var sentence: String? {
        switch self {
        case .answers: nil
        case .silent: "its volume does not answer: nothing can be written"
        case .refuses(_, let reason): "its volume takes no writes: \(reason)"
        }
    }
}
