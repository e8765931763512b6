import Logging
import PlainText

/// One record before it becomes a line.
struct LogRecord {
    let time: LogTime
    let level: Logger.Level
    let label: String
    let message: String
    let metadata: Logger.Metadata

    private static let reservedKeys: Set<String> = ["time", "level", "logger", "message"]

    /// Of a line in bytes. What somebody sends or stores may be as long as he likes; what is said of it may not.
    static let longest = 16 << 10
    /// Of the message, or of one value, in a line that would be longer, in bytes before they are quoted.
    private static let longestPart = 192
    private static let mostParts = 12

    /// The record as one line with its newline; metadata sorted by key, so that equal records give equal lines. A line that
    /// would be longer than ``longest`` bytes has its message and values cut, and says how long it was.
    func line(_ format: LogFormat) -> String {
        let whole = uncutLine(format)
        let length = whole.utf8.count
        return length <= Self.longest ? whole : cut(from: length).uncutLine(format)
    }

    private func uncutLine(_ format: LogFormat) -> String {
        switch format {
        case .json: jsonLine()
        case .text: textLine()
        }
    }

    private func cut(from length: Int) -> LogRecord {
        var kept: Logger.Metadata = [:]
        for (key, value) in metadata.sorted(by: { $0.key < $1.key }).prefix(Self.mostParts) {
            // A value of several parts becomes the text it is in a log of text.
            let isShort = value.description.utf8.count <= Self.longestPart
            kept[Self.beginning(of: key)] = isShort ? value : .string(Self.beginning(of: value.description))
        }
        kept["bytes"] = .stringConvertible(length)
        return LogRecord(time: time, level: level, label: label, message: Self.beginning(of: message), metadata: kept)
    }

    /// - Returns: whole characters; "…" stands for what is left out.
    private static func beginning(of text: String) -> String {
        guard text.utf8.count > longestPart else { return text }
        var beginning = ""
        var length = 0
        for scalar in text.unicodeScalars {
            length += scalar.utf8.count
            guard length <= longestPart else { break }
            beginning.unicodeScalars.append(scalar)
        }
        return beginning + "…"
    }

    private func jsonLine() -> String {
        var line = "{\"time\":\"\(time)\",\"level\":\"\(level.rawValue)\",\"logger\":"
        JSONText.append(quoted: label, to: &line)
        line += ",\"message\":"
        JSONText.append(quoted: message, to: &line)
        for (key, value) in metadata.sorted(by: { $0.key < $1.key }) {
            line += ","
            JSONText.append(quoted: Self.reservedKeys.contains(key) ? "meta." + key : key, to: &line)
            line += ":"
            JSONText.append(value, to: &line)
        }
        return line + "}\n"
    }

    private func textLine() -> String {
        var line = "\(time) \(level.rawValue.uppercased()) \(label): "
        line += Self.oneLine(message)
        for (key, value) in metadata.sorted(by: { $0.key < $1.key }) {
            line += " \(key)="
            let text = Self.oneLine(value.description)
            if text.isEmpty || text.contains(where: { $0 == " " || $0 == "\"" || $0 == "=" }) {
                JSONText.append(quoted: text, to: &line)
            } else {
                line += text
            }
        }
        return line + "\n"
    }

    private static func oneLine(_ text: String) -> String {
        guard text.unicodeScalars.contains(where: { $0.value < 0x20 }) else { return text }
        var result = ""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\n": result += "\\n"
            case "\r": result += "\\r"
            case "\t": result += "\\t"
            case _ where scalar.value < 0x20: result += "?"
            case _: result.unicodeScalars.append(scalar)
            }
        }
        return result
    }
}
