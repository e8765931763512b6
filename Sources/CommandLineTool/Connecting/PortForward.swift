import Glibc
import Spawning
import Units

/// A port of this machine that leads to a member's server through the API server, as long as it is not ended.
///
/// kubectl's own program does it: the protocol it speaks with the API server is none that libcurl has.
final class PortForward {
    let place: ServerPlace
    private let process: pid_t
    /// As long as it is open, kubectl runs.
    private let writing: Int32

    /// How long kubectl may take to open it.
    private static let limit = Duration.seconds(10)

    /// - Parameter connection: the flags that say which API server.
    /// - Throws: ``CommandError`` with kubectl's words when it does not open the port, or is not installed.
    init(to member: String, port: Int, namespace: String, _ connection: ConnectionOptions) async throws {
        guard ChildProgram.isInstalled("kubectl") else {
            throw CommandError(
                "\(member) cannot be reached from here, and kubectl, which forwards a port through the API server, is not in PATH"
            )
        }
        var command = ["kubectl"]
        if let kubeconfig = connection.kubeconfig { command += ["--kubeconfig", kubeconfig] }
        if let context = connection.context { command += ["--context", context] }
        command += ["--namespace", namespace, "port-forward", "pod/\(member)", "--address", "127.0.0.1", ":\(port)"]
        // Children get no descriptors but those that are given to them.
        var ends: [Int32] = [-1, -1]
        guard pipe(&ends) == 0 else {
            throw CommandError("cannot make a pipe: \(String(cString: strerror(errno)))")
        }
        let (reading, writing) = (ends[0], ends[1])
        let log = try PrivateFile("")
        var program = Program(["/bin/sh", "-c", Self.leash, "kubectl"] + command)
        program.input = .descriptor(reading)
        program.output = .file(log.path)
        let process: pid_t
        do {
            process = try program.start()
        } catch {
            close(reading)
            close(writing)
            log.remove()
            throw CommandError("\(error)")
        }
        close(reading)
        let deadline = ContinuousClock.now + Self.limit
        var opened: Int?
        var hasEnded = false
        var words: String?
        while opened == nil, !hasEnded, .now < deadline {
            // Whoever does not want it any more waits no longer for it.
            do { try await Task.sleep(for: .milliseconds(20)) } catch { break }
            var status: Int32 = 0
            hasEnded = waitpid(process, &status, WNOHANG) == process
            // Without its words there is still that it opened nothing.
            let text = (try? log.contents()) ?? ""
            opened = Self.port(in: text)
            words = text.split(separator: "\n").last.map(String.init)
        }
        // Its words are read; a signal that ends this would leave them.
        log.remove()
        guard let opened, !hasEnded else {
            close(writing)
            if !hasEnded { Self.awaitEnd(process) }
            throw CommandError("kubectl opens no port to \(member): \(words ?? "no answer within \(Self.limit)")")
        }
        self.process = process
        self.writing = writing
        place = ServerPlace(host: "127.0.0.1", port: opened)
    }

    /// Ends the program as soon as standard input does, which is a pipe from this process: whatever ends this, a signal that
    /// nobody can catch too, ends it.
    private static let leash = """
        exec 3<&0
        "$@" </dev/null 3<&- &
        program=$!
        { read -r _ <&3; kill "$program"; } 2>/dev/null &
        wait "$program"
        status=$?
        kill $! 2>/dev/null
        exit "$status"
        """

    /// Closes the port.
    func end() {
        close(writing)
        Self.awaitEnd(process)
    }

    private static func awaitEnd(_ process: pid_t) {
        var status: Int32 = 0
        while waitpid(process, &status, 0) < 0 && errno == EINTR {}
    }

    /// The port in kubectl's line `Forwarding from 127.0.0.1:41235 -> 5432`.
    static func port(in text: String) -> Int? {
        guard let match = text.firstMatch(of: /Forwarding from 127\.0\.0\.1:([0-9]+) ->/) else { return nil }
        return Int(match.1)
    }
}
