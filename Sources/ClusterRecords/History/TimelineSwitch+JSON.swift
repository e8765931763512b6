public import HighAvailability
import KubernetesModels
import Units

extension TimelineSwitch {
    /// Reads Patroni's history: a list of `[timeline, lsn, reason, time?, leader?]`; entries of another shape are passed over.
    public static func list(annotation: String?) -> [TimelineSwitch] {
        guard let annotation, let entries = (try? JSONValue(parsing: annotation))?.arrayValue else { return [] }
        return entries.compactMap { entry in
            guard let timeline = Timeline(json: entry[0]), let position = LSN(bytes: entry[1]) else { return nil }
            return TimelineSwitch(
                timeline: timeline, position: position, reason: entry[2]?.stringValue ?? "",
                time: entry[3]?.stringValue, newLeader: entry[4]?.stringValue)
        }
    }

    /// The annotation that says the same. An entry has a new leader only if it has a time too, as Patroni's.
    public static func annotation(_ list: [TimelineSwitch]) -> String {
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
