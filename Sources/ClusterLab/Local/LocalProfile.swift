import ClusterRecords
import HighAvailability
import KubernetesModels
public import Units

/// The dynamic configuration of a local cluster.
public struct LocalProfile: Hashable, Sendable {
    /// How commits wait for standbys.
    public enum Mode: String, Hashable, Sendable, CaseIterable {
        case off
        case on
        case quorum
    }

    public var timings: Timings
    public var mode: Mode
    public var isFailsafe: Bool

    public init(timings: Timings = .fast, mode: Mode = .off, isFailsafe: Bool = true) {
        self.timings = timings
        self.mode = mode
        self.isFailsafe = isFailsafe
    }

    /// By the name the resource uses.
    public static func timings(named name: String) -> Timings? {
        switch name {
        case "fast": .fast
        case "default": .standard
        case "tolerant": .tolerant
        default: nil
        }
    }

    /// As the operator writes it, but for what an image's defaults are too large for here.
    var configuration: JSONValue {
        DynamicConfiguration(
            timings: timings, synchronous: SynchronousPolicy(mode: SynchronousMode(mode)), usesFailsafe: isFailsafe,
            parameters: ["shared_buffers": "16MB", "max_connections": "60", "max_wal_size": "128MB"]
        ).json()
    }
}

extension SynchronousMode {
    fileprivate init(_ mode: LocalProfile.Mode) {
        switch mode {
        case .off: self = .off
        case .on: self = .on
        case .quorum: self = .quorum
        }
    }
}
