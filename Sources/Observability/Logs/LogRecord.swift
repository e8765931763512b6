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

    /// The record as one line with its newline; metadata sorted by key, so that equal records give equal lines.
    func line(_ format: LogFormat) -> String {
        switch format {
        case .json: jsonLine()
        case .text: textLine()
        }
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
