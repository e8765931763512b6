import Fence
import Glibc
import Testing
import Units

@Suite(.serialized) struct InitProcessTests {
    @Test func `TERM reaches the agent, init ends with its status and leaves no PostgreSQL behind`() throws {
        let agent = "trap 'exit 7' TERM; echo $$ > $SANDBOX/agents; while :; do sleep 0.02; done"
        let initProcess = try InitUnderTest(agent: agent)
        _ = try initProcess.agents()
        let backend = try initProcess.sandbox.start(in: "pgdata")
        kill(initProcess.process, SIGTERM)
        #expect(try initProcess.exitStatus() == 7)
        _ = try initProcess.sandbox.awaitDeath(of: backend)
    }

    @Test func `HUP and USR1 reach the agent and stop nothing`() throws {
        let agent = """
            trap 'echo 1 >> $SANDBOX/seen' HUP; trap 'echo 2 >> $SANDBOX/seen' USR1
            echo $$ > $SANDBOX/agents; while :; do sleep 0.02; done
            """
        let initProcess = try InitUnderTest(agent: agent)
        let process = try initProcess.agents()[0]
        kill(initProcess.process, SIGHUP)
        #expect(try initProcess.sandbox.numbers(in: "seen") == [1])
        kill(initProcess.process, SIGUSR1)
        #expect(try initProcess.sandbox.numbers(in: "seen", count: 2) == [1, 2])
        #expect(try initProcess.agents() == [process])
    }

    /// PostgreSQL writes into the same pipe, as much as it likes: here a child of the agent does.
    @Test func `a log that nobody reads stops neither the fence nor the end of init`() throws {
        let flood = "(while :; do echo '\(String(repeating: "x", count: 900))' >&2; done) &"
        let initProcess = try InitUnderTest(agent: "\(flood) \(InitUnderTest.idleAgent)", logsIntoPipe: true)
        let pipe = try #require(initProcess.pipe)
        let agent = try initProcess.agents()[0]
        let fence = try initProcess.fence(of: agent)
        for _ in 0..<20 {
            var before = -1
            func isFull() -> Bool {
                defer { before = pipe.waiting }
                return pipe.waiting > 50_000 && pipe.waiting == before
            }
            _ = try eventually("the pipe is full") { (isFull() ? () : nil, "\(pipe.waiting) bytes") }
            // The last deadline stands until there is another one.
            try fence.arm(until: BootClock.now() + .seconds(60))
            try initProcess.awaitIdle()
            let backend = try initProcess.sandbox.start(in: "pgdata")
            try fence.arm(until: BootClock.now() - .milliseconds(1))
            _ = try initProcess.sandbox.awaitDeath(of: backend)
            // Some room, which init and the flood both want.
            _ = pipe.drain()
        }
        kill(initProcess.process, SIGTERM)
        #expect(try initProcess.exitStatus() == 143)
        #expect(pipe.drain().contains("\n"))
    }

    /// An agent that is started again must not find the volume held by its own server.
    @Test func `every agent of one init shares the hold of the volume, and no other container has it`() throws {
        let agent = "flock --nonblock $MATRIARCH_VOLUME_FD && echo $$ >> $SANDBOX/agents; exec sleep 1000"
        let initProcess = try InitUnderTest(agent: agent)
        let first = try initProcess.agents()[0]
        let other = try #require(VolumeHold(opening: initProcess.sandbox.dataDirectory))
        defer { close(other.descriptor) }
        #expect(other.claim() == .heldByAnother)
        kill(first, SIGKILL)
        let second = try initProcess.agents(2)[1]
        #expect(other.claim() == .heldByAnother)
        kill(initProcess.process, SIGKILL)
        #expect(try initProcess.exitStatus() == 137)
        // What init started is not gone with it here, as it is in a container.
        #expect(other.claim() == .heldByAnother)
        kill(second, SIGKILL)
        _ = try eventually("the volume is free") { (other.claim() == .held ? () : nil, "held") }
    }

    @Test func `orphans are reaped`() throws {
        // Each inner shell ends at once and leaves its child to init.
        let agent = """
            for i in 1 2 3 4 5 6 7 8 9 10; do sh -c 'sh -c "echo \\$\\$ >> $SANDBOX/orphans; sleep 0.1" & exit 0'; done
            echo $$ > $SANDBOX/agents; exec sleep 1000
            """
        let initProcess = try InitUnderTest(agent: agent)
        for orphan in try initProcess.sandbox.numbers(in: "orphans", count: 10) {
            _ = try eventually("orphan \(orphan) gone") { (state(of: orphan) == "gone" ? () : nil, state(of: orphan)) }
        }
    }

    @Test func `the agent starts with no signal blocked and none ignored`() throws {
        let agent =
            "grep -E '^Sig(Blk|Ign)' /proc/self/status > $SANDBOX/mask; echo $$ > $SANDBOX/agents; exec sleep 1000"
        let initProcess = try InitUnderTest(agent: agent, blocking: [SIGTERM, SIGUSR2])
        _ = try initProcess.agents()
        let mask = try #require(contents(of: initProcess.sandbox.path + "/mask"))
        let masks = mask.split(separator: "\n").compactMap { UInt64($0.split(separator: "\t")[1], radix: 16) }
        // 32 and 33 are glibc's own; its posix_spawn leaves them ignored.
        let own: UInt64 = 0b11 << 31
        #expect(masks.map { $0 & ~own } == [0, 0])
    }

    @Test func `what a crashed agent's tools left running is killed before the next agent starts`() throws {
        let agent = """
            (cd $SANDBOX/elsewhere && { sleep 1000 & echo $! >> $SANDBOX/tools; })
            (cd $PGDATA && { sleep 1000 & echo $! >> $SANDBOX/backends; })
            [ -e $SANDBOX/agents ] && kill -0 $(head -1 $SANDBOX/tools) 2>/dev/null && touch $SANDBOX/overlap
            echo $$ >> $SANDBOX/agents; exec sleep 1000
            """
        let initProcess = try InitUnderTest(agent: agent)
        kill(try initProcess.agents()[0], SIGKILL)
        _ = try initProcess.agents(2)
        #expect(contents(of: initProcess.sandbox.path + "/overlap") == nil)
        #expect(state(of: try initProcess.sandbox.numbers(in: "tools")[0]) == "gone")
        #expect(isAlive(try initProcess.sandbox.numbers(in: "backends")[0]))
    }

    @Test(arguments: [0, 78] as [Int32]) func `an agent that ends with 0 or 78 is not started again`(code: Int32) throws
    {
        let initProcess = try InitUnderTest(agent: "echo $$ >> $SANDBOX/agents; exit \(code)")
        #expect(try initProcess.exitStatus() == code)
        #expect(try initProcess.agents().count == 1)
    }

    @Test(
        arguments: [
            (["init"], "PGDATA=/tmp/x", 64), (["init", "--", "/bin/true"], "PGDATA=", 64),
            (["init", "--", "/bin/true"], "PGDATA=/", 64), (["init", "--", "/does/not/exist"], "PGDATA=/tmp/x", 127),
        ] as [([String], String, Int32)])
    func `wrong usage is one line and a status of its own`(arguments: [String], variable: String, code: Int32) throws {
        let sandbox = try Sandbox()
        let process = try spawn(
            InitUnderTest.binary, arguments, environment: [variable], errorFile: sandbox.path + "/log")
        #expect(exitCode(try awaitExit(process)) == code)
        let errors = (contents(of: sandbox.path + "/log") ?? "").split(separator: "\n").filter {
            $0.contains("\"error\"") || $0.contains("\"critical\"")
        }
        #expect(errors.count == 1)
    }

    @Test func `init stays small`() throws {
        let initProcess = try InitUnderTest()
        let fence = try initProcess.fence(of: try initProcess.agents()[0])
        for _ in 0..<200 { try fence.arm(until: BootClock.now() + .seconds(60)) }
        let status = try #require(contents(of: "/proc/\(initProcess.process)/status"))
        let line = try #require(status.split(separator: "\n").first { $0.hasPrefix("RssAnon") })
        let kibibytes = try #require(line.split(whereSeparator: \.isWhitespace).dropFirst().first.flatMap { Int($0) })
        #expect(kibibytes < 4096)
        #expect(status.contains("Threads:\t1\n"))
    }
}
