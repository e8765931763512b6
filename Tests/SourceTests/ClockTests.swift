import Testing

/// Whatever of the agent reads the time, sleeps or starts a task does it by the clock it was given: only then a world with a
/// clock of its own can run it.
@Suite struct ClockTests {
    /// What goes past an `AgentClock`, in code.
    static func bypasses(in file: SourceFile) -> [String] {
        let bypass =
            /\.now\(\)|\bTask(\.(sleep|yield|detached|immediate)\b| ?\{|\()|\b(Continuous|Suspending)Clock\b|_gettime\b/
        return file.lines.enumerated().compactMap { index, line in
            guard !line.drop(while: { $0 == " " }).hasPrefix("//"), line.contains(bypass) else { return nil }
            return "\(file.path):\(index + 1): \(line.drop { $0 == " " })"
        }
    }

    @Test func `the agent goes by its clock alone`() throws {
        let files = try SourceFile.all(in: "Sources").filter { ["Agent", "ClusterStore"].contains($0.target) }
        #expect(files.contains { $0.text.contains("clock.sleep(") })
        #expect(files.flatMap(Self.bypasses) == [], "Time passes and tasks begin by an AgentClock only.")
    }

    @Test func `what goes past the clock is found, and nothing else`() {
        let text = """
            let deadline = BootInstant.now() + limit
            try await store.read(deadline: .now() + limit)
            try await Task.sleep(for: pause)
            await Task.yield()
            let timer = Task { await ring() }
            Task{ await ring() }
            Task.detached { await ring() }
            let clock = ContinuousClock()
            clock_gettime(CLOCK_REALTIME, &time)
            let task = Task(priority: .high) { await ring() }
            // A comment may speak of Task.sleep.
            let now = clock.now
            group.addTask { await ring() }
            try Task.checkCancellation()
            var question: Task<Void, Never>?
            clock.start { await self.ring() }
            """
        let found = Self.bypasses(in: SourceFile(path: "Sources/Agent/Loop.swift", text: text))
        #expect(found.count == 10)
        #expect(found.last?.hasPrefix("Sources/Agent/Loop.swift:10:") == true)
    }
}
