import CLinux
import Glibc
import PlainText

/// One JSON object per line on standard error.
///
/// A reader that stalls must not stall the fence: what does not fit into the pipe is dropped.
enum InitLog {
    enum Value: ExpressibleByStringLiteral, ExpressibleByIntegerLiteral {
        case text(String)
        case number(Int64)

        init(stringLiteral value: String) { self = .text(value) }
        init(integerLiteral value: Int64) { self = .number(value) }
    }

    static func write(_ level: StaticString, _ message: String, _ fields: [(StaticString, Value)] = []) {
        var line = "{\"time\":\"\(timestamp())\",\"level\":\"\(level)\",\"logger\":\"init\",\"message\":"
        JSONText.append(quoted: message, to: &line)
        for (key, value) in fields {
            line += ",\"\(key)\":"
            switch value {
            case .text(let text): JSONText.append(quoted: text, to: &line)
            case .number(let number): line += String(number)
            }
        }
        line += "}\n"
        // A pipe takes so much as a whole or not at all.
        let longest = Int(PIPE_BUF)
        if line.utf8.count > longest { line = String(decoding: line.utf8.prefix(longest - 4), as: UTF8.self) + "\n" }
        if pipe < 0 {
            // What is no pipe, or cannot be opened anew: another writer may be faster between look and write.
            var ready = pollfd(fd: STDERR_FILENO, events: Int16(POLLOUT), revents: 0)
            guard poll(&ready, 1, 0) == 1, ready.revents & Int16(POLLOUT) != 0 else { return }
        }
        line.withUTF8 { _ = Glibc.write(pipe < 0 ? STDERR_FILENO : pipe, $0.baseAddress, min($0.count, longest)) }
    }

    /// The log's pipe, so that a write to it never waits: PostgreSQL writes into it, too. Negative: there is none.
    private static let pipe = clinux_pipe_reopen(STDERR_FILENO)

    /// UTC with microseconds, like the records of the agent; for people only, nothing is decided by it.
    private static func timestamp() -> String {
        var now = timespec()
        clock_gettime(CLOCK_REALTIME, &now)
        var parts = tm()
        gmtime_r(&now.tv_sec, &parts)
        func padded(_ number: Int, _ width: Int) -> String {
            let digits = String(number)
            return String(repeating: "0", count: max(0, width - digits.utf8.count)) + digits
        }
        let day =
            "\(padded(Int(parts.tm_year) + 1900, 4))-\(padded(Int(parts.tm_mon) + 1, 2))-\(padded(Int(parts.tm_mday), 2))"
        let time = "\(padded(Int(parts.tm_hour), 2)):\(padded(Int(parts.tm_min), 2)):\(padded(Int(parts.tm_sec), 2))"
        return "\(day)T\(time).\(padded(now.tv_nsec / 1000, 6))Z"
    }
}
