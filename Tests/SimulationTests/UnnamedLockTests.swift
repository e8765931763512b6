import ClusterRecords
import HighAvailability
import KubernetesModels
import Testing
import Units

@testable import Simulation

/// Somebody takes the holder's name off the lock, and leaves the holder.
@Suite struct UnnamedLockTests {
    private static let seeds = 1...5 as ClosedRange<UInt64>

    private func name(in world: World) -> String? {
        world.objects.objects[AgentLife.scope.storeLeader(.configMap)]?.annotations?[StoreKey.leader]
    }

    @Test func `a leader whose name is taken off its lock leads on, and writes it back`() throws {
        for seed in Self.seeds {
            let scenario = Scenario(seed: seed)
            let world = scenario.world
            let leader = try #require(scenario.leader)
            let (epoch, life) = (world.api.lock?.epoch, leader.server.life)
            for _ in 0..<3 {
                world.begin(Fault(start: 0, duration: 1_000, kind: .takeNameOff))
                #expect(name(in: world) == nil, "seed \(seed)")
                scenario.run(4)
                #expect(name(in: world) == world.name(leader.member), "seed \(seed)")
            }
            #expect(scenario.leader === leader && leader.server.life == life, "seed \(seed)")
            #expect(world.api.lock?.epoch == epoch && world.checker.roleChanges == 0, "seed \(seed)")
            #expect(world.checker.violation == nil && world.checker.lost == 0, "seed \(seed)")
        }
    }

    @Test func `a leader that is cut off and has no name in its lock is replaced after ttl, as any other`() throws {
        for seed in Self.seeds {
            let scenario = Scenario(seed: seed)
            let world = scenario.world
            let leader = try #require(scenario.leader)
            let timings = world.plan.timings
            world.begin(Fault(start: 0, duration: .seconds(40), kind: .isolate(node: leader.node)))
            let cut = world.now
            world.begin(Fault(start: 0, duration: 1_000, kind: .takeNameOff))
            try scenario.run(every: .milliseconds(10), before: cut + .seconds(40)) {
                world.api.lock?.identity?.podUID != leader.uid
            }
            // It was renewed last at most one heartbeat and a renewal's time before.
            let soonest = timings.ttl - timings.loopWait - timings.retryTimeout
            #expect(world.now - cut > soonest.microseconds, "seed \(seed)")
            #expect(scenario.leader !== leader && world.checker.violation == nil, "seed \(seed)")
        }
    }
}
