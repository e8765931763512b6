/// An instant on everybody's clock.
///
/// Only what a person has asked for at a certain time is compared with it; no lock, no election and no fence ever is.
public struct WallInstant: Codable, Hashable, Comparable, Sendable {
    public var microsecondsSince1970: Int64

    public init(microsecondsSince1970: Int64) {
        self.microsecondsSince1970 = microsecondsSince1970
    }

    public static func < (left: WallInstant, right: WallInstant) -> Bool {
        left.microsecondsSince1970 < right.microsecondsSince1970
    }

    public static func - (left: WallInstant, right: WallInstant) -> Duration {
        .microseconds(left.microsecondsSince1970) - .microseconds(right.microsecondsSince1970)
    }
}
