import Testing

/// Whatever of the agent reads the time, sleeps or starts a task does it by the clock it was given: only then a world with a
/// clock of its own can run it.
@Suite struct ClockTests {
    /// What goes past an `AgentClock`, in code.
    static func bypasses(in file: SourceFile) -> [String] {
        let bypass =
            #/
            \.now\(\)
            | \bTask(<[^<>{(]*(<[^<>{(]*>[^<>{(]*)*>)?(\.(sleep|yield|detached|immediate|init)\b|\ ?\{|\()
            | \b(Continuous|Suspending|Boot)Clock\b
            | _gettime\b
            /#
        return file.lines.enumerated().compactMap { index, line in
            // The type of a property or a result begins nothing.
            let code = line.replacing(/(->|\b(let|var) \w+:) *Task<[^{(]*?>/, with: "")
            guard !line.drop(while: { $0 == " " }).hasPrefix("//"), code.contains(bypass) else { return nil }
            return "\(file.path):\(index + 1): \(line.drop { $0 == " " })"
        }
    }

    @Test func `the agent goes by its clock alone`() throws {
        let files = try SourceFile.all(in: "Sources").filter { file in
            // The server of sockets has threads of its own; a world without sockets hands requests to the routes.
            ["Agent", "AgentShell", "AgentAPI", "ClusterStore", "KubernetesStore"].contains(file.target)
                && !file.path.hasPrefix("Sources/AgentAPI/Server/")
        }
        for target in ["Agent", "AgentShell", "AgentAPI", "ClusterStore"] {
            #expect(files.contains { $0.target == target && $0.text.contains("clock.sleep(") }, "\(target)")
        }
        let found = files.flatMap(Self.bypasses)
        // Where the process is assembled, its clock is chosen; once.
        let choice = found.filter { $0.hasPrefix("Sources/Agent/Process/AgentProcess.swift:") }
        #expect(choice.map { $0.contains("private let clock: any AgentClock = BootClock()") } == [true])
        #expect(found.filter { !choice.contains($0) } == [], "Time passes and tasks begin by an AgentClock only.")
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
            let deadline = BootClock().now + limit
            let time = BootClock().wallTime
            let timer: Task<Void, Never> = Task<Void, Never> { await ring() }
            tasks.append(Task<Result<Int, any Error>, Never> { await ring() })
            confirm(by: Task<Void, Never> { await ring() })
            Task.init { await ring() }
            Task<Void, Never>.detached { await ring() }
            // A comment may speak of Task.sleep.
            let now = clock.now
            group.addTask { await ring() }
            try Task.checkCancellation()
            var question: Task<Void, Never>?
            let timer = Mutex<Task<Void, Never>?>(nil)
            var running: Task<Void, Never> { question }
            func begun() -> Task<Result<Int, Never>, Never> { question }
            clock.start { await self.ring() }
            """
        let found = Self.bypasses(in: SourceFile(path: "Sources/Agent/Loop.swift", text: text))
        #expect(found.count == 17)
        #expect(found.last?.hasPrefix("Sources/Agent/Loop.swift:17:") == true)
    }
}
