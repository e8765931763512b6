import Glibc
import KubernetesModels

/// What the commands need of the terminal.
enum Terminal {
    /// Whether somebody is there to answer a question.
    static var isInteractive: Bool { isatty(STDIN_FILENO) == 1 }

    /// Clears the screen of a terminal; nothing when the output goes elsewhere.
    static func clear() {
        guard isatty(STDOUT_FILENO) == 1 else { return }
        print("\u{1B}[H\u{1B}[2J", terminator: "")
    }

    /// Whether standard output is a terminal, which shows colours.
    static var showsColors: Bool { isatty(STDOUT_FILENO) == 1 && getenv("NO_COLOR") == nil }

    /// A line of progress, beside the command's result.
    static func note(_ text: String) {
        write(text + "\n", to: STDERR_FILENO)
    }

    /// Shows the cluster and asks on the terminal; anything but yes is no.
    ///
    /// - Parameter what: is aborted after a no.
    /// - Throws: ``CommandError`` after a no, and where nobody is there to answer.
    static func confirm(_ question: String, about listing: ClusterListing, or what: String) throws {
        guard isInteractive else {
            throw CommandError("not a terminal: use --force to go ahead without being asked")
        }
        print(ListRenderer(format: .pretty).rendered([listing]))
        guard ask(question) else { throw CommandError("Aborted \(what)") }
    }

    /// Asks on the terminal; anything but yes is no, and so is the end of the input.
    static func ask(_ question: String) -> Bool {
        ["y", "yes"].contains(answer("\(question) [y/N]").lowercased())
    }

    /// What is typed after the question; empty at the end of the input.
    static func answer(_ question: String) -> String {
        fflush(nil)
        write("\(question): ", to: STDERR_FILENO)
        return readLine() ?? ""
    }

    /// Asks for a password on the terminal, without showing it.
    ///
    /// - Throws: ``CommandError`` where there is none.
    static func password(_ question: String) throws -> String {
        guard let typed = getpass("\(question): ") else { throw CommandError("no terminal to ask for a password") }
        defer { memset(typed, 0, strlen(typed)) }
        return String(cString: typed)
    }

    /// A line of the result, as soon as it is there.
    static func line(_ text: String) {
        write(text + "\n", to: STDOUT_FILENO)
    }

    private static func write(_ text: String, to descriptor: Int32) {
        var text = text
        text.withUTF8 { _ = Glibc.write(descriptor, $0.baseAddress, $0.count) }
    }
}

/// How long a command has been waiting, as it tells it: ` 1.2 s`.
struct Stopwatch {
    private let start = ContinuousClock.now

    var elapsed: Duration { ContinuousClock.now - start }

    var text: String { Self.text(elapsed) }

    static func text(_ duration: Duration) -> String {
        let tenths = max(
            0, duration.components.seconds * 10 + duration.components.attoseconds / 100_000_000_000_000_000)
        return "\(tenths / 10).\(tenths % 10) s"
    }
}
