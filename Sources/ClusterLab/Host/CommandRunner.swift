import Subprocess

/// Runs the programs of the host the lab needs: kubectl, nsenter, iptables.
public enum CommandRunner {
    /// Runs a program to its end and returns what it printed.
    ///
    /// - Parameters:
    ///   - input: given on standard input.
    ///   - deadline: after which the program is ended.
    /// - Throws: ``LabError`` naming the program, how it ended and the end of its standard error.
    @discardableResult
    public static func run(
        _ program: String, _ arguments: [String], environment: [String: String] = [:], input: String = "",
        deadline: Duration = .seconds(30)
    ) async throws -> String {
        var options = PlatformOptions()
        options.teardownSequence = [.gracefulShutDown(allowedDurationToNextStep: .milliseconds(500))]
        let variables = Dictionary(
            environment.compactMap { name, value in Environment.Key(rawValue: name).map { ($0, Optional(value)) } },
            uniquingKeysWith: { first, _ in first })
        let settings = options
        return try await withThrowingTaskGroup(of: String?.self) { group in
            group.addTask {
                let result = try await Subprocess.run(
                    .name(program), arguments: Arguments(arguments), environment: .inherit.updating(variables),
                    platformOptions: settings, input: .string(input), output: .string(limit: 4 << 20),
                    error: .string(limit: 1 << 20))
                guard result.terminationStatus.isSuccess else {
                    let message = result.standardError.split(separator: "\n").suffix(5).joined(separator: " | ")
                    throw LabError(
                        "\(program) \(arguments.first ?? "") ended with \(result.terminationStatus): \(message)")
                }
                return result.standardOutput
            }
            group.addTask {
                try await Task.sleep(for: deadline)
                return nil
            }
            defer { group.cancelAll() }
            guard let first = try await group.next(), let output = first else {
                throw LabError("\(program) \(arguments.first ?? "") did not end within \(Figures.seconds(deadline)) s")
            }
            return output
        }
    }
}
