public import HighAvailability
import KubernetesModels
import Units

/// Whether a commit waits for replicas.
public struct SynchronousSpec: Sendable, Hashable, Codable {
    public var mode: Mode
    public var standbys: Int
    public var strict: Bool

    public enum CodingKeys: String, CodingKey, CaseIterable {
        case mode, standbys, strict
    }

    public enum Mode: String, Sendable, Hashable, Codable, CaseIterable {
        case off
        case on
        case quorum
    }

    public init(mode: Mode = .off, standbys: Int = 1, strict: Bool = false) {
        self.mode = mode
        self.standbys = standbys
        self.strict = strict
    }

    /// As the agents understand it.
    public var policy: SynchronousPolicy {
        let mode: SynchronousMode =
            switch self.mode {
            case .off: .off
            case .on: .on
            case .quorum: .quorum
            }
        return SynchronousPolicy(mode: mode, standbys: standbys, isStrict: strict)
    }
}

extension SynchronousSpec: SchemaObject {
    public static let summary =
        "Whether a commit waits until replicas have it on disk, and who may then become primary."

    public static let rules = [
        Rule(
            .not(.all([.equals("mode", "off"), .any([.differs("standbys", 1), .differs("strict", false)])])),
            message: "standbys and strict need mode on or quorum")
    ]

    public static func field(_ key: CodingKeys) -> Field {
        switch key {
        case .mode:
            Field(
                .choice(Mode.allCases.map(\.rawValue)),
                "off: a commit waits for nobody. on: it waits for each of the chosen replicas, and only they may become "
                    + "primary. quorum: it waits for any of all replicas, and one becomes primary only when enough of the "
                    + "others have promised that the lost primary gets no confirmation from them any more. In YAML, put on "
                    + "and off in quotes.",
                default: "off")
        case .standbys:
            Field(
                .integer(minimum: 1, maximum: 31),
                "How many replicas have to confirm a commit, as long as that many are fit to.", default: 1)
        case .strict:
            Field(
                .boolean,
                "With no replica left that is fit to confirm, commits wait. Otherwise they go on without one, and nobody "
                    + "but the present primary may lead until one is back.",
                default: false)
        }
    }
}
