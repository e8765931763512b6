import HighAvailability
import PostgresConfiguration
import ServerControl
import Testing
import Units

@testable import Simulation

/// The shipping agents, loop and keepers and all, in the modelled world.
@Suite struct ShellTests {
    /// A quiet world with shipping agents.
    private static func world(seed: UInt64, members: Int = 3, tracing: Bool = true) -> World {
        var plan = RunPlan(seed: seed)
        plan.members = members
        plan.faults = []
        plan.budget = .plannedOnly
        plan.synchronous = .off
        plan.timings = .fast
        plan.usesFailsafe = false
        // The course is the test's: nothing looks whether all is whole and ends it.
        (plan.quietUntil, plan.healAt, plan.end) = (.seconds(3000), .seconds(3001), .seconds(3600))
        let world = World(plan: plan, tracing: tracing)
        world.begin()
        return world
    }

    private static func tail(_ world: World) -> String { (world.trace ?? []).suffix(60).joined(separator: "\n") }

    @Test func `three shipping agents make a cluster in virtual time`() {
        let world = Self.world(seed: 1)
        defer { world.dissolve() }
        world.run(until: .seconds(40))
        #expect(world.checker.violation == nil, "\(Self.tail(world))")
        #expect(world.whatIsMissing() == nil, "\(Self.tail(world))")
        #expect(world.checker.acknowledgements > 0)
    }

    @Test func `a leader whose machine is lost is followed by another, and comes back behind it`() throws {
        let world = Self.world(seed: 2)
        defer { world.dissolve() }
        world.run(until: .seconds(40))
        let first = try #require(world.pods.first { $0.server.process == .primary })
        first.powerOff()
        world.run(until: .seconds(80))
        let second = world.pods.first { $0.server.process == .primary }
        #expect(world.checker.violation == nil, "\(Self.tail(world))")
        #expect(second != nil && second !== first, "\(Self.tail(world))")
        first.powerOn()
        world.run(until: .seconds(140))
        #expect(world.whatIsMissing() == nil, "\(Self.tail(world))")
    }

    @Test func `a primary that is down is started at once with what it had, whatever a proof would say`() throws {
        let world = Self.world(seed: 4, members: 1)
        defer { world.dissolve() }
        world.run(until: .seconds(40))
        let pod = try #require(world.pods.first { $0.server.process == .primary })
        // One begins beside the loop, and comes to no end.
        world.proofs = .silent
        world.begin(Fault(start: 0, duration: .seconds(600), kind: .changeTimings))
        world.run(until: .seconds(45))
        for _ in 0..<2 {
            world.begin(Fault(start: 0, duration: 0, kind: .killPostmaster(member: pod.member)))
            world.run(until: world.now + .seconds(5))
            #expect(pod.server.process == .primary, "\(Self.tail(world))")
        }
        #expect(Self.workMemory(of: pod) == nil)
        // And what is proven while it serves is used.
        world.proofs = .always(.proven)
        world.run(until: world.now + .seconds(120))
        #expect(Self.workMemory(of: pod) == "8MB", "\(Self.tail(world))")
        #expect(world.checker.violation == nil)
    }

    @Test func `an agent looks at a running server at once, whatever the one before has left of a proof`() throws {
        let world = Self.world(seed: 13, members: 1)
        defer { world.dissolve() }
        world.run(until: .seconds(40))
        let pod = try #require(world.pods.first { $0.server.process == .primary })
        world.proofs = .silent
        pod.killAgent()
        let before = pod.looks
        world.run(until: .seconds(45))
        #expect(pod.agent != nil && pod.looks > before, "\(Self.tail(world))")
    }

    /// As the files have it.
    private static func workMemory(of pod: Pod) -> String? {
        pod.agent?.server?.written?.settings.parameters["work_mem"]
    }

    private static let refusal = ConfigurationFileError(parameter: nil, file: nil, message: "no such hook here")

    @Test(arguments: [.undecided("no room"), .refused([Self.refusal])] as [SettingsVerdict])
    func `what no proof can show is used in the end, for the running server takes it`(verdict: SettingsVerdict) throws {
        let world = Self.world(seed: 11)
        defer { world.dissolve() }
        world.run(until: .seconds(40))
        // Of the settings in force as of the new ones.
        world.proofs = .always(verdict)
        world.begin(Fault(start: 0, duration: .seconds(600), kind: .changeTimings))
        world.run(until: .seconds(45))
        for pod in world.pods { #expect(Self.workMemory(of: pod) == nil) }
        world.run(until: .seconds(120))
        for pod in world.pods { #expect(Self.workMemory(of: pod) == "8MB", "\(Self.tail(world))") }
        #expect(world.checker.violation == nil)
    }

    @Test func `what postgresql.auto.conf kept the server from reading is reloaded when that is mended`() throws {
        let world = Self.world(seed: 12, members: 1)
        defer { world.dissolve() }
        world.run(until: .seconds(40))
        let pod = try #require(world.pods.first { $0.server.process == .primary })
        world.proofs = .always(.provenWithoutAutomaticConfiguration([Self.refusal]))
        world.begin(Fault(start: 0, duration: .seconds(2000), kind: .changeTimings))
        world.run(until: .seconds(100))
        #expect(Self.workMemory(of: pod) == "8MB", "\(Self.tail(world))")
        world.run(until: .seconds(500))
        let before = pod.reloads
        world.run(until: .seconds(900))
        #expect(pod.reloads == before, "nothing has changed")
        world.proofs = .always(.proven)
        world.run(until: .seconds(1300))
        #expect(pod.reloads > before, "\(Self.tail(world))")
    }

    @Test func `the same seed is the same course of the shipping agents`() {
        func hash(_ seed: UInt64) -> UInt64 {
            let world = Self.world(seed: seed, tracing: false)
            defer { world.dissolve() }
            world.run(until: .seconds(40))
            return world.traceHash
        }
        let first = hash(3)
        #expect(first != hash(4))
        for _ in 0..<20 { #expect(hash(3) == first) }
    }

    @Test func `an agent that is killed is asked nothing, and the next one takes its server over`() throws {
        let world = Self.world(seed: 5)
        defer { world.dissolve() }
        world.run(until: .seconds(40))
        let leader = try #require(world.pods.first { $0.server.process == .primary })
        let life = leader.server.life
        let told = world.trace?.count ?? 0
        leader.killAgent()
        world.run(until: .seconds(80))
        let after = (world.trace ?? []).dropFirst(told)
        #expect(!after.contains { $0.contains("asked to stop") })
        #expect(leader.server.life == life && leader.server.process == .primary, "\(Self.tail(world))")
        #expect(leader.agent?.holdsLock == true && world.checker.roleChanges == 0 && world.checker.violation == nil)
    }

    @Test func `an agent that stands still is followed by another, and gives up when it goes on`() throws {
        let world = Self.world(seed: 6)
        defer { world.dissolve() }
        world.run(until: .seconds(40))
        let leader = try #require(world.pods.first { $0.server.process == .primary })
        world.begin(Fault(start: 0, duration: .seconds(30), kind: .freezeAgent(member: leader.member)))
        world.run(until: .seconds(65))
        let next = try #require(world.pods.first { $0.server.process == .primary }, "\(Self.tail(world))")
        #expect(next !== leader && leader.server.process == .none && world.checker.violation == nil)
        world.run(until: .seconds(120))
        #expect(world.whatIsMissing() == nil, "\(Self.tail(world))")
    }

    /// What an idle member costs is how often it looks. Every renewal is seen by all, and by its leader twice.
    @Test(arguments: [7, 8, 9] as [UInt64])
    func `an idle member looks at its server once a heartbeat, whoever leads`(seed: UInt64) {
        let world = Self.world(seed: seed, tracing: false)
        defer { world.dissolve() }
        world.run(until: .seconds(60))
        world.areClientsAway = true
        world.run(until: .seconds(100))
        let before = world.pods.map(\.looks)
        world.run(until: .seconds(220))
        #expect(world.checker.roleChanges == 0)
        let beats = Int(Duration.seconds(120) / world.plan.timings.loopWait)
        for (pod, before) in zip(world.pods, before) {
            #expect((beats - 2...beats + 2).contains(pod.looks - before), "\(pod.member): \(pod.looks - before)")
        }
    }
}
