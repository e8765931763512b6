import KubernetesModels
import Synchronization
import Units

/// What one run on one side showed.
public struct ComparisonOutcome: Hashable, Sendable {
    public var outageMillis: Int64?
    public var acknowledged: Int64
    public var lost: Int64
    /// Acknowledged by a primary when another already led, or there twice.
    public var problems: [String]
    /// Why the run did not come to its end; its figures are none.
    public var failure: String?

    init(_ result: ScenarioResult) {
        outageMillis = result.outage?.milliseconds
        acknowledged = Int64(result.verdict?.acknowledged ?? 0)
        lost = Int64(result.verdict?.lost.count ?? 0)
        problems = result.problems
    }

    init(failure: String) {
        (acknowledged, lost, problems) = (0, 0, [])
        self.failure = failure
    }

    init?(json: JSONValue) {
        guard let acknowledged = json["acknowledged"]?.int64Value, let lost = json["lost"]?.int64Value else {
            return nil
        }
        self.acknowledged = acknowledged
        self.lost = lost
        outageMillis = json["outageMillis"]?.int64Value
        problems = (json["problems"]?.arrayValue ?? []).compactMap(\.stringValue)
        failure = json["failure"]?.stringValue
    }

    var json: JSONValue {
        var value: JSONValue = [
            "acknowledged": .int(acknowledged), "lost": .int(lost), "problems": .array(problems.map { .string($0) }),
        ]
        value["outageMillis"] = outageMillis.map { .int($0) }
        value["failure"] = failure.map { .string($0) }
        return value
    }
}

/// A file of outcomes, one JSON line each, so that a comparison that was broken off goes on where it was.
public final class ComparisonRecord: Sendable {
    public let path: String
    private let lines: Mutex<[(operation: String, side: Comparison.Side, outcome: ComparisonOutcome)]>

    /// Takes up the file's outcomes, if there is one.
    ///
    /// - Throws: ``LabError`` naming a line that is no outcome. Only the last may be cut, by the end of the run that wrote it.
    public init(path: String) throws(LabError) {
        self.path = path
        let text = HostFile.read(path) ?? ""
        var found: [(operation: String, side: Comparison.Side, outcome: ComparisonOutcome)] = []
        let texts = text.split(separator: "\n", omittingEmptySubsequences: true)
        for (number, line) in texts.enumerated() {
            let isCut = number == texts.count - 1 && !text.hasSuffix("\n")
            if isCut { break }
            guard let json = try? JSONValue(parsing: String(line)),  // Said below, with the line's number.
                let operation = json["operation"]?.stringValue,
                let side = json["side"]?.stringValue.flatMap({ Comparison.Side(rawValue: $0) }),
                let outcome = ComparisonOutcome(json: json)
            else {
                throw LabError(
                    "\(path), line \(number + 1): not an outcome of a comparison; remove the file to begin anew")
            }
            found.append((operation, side, outcome))
        }
        lines = Mutex(found)
    }

    func outcomes(of operation: String, _ side: Comparison.Side) -> [ComparisonOutcome] {
        lines.withLock { $0.filter { $0.operation == operation && $0.side == side }.map(\.outcome) }
    }

    /// How many runs came to their end; one that failed stays in the record and is made up for by the next comparison.
    func count(of operation: String, _ side: Comparison.Side) -> Int {
        outcomes(of: operation, side).count { $0.failure == nil }
    }

    /// The file is written anew each time: it is small, and a line that was cut goes.
    func append(_ outcome: ComparisonOutcome, of operation: String, _ side: Comparison.Side) throws(LabError) {
        let all = lines.withLock { lines in
            lines.append((operation, side, outcome))
            return lines
        }
        let text = all.map { line in
            var json = line.outcome.json
            json["operation"] = .string(line.operation)
            json["side"] = .string(line.side.rawValue)
            return json.serialized() + "\n"
        }
        try HostFile.create(text.joined(), at: path)
    }
}
