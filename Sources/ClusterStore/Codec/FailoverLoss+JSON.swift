public import HighAvailability
public import KubernetesModels
public import Units

extension FailoverLoss {
    /// As the operator reads it. Positions as PostgreSQL writes them.
    public var json: JSONValue {
        var value: JSONValue = [
            "verdict": .string(verdict.rawValue), "to": .string(member), "timeline": .int(Int64(timeline.rawValue)),
            "start": .string(start.description),
        ]
        if let former { value["from"] = .string(former) }
        if let published { value["published"] = .string(published.description) }
        return value
    }
}

extension AbandonedWAL {
    /// As the operator reads it.
    ///
    /// - Parameter leader: whose course the member goes back to.
    public func json(leader: String) -> JSONValue {
        var value: JSONValue = [
            "timeline": .int(Int64(timeline.rawValue)), "start": .string(start.description),
            "end": .string(end.description), "leader": .string(leader),
        ]
        if let commits { value["commits"] = .int(Int64(commits)) }
        return value
    }
}
