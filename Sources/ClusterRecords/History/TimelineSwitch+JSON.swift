public import HighAvailability
import KubernetesModels
import Units

extension TimelineSwitch {
    /// Reads Patroni's history: a list of `[timeline, lsn, reason, time?, leader?]`; entries of another shape are passed over.
    ///
    /// - Parameter kinds: the annotation that says what led to them; an entry it does not know has none.
    public static func list(annotation: String?, kinds: String? = nil) -> [TimelineSwitch] {
        guard let annotation, let entries = (try? JSONValue(parsing: annotation))?.arrayValue else { return [] }
        let kinds = reading(kinds: kinds)
        return entries.compactMap { entry in
            guard let timeline = Timeline(json: entry[0]), let position = LSN(bytes: entry[1]) else { return nil }
            let leader = entry[4]?.stringValue
            return TimelineSwitch(
                timeline: timeline, position: position, reason: entry[2]?.stringValue ?? "",
                time: entry[3]?.stringValue, newLeader: leader,
                kind: kinds[Key(timeline: timeline, position: position, newLeader: leader)])
        }
    }

    /// What tells an entry from every other one, whoever writes it again.
    private struct Key: Hashable {
        var timeline: Timeline
        var position: LSN
        var newLeader: String?
    }

    private static func reading(kinds annotation: String?) -> [Key: ChangeKind] {
        // Not JSON: as if nobody had said anything.
        guard let annotation, let entries = (try? JSONValue(parsing: annotation))?.arrayValue else { return [:] }
        var kinds: [Key: ChangeKind] = [:]
        for entry in entries {
            guard let timeline = Timeline(json: entry[0]), let position = LSN(bytes: entry[1]),
                let kind = entry[3]?.stringValue.flatMap(ChangeKind.init)
            else { continue }
            kinds[Key(timeline: timeline, position: position, newLeader: entry[2]?.stringValue)] = kind
        }
        return kinds
    }

    /// How many kinds are kept: those of the last changes. The annotation of the history is Patroni's, and as long as it wants.
    static let keptKinds = 200

    /// The annotation that says what led to the entries of `list`, beside ``annotation(_:)``, whose form is Patroni's; nil when
    /// nobody has recorded that of any.
    public static func kindsAnnotation(_ list: [TimelineSwitch]) -> String? {
        let entries = list.compactMap { entry -> JSONValue? in
            guard let kind = entry.kind else { return nil }
            return [
                .int(Int64(entry.timeline.rawValue)), .int(Int64(clamping: entry.position.rawValue)),
                entry.newLeader.map { .string($0) } ?? .null, .string(kind.rawValue),
            ]
        }
        return entries.isEmpty ? nil : JSONValue.array(entries.suffix(keptKinds)).serialized()
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
