public import HighAvailability
import KubernetesModels
import Units

/// Patroni's `/failover`: annotations of an object of their own. The operator and Patroni's tools write them, agents take them
/// off.
extension FailoverRequest {
    /// nil when the annotations ask for nothing.
    public init?(annotations: [String: String]) {
        let leader = annotations[StoreKey.leader].flatMap { $0.isEmpty ? nil : $0 }
        let candidate = annotations[StoreKey.member].flatMap { $0.isEmpty ? nil : $0 }
        guard leader != nil || candidate != nil else { return nil }
        self.init(
            leader: leader, candidate: candidate, requestID: annotations[StoreKey.requestID],
            schedule: annotations[StoreKey.scheduledAt].flatMap(Schedule.init(annotation:)))
    }

    /// Annotations that ask for the same, and take off whatever was asked for before.
    public var annotations: [String: String?] {
        [
            StoreKey.leader: leader, StoreKey.member: candidate, StoreKey.requestID: requestID,
            StoreKey.scheduledAt: schedule?.text,
        ]
    }

    /// Annotations that ask for nothing.
    public static let noAnnotations = FailoverRequest().annotations
}

extension Schedule {
    /// RFC 3339 with a time zone, as Patroni writes it; nil when there is none.
    init?(annotation: String) {
        guard !annotation.isEmpty else { return nil }
        let instant = Timestamp(annotation).map { WallInstant(microsecondsSince1970: $0.microsecondsSince1970) }
        self.init(text: annotation, instant: instant)
    }
}
