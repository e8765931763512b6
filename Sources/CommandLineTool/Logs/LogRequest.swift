import ClusterRecords
import KubernetesModels

/// What is asked of the API server for a member's log.
struct LogRequest {
    var namespace: String
    var sinceSeconds: Int?
    var tail: Int?
    var isPrevious = false

    /// - Parameters:
    ///   - after: only what was written since then.
    ///   - follows: the answer goes on with what is written next.
    func path(_ member: String, after: String? = nil, follows: Bool = false) -> String {
        var query = ["container=\(MemberPod.container)", "timestamps=true"]
        if follows { query.append("follow=true") }
        if isPrevious { query.append("previous=true") }
        if let after {
            query.append("sinceTime=\(after.replacing("+", with: "%2B"))")
        } else {
            if let sinceSeconds { query.append("sinceSeconds=\(sinceSeconds)") }
            if let tail { query.append("tailLines=\(tail)") }
        }
        return "/api/v1/namespaces/\(namespace)/pods/\(member)/log?\(query.joined(separator: "&"))"
    }

    /// Seconds of `90`, `90s`, `5m`, `2h`, `1d` and of several together, such as `1h30m`; nil for anything else.
    static func seconds(_ text: String) -> Int? {
        if let number = Int(text) { return (1...maximum).contains(number) ? number : nil }
        var seconds = 0
        var rest = text[...]
        while !rest.isEmpty {
            let digits = rest.prefix { $0.isASCII && $0.isNumber }
            guard let number = Int(digits), number <= maximum, let unit = rest.dropFirst(digits.count).first,
                let factor = ["s": 1, "m": 60, "h": 3600, "d": 86_400][unit]
            else { return nil }
            seconds += number * factor
            rest = rest.dropFirst(digits.count + 1)
        }
        return (1...maximum).contains(seconds) ? seconds : nil
    }

    /// Ten years.
    private static let maximum = 3650 * 86_400
}
