import ArgumentParser

/// Whether a command prints once or again and again.
struct RepeatOption: ParsableArguments {
    @Option(name: .shortAndLong, help: ArgumentHelp("Repeat every so many seconds.", valueName: "seconds"))
    var watch: Double?

    @Flag(name: .customShort("W"), help: "Repeat every 2 seconds.")
    var watchesEveryTwoSeconds = false

    /// Seconds; nil: once.
    var interval: Double? { watch ?? (watchesEveryTwoSeconds ? 2 : nil) }

    func validate() throws {
        if let watch, !(0.1...86_400).contains(watch) {
            throw ValidationError("--watch must be between 0.1 and 86400 seconds.")
        }
    }

    /// Runs `body` once, or until the command is ended; a terminal is cleared before each time.
    ///
    /// - Parameter clears: what is printed is for people.
    func repeating(clears: Bool, _ body: () async throws -> Void) async throws {
        repeat {
            if interval != nil && clears { Terminal.clear() }
            try await body()
            if let interval { try await Task.sleep(for: .seconds(interval)) }
        } while interval != nil
    }
}
