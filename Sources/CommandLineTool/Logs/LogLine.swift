import KubernetesModels

/// One line of a member's log, with the time the node noted when it was written.
struct LogLine: Hashable {
    var member: String
    /// nil: the node noted none; it belongs to the line before it.
    var time: Timestamp?
    var stamp: String
    var text: String

    /// - Parameter line: as the API server gives it with `timestamps=true`.
    init(_ line: Substring, of member: String) {
        self.member = member
        let stamp = line.prefix { $0 != " " }
        time = Timestamp(String(stamp))
        if time != nil {
            self.stamp = String(stamp)
            text = String(line.dropFirst(stamp.count + 1))
        } else {
            self.stamp = ""
            text = String(line)
        }
    }

    static func lines(_ text: String, of member: String) -> [LogLine] {
        // By bytes: a carriage return and the newline behind it are one Character.
        text.utf8.split(separator: 0x0A).map { LogLine(Substring($0), of: member) }
    }

    /// The logs of several members by time; the lines of each stay in their order.
    static func merged(_ logs: [[LogLine]]) -> [LogLine] {
        var merged: [LogLine] = []
        merged.reserveCapacity(logs.reduce(0) { $0 + $1.count })
        var next = logs.map(\.startIndex)
        while true {
            var first: (log: Int, time: Int64)?
            for log in logs.indices where next[log] < logs[log].endIndex {
                // Without a time it follows what its member wrote before.
                let time = logs[log][next[log]].time?.microsecondsSince1970 ?? .min
                if first.map({ time < $0.time }) ?? true { first = (log, time) }
            }
            guard let first else { return merged }
            merged.append(logs[first.log][next[first.log]])
            next[first.log] += 1
        }
    }
}

/// How lines are printed: which member each is of, when there are several.
struct LogPrinter {
    /// Of the longest name; 0: no name is printed.
    var width: Int
    var showsTime: Bool

    init(_ members: [String], showsTime: Bool) {
        width = members.count > 1 ? members.map(\.count).max() ?? 0 : 0
        self.showsTime = showsTime
    }

    func text(_ line: LogLine) -> String {
        let name = line.member + String(repeating: " ", count: max(0, width - line.member.count))
        return (width > 0 ? "\(name) | " : "") + (showsTime && !line.stamp.isEmpty ? "\(line.stamp) " : "") + line.text
    }
}
