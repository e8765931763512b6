import HTTPTransport
import HighAvailability
import KubernetesModels

/// Asks the other agents, over REST and at this moment.
struct PeerClient: Sendable {
    private let transport: HTTPTransport

    init(transport: HTTPTransport) {
        self.transport = transport
    }

    /// Asks all of them at the same time; whoever does not answer in time is not in the result.
    ///
    /// - Parameter limit: for the whole round, not for each.
    func positions(of members: [Member], within limit: Duration = .seconds(1)) async -> [PositionReport] {
        await withTaskGroup(of: PositionReport?.self) { group in
            for member in members {
                guard let url = Self.positionURL(member) else { continue }
                group.addTask { await self.position(of: member.name, url: url, within: limit) }
            }
            var reports: [PositionReport] = []
            for await report in group { if let report { reports.append(report) } }
            return reports.sorted { $0.name < $1.name }
        }
    }

    func position(of member: Member, within limit: Duration = .seconds(1)) async -> PositionReport? {
        guard let url = Self.positionURL(member) else { return nil }
        return await position(of: member.name, url: url, within: limit)
    }

    private func position(of name: String, url: String, within limit: Duration) async -> PositionReport? {
        // Any failure means the same here: it did not answer.
        guard let response = try? await transport.send(HTTPRequest(method: .get, url: url), deadline: limit),
            response.status == 200, let json = try? JSONValue(parsing: response.body)
        else { return nil }
        return PositionReport(name: name, json: json)
    }

    private static func positionURL(_ member: Member) -> String? {
        guard let url = member.apiURL, url.hasSuffix("/patroni") else { return nil }
        return url.dropLast("/patroni".count) + "/matriarch/position"
    }
}

extension PositionReport {
    /// Reads the answer of `/matriarch/position`; nil when it lacks what a candidacy is judged by.
    init?(name: String, json: JSONValue) {
        guard let timeline = json["timeline"]?.int64Value.flatMap({ UInt32(exactly: $0) }),
            let position = json["position"]?.int64Value.flatMap({ UInt64(exactly: $0) })
        else { return nil }
        self.init(
            name: name, isPrimary: json["role"]?.stringValue == "primary", timeline: Timeline(rawValue: timeline),
            position: LSN(rawValue: position), isEligible: json["eligible"]?.boolValue ?? false,
            priority: json["priority"]?.intValue ?? 1)
    }

    var json: JSONValue {
        [
            "role": isPrimary ? "primary" : "replica", "timeline": .int(Int64(timeline.rawValue)),
            "position": .int(Int64(clamping: position.rawValue)), "eligible": .bool(isEligible),
            "priority": .int(Int64(priority)),
        ]
    }
}
