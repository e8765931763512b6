/// An event of `events.k8s.io/v1`.
public struct Event: KubernetesResource, Hashable {
    public static let resource = APIResource(
        group: "events.k8s.io", version: "v1", kind: "Event", plural: "events", isNamespaced: true)

    public var metadata: ObjectMeta
    public var eventTime: MicroTime?
    public var series: EventSeries?
    public var reportingController: String?
    public var reportingInstance: String?
    public var action: String?
    public var reason: String?
    public var regarding: ObjectReference?
    public var related: ObjectReference?
    /// At most 1024 bytes; the server refuses more.
    public var note: String?
    /// Normal or Warning.
    public var type: String?

    public init(
        metadata: ObjectMeta,
        eventTime: MicroTime? = nil,
        series: EventSeries? = nil,
        reportingController: String? = nil,
        reportingInstance: String? = nil,
        action: String? = nil,
        reason: String? = nil,
        regarding: ObjectReference? = nil,
        related: ObjectReference? = nil,
        note: String? = nil,
        type: String? = nil
    ) {
        self.metadata = metadata
        self.eventTime = eventTime
        self.series = series
        self.reportingController = reportingController
        self.reportingInstance = reportingInstance
        self.action = action
        self.reason = reason
        self.regarding = regarding
        self.related = related
        self.note = note
        self.type = type
    }
}

/// A repeated event.
public struct EventSeries: Codable, Sendable, Hashable {
    public var count: Int
    public var lastObservedTime: MicroTime

    public init(count: Int, lastObservedTime: MicroTime) {
        self.count = count
        self.lastObservedTime = lastObservedTime
    }
}
