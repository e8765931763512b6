import Glibc
import PostgresConfiguration

/// What looks like a secret in a line of text.
enum SecretPatterns {
    /// The line without them.
    static func hidden(in line: String) -> String {
        // A NUL would be the end of it.
        let lowercased = line.lowercased().replacing("\0", with: " ")
        func has(_ words: [String]) -> Bool { words.contains { strstr(lowercased, $0) != nil } }
        var line = line
        if has(["ldapbindpasswd", "radiussecrets"]) { line = Secrecy.shown(line: line) }
        if has(["command", "program"]) { line = withoutCommands(line) }
        if has(["parameter"]) { line = withoutParameters(line) }
        if has(Secrecy.secretWords) { line = withoutNamed(line) }
        if has(["://"]) {
            line = line.replacing(/:\/\/([^\/@\s:]*):[^\/\s]+@/) { "://\($0.1):\(Secrecy.hidden)@" }
        }
        if has([" -u", "--user", "sshpass"]) { line = withoutArguments(line) }
        if has(["bearer "]) {
            line = line.replacing(/(?i)(bearer\s+)[\w.\-~+\/=]+/) { "\($0.1)\(Secrecy.hidden)" }
        }
        if has(["scram-sha-256$"]) { line = line.replacing(/SCRAM-SHA-256\$[^\s"']+/, with: Secrecy.hidden) }
        if has(["eyj"]) { line = line.replacing(/\beyJ[\w\-]{8,}\.[\w\-]+\.[\w\-]*/, with: Secrecy.hidden) }
        if has(["md5"]) { line = line.replacing(/\bmd5[0-9a-f]{32}\b/, with: Secrecy.hidden) }
        return line
    }

    /// Commands have passwords in their arguments: `The failed archive command was: …`, `recovery_end_command "…"`.
    private static func withoutCommands(_ line: String) -> String {
        line.replacing(/(?i)(command was:\s*|(?:command|program)\s+\\?"|_command\\?["']?\s*(?:[=:]|\bto\b)\s*).+$/) {
            "\($0.1)\(Secrecy.hidden)"
        }
    }

    /// `parameter "my.secret" changed to "…"`: the value is the first in quotation marks behind such a name.
    private static func withoutParameters(_ line: String) -> String {
        line.replacing(/(parameter\s+\\?"([^"\\]+)\\?"[^"]*")(.+)$/) { match in
            Secrecy.hides(String(match.2)) ? "\(match.1)\(Secrecy.hidden)" : String(match.0)
        }
    }

    /// `name=value`, `"name": "value"`, `name TO 'value'`, `PASSWORD 'value'`, `--name value`.
    ///
    /// Without quotation marks a value ends at white space: libpq takes every other character.
    private static func withoutNamed(_ line: String) -> String {
        var line = line.replacing(/(?i)(password\s+)(?:e|u&)?'(?:[^'\\]|\\.|'')*'?/) { "\($0.1)\(Secrecy.hidden)" }
        line = line.replacing(named) { "\($0.1)\(Secrecy.hidden)" }
        return line.replacing(
            /(?i)((?:^|\s)--?[\w\-]*(?:passw|secret|token|credential|api_?-?key)[\w\-]*\s+)[^\s\-]\S*/
        ) {
            "\($0.1)\(Secrecy.hidden)"
        }
    }

    nonisolated(unsafe) private static let named =
        /(?i)((?:passw|passfile|passphrase|secret|token|credential|conninfo|api_?key|_pass|pwd)[\w.\-]*(?:\\?["']?\s*(?:=>|[=:]|\bto\b)|["']\s*,)\s*)(?:\(hidden\)|\\"(?:[^"\\]|\\[^"])*\\"|"(?:[^"\\]|\\.)*"|(?:e|u&)?'(?:[^'\\]|\\.|'')*'?|\S+)/

    /// `curl -u user:password`, `sshpass -p password`.
    private static func withoutArguments(_ line: String) -> String {
        line.replacing(/(\s(?:-u|--user)[\s=]*[^\s:]+:)\S+/) { "\($0.1)\(Secrecy.hidden)" }
            .replacing(/(sshpass\s+-p\s*)\S+/) { "\($0.1)\(Secrecy.hidden)" }
    }
}
