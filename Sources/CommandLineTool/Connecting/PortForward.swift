import Glibc
import Spawning
import Units

/// A port of this machine that leads to a member's server through the API server, as long as it is not ended.
///
/// kubectl's own program does it: the protocol it speaks with the API server is none that libcurl has.
final class PortForward {
    let place: ServerPlace
    private let process: pid_t
    private let log: PrivateFile

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
        let log = try PrivateFile("")
        var program = Program(command)
        program.output = .file(log.path)
        let process: pid_t
        do {
            process = try program.start()
        } catch {
            log.remove()
            throw CommandError("\(error)")
        }
        EndedTogether.begin(with: process)
        let deadline = ContinuousClock.now + Self.limit
        var opened: Int?
        var hasEnded = false
        while opened == nil, !hasEnded, .now < deadline {
            // Cancelled, it goes on without a pause to the end of what has begun.
            try? await Task.sleep(for: .milliseconds(20))
            opened = Self.port(in: try log.contents())
            var status: Int32 = 0
            hasEnded = waitpid(process, &status, WNOHANG) == process
        }
        guard let opened, !hasEnded else {
            if !hasEnded { Self.end(process) }
            EndedTogether.end()
            // Without its words there is still that it did not.
            let words = (try? log.contents())?.split(separator: "\n").last.map(String.init)
            log.remove()
            throw CommandError("kubectl opens no port to \(member): \(words ?? "no answer within \(Self.limit)")")
        }
        self.process = process
        self.log = log
        place = ServerPlace(host: "127.0.0.1", port: opened)
    }

    /// Closes the port.
    func end() {
        EndedTogether.end()
        Self.end(process)
        log.remove()
    }

    private static func end(_ process: pid_t) {
        kill(process, SIGTERM)
        var status: Int32 = 0
        while waitpid(process, &status, 0) < 0 && errno == EINTR {}
    }

    /// The port in kubectl's line `Forwarding from 127.0.0.1:41235 -> 5432`.
    static func port(in text: String) -> Int? {
        guard let match = text.firstMatch(of: /Forwarding from 127\.0\.0\.1:([0-9]+) ->/) else { return nil }
        return Int(match.1)
    }
}
