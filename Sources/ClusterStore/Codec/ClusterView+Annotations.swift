import ClusterRecords
public import HighAvailability
import KubernetesModels
import Units

extension Initialization {
    public init(annotations: [String: String]) {
        switch annotations[StoreKey.initialization] {
        case nil: self = .never
        case "": self = .inProgress(by: annotations[StoreKey.initializer])
        case let identifier?: self = .done(systemIdentifier: identifier)
        }
    }
}

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
}

extension Schedule {
    /// RFC 3339 with a time zone, as Patroni writes it; nil when there is none.
    init?(annotation: String) {
        guard !annotation.isEmpty else { return nil }
        let instant = Timestamp(annotation).map { WallInstant(microsecondsSince1970: $0.microsecondsSince1970) }
        self.init(text: annotation, instant: instant)
    }
}

extension TimelineSwitch {
    /// Reads Patroni's history: a list of `[timeline, lsn, reason, time?, leader?]`; entries of another shape are passed over.
    public static func list(annotation: String?) -> [TimelineSwitch] {
        guard let annotation, let entries = (try? JSONValue(parsing: annotation))?.arrayValue else { return [] }
        return entries.compactMap { entry in
            guard let timeline = entry[0]?.int64Value.flatMap({ UInt32(exactly: $0) }),
                let position = entry[1]?.int64Value.flatMap({ UInt64(exactly: $0) })
            else { return nil }
            return TimelineSwitch(
                timeline: Timeline(rawValue: timeline), position: LSN(rawValue: position),
                reason: entry[2]?.stringValue ?? "", time: entry[3]?.stringValue, newLeader: entry[4]?.stringValue)
        }
    }

    static func annotation(_ list: [TimelineSwitch]) -> String {
        let entries = list.map { entry -> JSONValue in
            var fields: [JSONValue] = [
                .int(Int64(entry.timeline.rawValue)), .int(Int64(clamping: entry.position.rawValue)),
                .string(entry.reason),
            ]
            if let time = entry.time { fields.append(.string(time)) }
            if entry.time != nil, let leader = entry.newLeader { fields.append(.string(leader)) }
            return .array(fields)
        }
        return JSONValue.array(entries).serialized()
    }
}
