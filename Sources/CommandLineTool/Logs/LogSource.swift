import KubernetesClient
import KubernetesModels

/// Reads members' logs through the API server and prints them.
struct LogSource {
    let client: KubernetesClient
    let request: LogRequest
    let printer: LogPrinter
    /// Where followed lines go, as soon as they are there.
    var print: @Sendable (String) -> Void = { Terminal.line($0) }
    /// Between two connections.
    var pause = Duration.seconds(1)

    /// A log of days may take a while.
    private static let limit = Duration.seconds(60)

    /// Everything there is, by time.
    ///
    /// - Throws: when no member's log can be read; one that cannot is named, and the others are printed.
    func printAll(_ members: [String]) async throws {
        let answers = await withTaskGroup(of: (Int, Result<String, KubernetesError>).self) { group in
            for (index, member) in members.enumerated() {
                group.addTask { (index, await read(member)) }
            }
            var answers: [Int: Result<String, KubernetesError>] = [:]
            for await (index, answer) in group { answers[index] = answer }
            return answers
        }
        var logs: [[LogLine]] = []
        var failure: KubernetesError?
        for (index, member) in members.enumerated() {
            switch answers[index] {
            case .success(let text)?: logs.append(LogLine.lines(text, of: member))
            case .failure(let error)?:
                Terminal.note("\(member): \(error.message)")
                failure = error
            case nil: break
            }
        }
        if logs.isEmpty, let failure { throw failure }
        for line in LogLine.merged(logs) { Swift.print(printer.text(line)) }
    }

    private func read(_ member: String) async -> Result<String, KubernetesError> {
        do {
            return .success(try await client.getText(request.path(member), deadline: Self.limit))
        } catch {
            return .failure(error)
        }
    }

    /// What is written next, of every member, until the command is ended.
    func follow(_ members: [String]) async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            for member in members { group.addTask { try await follow(member) } }
            try await group.waitForAll()
        }
    }

    /// A member's log over restarts of its container and losses of the connection.
    private func follow(_ member: String) async throws {
        var position = LogPosition()
        var said: String?
        while true {
            do {
                let path = request.path(member, after: position.stamp, follows: true)
                position.begin()
                var rest: [UInt8] = []
                for try await chunk in try await client.followText(path, idleTimeout: .seconds(86_400)) {
                    said = nil
                    rest += chunk
                    while let end = rest.firstIndex(of: 0x0A) {
                        let line = LogLine(Substring(decoding: rest[..<end], as: UTF8.self), of: member)
                        rest.removeSubrange(...end)
                        if position.isNew(line) { print(printer.text(line)) }
                    }
                }
            } catch let error as KubernetesError {
                guard !error.isForbidden, !error.isUnauthorized else { throw error }
                if error.message != said { Terminal.note("\(member): \(error.message)") }
                said = error.message
            }
            try await Task.sleep(for: pause)
        }
    }
}
