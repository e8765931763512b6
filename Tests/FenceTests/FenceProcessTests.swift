import Glibc
import Testing
import Units

@testable import Fence

/// Real processes: `matriarch init`, an agent that may be frozen or killed, and stand-ins for PostgreSQL that differ from
/// everything else only by their working directory.
@Suite(.serialized) struct FenceProcessTests {
    @Test func `PostgreSQL of a frozen agent dies at the deadline, not before`() throws {
        let initProcess = try InitUnderTest()
        let agent = try initProcess.agents()[0]
        let fence = try initProcess.fence(of: agent)
        kill(agent, SIGSTOP)
        var delays: [Duration] = []
        for round in 1...12 {
            let postmaster = try initProcess.sandbox.start(in: "pgdata")
            let backend = try initProcess.sandbox.start(in: "volume/pgdata/base")
            kill(backend, SIGSTOP)
            let deadline = BootClock.now() + .milliseconds(120)
            try fence.arm(until: deadline)
            delays.append(try initProcess.sandbox.awaitDeath(of: postmaster) - deadline)
            delays.append(try initProcess.sandbox.awaitDeath(of: backend) - deadline)
            // The next processes must not meet this deadline.
            _ = try eventually("report of kill \(round)") {
                let reports = initProcess.log().split(separator: "\n").count {
                    $0.contains("lock deadline passed: PostgreSQL killed")
                }
                return (reports == round ? () : nil, initProcess.log())
            }
            try fence.disarm()
            try initProcess.awaitIdle()
        }
        #expect(state(of: agent) == "T")
        delays.sort()
        print(
            "death after the deadline, n=\(delays.count): median \(delays[delays.count / 2]), max \(delays[delays.count - 1])"
        )
        #expect(delays[0] >= .zero)
        #expect(delays[delays.count / 2] < .milliseconds(50))
        #expect(delays[delays.count - 1] < .milliseconds(500), "one sample may meet a busy machine")
    }

    @Test func `a server that is started when the deadline has passed already does not stay`() throws {
        let initProcess = try InitUnderTest()
        let fence = try initProcess.fence(of: try initProcess.agents()[0])
        try fence.arm(until: BootClock.now())
        _ = try eventually("the deadline passes over an empty data directory") {
            (initProcess.log().contains("lock deadline passed") ? () : nil, initProcess.log())
        }
        // What an agent does that was frozen after its last look at the lock.
        for _ in 0..<3 {
            let started = BootClock.now()
            let postmaster = try spawn(
                "/bin/sh", ["-c", "cd '\(initProcess.sandbox.dataDirectory)' && exec sleep 1000"])
            initProcess.sandbox.adopt(postmaster)
            #expect(try initProcess.sandbox.awaitDeath(of: postmaster) - started < .milliseconds(500))
        }
        try fence.disarm()
        try initProcess.awaitIdle()
        let standby = try initProcess.sandbox.start(in: "pgdata")
        let later = BootClock.now() + .milliseconds(300)
        try eventually("three looks later") { (BootClock.now() > later ? () : nil, "") }
        #expect(isAlive(standby))
    }

    @Test func `processes outside the data directory are left alone`() throws {
        let initProcess = try InitUnderTest()
        let agent = try initProcess.agents()[0]
        let bystanders = try ["volume/pgdata-old", "volume", "elsewhere"].map(initProcess.sandbox.start)
        let backend = try initProcess.sandbox.start(in: "pgdata")
        try initProcess.fence(of: agent).arm(until: BootClock.now())
        _ = try initProcess.sandbox.awaitDeath(of: backend)
        for process in bystanders + [agent, initProcess.process] { #expect(isAlive(process)) }
    }

    @Test func `a disarmed fence and a replaced deadline kill nobody`() throws {
        let initProcess = try InitUnderTest()
        let fence = try initProcess.fence(of: try initProcess.agents()[0])
        let backend = try initProcess.sandbox.start(in: "pgdata")
        let first = BootClock.now() + .milliseconds(150)
        try fence.arm(until: first)
        try fence.disarm()
        try eventually("past the first deadline") {
            (BootClock.now() > first + .milliseconds(100) ? () : nil, state(of: backend))
        }
        #expect(isAlive(backend))
        let second = BootClock.now() + .milliseconds(500)
        try fence.arm(until: BootClock.now() + .milliseconds(150))
        try fence.arm(until: second)
        #expect(try initProcess.sandbox.awaitDeath(of: backend) >= second)
    }

    @Test func `a crashed agent is started again, PostgreSQL survives, and the deadline stays in force`() throws {
        let initProcess = try InitUnderTest()
        let agent = try initProcess.agents()[0]
        let backend = try initProcess.sandbox.start(in: "pgdata")
        let deadline = BootClock.now() + .milliseconds(1500)
        try initProcess.fence(of: agent).arm(until: deadline)
        kill(agent, SIGKILL)
        let second = try initProcess.agents(2)[1]
        #expect(second != agent)
        #expect(isAlive(backend))
        let death = try initProcess.sandbox.awaitDeath(of: backend)
        #expect(death >= deadline)
        #expect(death < deadline + .milliseconds(500))
        // The new agent's pipe is the same one.
        try initProcess.fence(of: second).disarm()
        try initProcess.awaitIdle()
        let next = try initProcess.sandbox.start(in: "pgdata")
        try initProcess.fence(of: second).arm(until: BootClock.now())
        _ = try initProcess.sandbox.awaitDeath(of: next)
    }

    @Test func `after a thaw the first thing is the kill, a pending stop request included`() throws {
        let initProcess = try InitUnderTest()
        let agent = try initProcess.agents()[0]
        let backend = try initProcess.sandbox.start(in: "pgdata")
        try initProcess.fence(of: agent).arm(until: BootClock.now() + .milliseconds(50))
        kill(initProcess.process, SIGSTOP)
        let thaw = BootClock.now() + .milliseconds(300)
        try eventually("freeze") { (BootClock.now() > thaw ? () : nil, "") }
        #expect(isAlive(backend))
        kill(initProcess.process, SIGTERM)
        kill(initProcess.process, SIGCONT)
        #expect(try initProcess.sandbox.awaitDeath(of: backend) - thaw < .milliseconds(500))
        #expect(try initProcess.exitStatus() == 128 + SIGTERM)
        let log = initProcess.log()
        let kill = try #require(log.firstRange(of: "lock deadline passed"))
        let end = try #require(log.firstRange(of: "\"ending\""))
        #expect(kill.lowerBound < end.lowerBound)
    }

    @Test func `a postmaster that forks while it is killed leaves nothing behind`() throws {
        let sandbox = try Sandbox()
        let script = "cd '\(sandbox.dataDirectory)' && while :; do sleep 1000 & sleep 0.002; done"
        for _ in 0..<5 {
            let postmaster = try spawn("/bin/sh", ["-c", script])
            sandbox.adopt(postmaster)
            _ = try eventually("some backends") {
                let count = DataDirectoryProcesses.list(dataDirectory: sandbox.dataDirectory).count
                return (count > 10 ? count : nil, "\(count)")
            }
            let outcome = DataDirectoryProcesses.killAll(
                dataDirectory: sandbox.dataDirectory, deadline: BootClock.now() + .seconds(5))
            #expect(outcome.remaining.isEmpty)
            #expect(outcome.killed >= 10)
            #expect(DataDirectoryProcesses.list(dataDirectory: sandbox.dataDirectory).isEmpty)
            _ = try sandbox.awaitDeath(of: postmaster)
        }
    }

    @Test func `where processes cannot be seen nobody is said to be gone or dying`() throws {
        let sandbox = try Sandbox()
        let blind = sandbox.dataDirectory + "/no-such-folder"
        #expect(!DataDirectoryProcesses.areGone(dataDirectory: sandbox.dataDirectory, in: blind))
        #expect(!DataDirectoryProcesses.areAllDying(dataDirectory: sandbox.dataDirectory, in: blind))
        let outcome = DataDirectoryProcesses.killAll(
            dataDirectory: sandbox.dataDirectory, in: blind, deadline: BootClock.now() + .milliseconds(20))
        #expect(outcome.remaining.isEmpty && !outcome.isComplete && !outcome.areGone)
        // With eyes open there is nobody, until somebody is.
        #expect(DataDirectoryProcesses.areGone(dataDirectory: sandbox.dataDirectory))
        #expect(DataDirectoryProcesses.areAllDying(dataDirectory: sandbox.dataDirectory))
        _ = try sandbox.start(in: "pgdata")
        #expect(!DataDirectoryProcesses.areGone(dataDirectory: sandbox.dataDirectory))
        #expect(!DataDirectoryProcesses.areAllDying(dataDirectory: sandbox.dataDirectory))
    }

    @Test func `a process is dying by a signal that is pending, or a kernel that ends it, whatever its name`() {
        func status(_ own: String, _ shared: String) -> String {
            "Name:\tpostgres\nSigQ:\t0/95932\nSigPnd:\t\(own)\nShdPnd:\t\(shared)\nSigBlk:\t0000000000000100\n"
        }
        let (none, kill) = ("0000000000000000", "0000000000000100")
        #expect(DataDirectoryProcesses.hasKillPending(status(kill, none)))
        #expect(DataDirectoryProcesses.hasKillPending(status(none, kill)))
        #expect(!DataDirectoryProcesses.hasKillPending(status(none, "0000000000004000")))
        #expect(!DataDirectoryProcesses.hasKillPending(""))
        func stat(_ flags: Int, threads: Int, name: String = "postgres") -> String {
            "71 (\(name)) D 1 71 71 0 -1 \(flags) 137 0 0 0 0 0 0 0 20 0 \(threads) 0 59 2711552 232 18446744073709551615"
        }
        #expect(DataDirectoryProcesses.isExiting(stat(4_228_100, threads: 1)))
        #expect(DataDirectoryProcesses.isExiting(stat(0x4, threads: 1, name: "a) R 1 (b")))
        #expect(!DataDirectoryProcesses.isExiting(stat(0x40_0140, threads: 1)))
        #expect(!DataDirectoryProcesses.isExiting(stat(0x4, threads: 2)))
        #expect(!DataDirectoryProcesses.isExiting("71 (postgres"))
    }

    @Test func `the postmaster is named first, whatever its number`() throws {
        let sandbox = try Sandbox()
        _ = try sandbox.start(in: "pgdata")
        let postmaster = try sandbox.start(in: "pgdata")
        write("\(postmaster)\n\(sandbox.dataDirectory)\n", to: sandbox.dataDirectory + "/postmaster.pid")
        #expect(DataDirectoryProcesses.list(dataDirectory: sandbox.dataDirectory).first == postmaster)
        #expect(
            DataDirectoryProcesses.list(dataDirectory: sandbox.dataDirectory + "/", sparing: [postmaster]).count == 1)
    }

    @Test(arguments: ["", "/", ".", "//"]) func `no data directory makes the whole machine ours`(path: String) {
        #expect(DataDirectoryProcesses.list(dataDirectory: path).isEmpty)
    }
}
