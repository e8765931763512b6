public import HighAvailability
public import KubernetesModels
import Units

/// The body of `/matriarch/position` and `/matriarch/seal`: where a member is, measured when it is asked.
public struct PositionAnswer: Hashable, Sendable {
    public var report: PositionReport
    /// PostgreSQL runs.
    public var isRunning: Bool
    /// Why a candidate's request for a seal was refused; nil when it was not, and when none was asked for.
    public var refusal: String?
    /// Of a running primary: the standbys a commit waits for; empty when it waits for none. Nil of any other member.
    public var awaitedStandbys: Set<String>?

    public init(
        report: PositionReport, isRunning: Bool, refusal: String? = nil, awaitedStandbys: Set<String>? = nil
    ) {
        self.refusal = refusal
        self.awaitedStandbys = awaitedStandbys
        self.report = report
        self.isRunning = isRunning
    }

    /// Reads an answer.
    ///
    /// - Parameter name: of the member that was asked.
    /// - Returns: nil when it lacks what a candidacy is judged by.
    public init?(of name: String, json: JSONValue) {
        guard let timeline = Timeline(json: json["timeline"]), let position = LSN(bytes: json["position"]) else {
            return nil
        }
        self.init(
            report: PositionReport(
                name: name, isPrimary: json["role"]?.stringValue == "primary", timeline: timeline,
                position: position, replayed: LSN(bytes: json["replayed"]),
                isEligible: json["eligible"]?.boolValue ?? false, priority: json["priority"]?.intValue ?? 1,
                sealedEpoch: json["sealed"]?.int64Value),
            isRunning: json["running"]?.boolValue ?? false, refusal: json["refusal"]?.stringValue,
            awaitedStandbys: json["awaited"]?.arrayValue.flatMap(Self.names))
    }

    /// - Returns: nil when one of them is none: half of whom commits wait for would be nobody's answer.
    private static func names(_ elements: [JSONValue]) -> Set<String>? {
        let names = elements.compactMap(\.stringValue)
        return names.count == elements.count ? Set(names) : nil
    }

    public var json: OrderedJSON {
        var members: [(String, OrderedJSON)] = [
            ("name", .string(report.name)), ("role", report.isPrimary ? "primary" : "replica"),
            ("running", .bool(isRunning)), ("timeline", .int(Int64(report.timeline.rawValue))),
            ("position", .position(report.position.rawValue)),
            ("replayed", report.replayed.map { .position($0.rawValue) } ?? .null),
            ("eligible", .bool(report.isEligible)), ("priority", .int(Int64(report.priority))),
        ]
        if let epoch = report.sealedEpoch { members.append(("sealed", .int(epoch))) }
        if let refusal { members.append(("refusal", .string(refusal))) }
        if let awaitedStandbys {
            members.append(("awaited", .array(awaitedStandbys.sorted().map { .string($0) })))
        }
        return .object(members)
    }
}
