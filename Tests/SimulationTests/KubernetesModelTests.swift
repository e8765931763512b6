import HighAvailability
import KubernetesModels
import Testing
import Units

@testable import Simulation

@Suite struct KubernetesModelTests {
    @Test func `a write over an old version is a conflict`() throws {
        var server = ObjectServer()
        let first = try server.create("demo-leader", ["leader": "demo-0"])
        #expect(throws: WorldFailure.alreadyExists) { _ = try server.create("demo-leader", [:]) }
        let next = try server.patch("demo-leader", ["leader": "demo-1"], over: first.resourceVersion)
        #expect(next.resourceVersion != first.resourceVersion)
        #expect(throws: WorldFailure.conflict) {
            _ = try server.patch("demo-leader", ["leader": "demo-2"], over: first.resourceVersion)
        }
        let same = try server.patch("demo-leader", ["leader": "demo-1"], over: nil)
        #expect(same.resourceVersion == next.resourceVersion, "a write that changes nothing is no new version")
        #expect(throws: WorldFailure.notFound) { _ = try server.patch("demo-config", [:], over: nil) }
    }

    @Test func `a request that timed out may have landed, or land later, or never`() throws {
        let scenario = Scenario()
        let world = scenario.world
        let pod = try #require(scenario.leader)
        world.network.apiTimeoutsPerMille = 1000
        var silent = 0
        var landed: [Microseconds] = []
        let began = world.now
        for _ in 0..<300 {
            world.request(pod, timeout: .seconds(1)) { world -> APIOutcome<Void> in
                landed.append(world.now - began)
                return .answered(())
            } _: {
                if case .silent = $0 { silent += 1 }
            }
        }
        scenario.run(8)
        #expect(silent == 300)
        #expect(landed.contains { $0 < .seconds(1) })
        #expect(landed.contains { $0 > .seconds(1) })
        #expect(landed.count < 300)
    }

    @Test func `a one-way cut loses answers and not requests`() throws {
        let scenario = Scenario()
        let world = scenario.world
        let pod = try #require(scenario.replicas.first)
        world.network.blockedFromAPI[pod.node] = 1
        var (arrived, answered) = (false, false)
        world.request(pod, timeout: .seconds(1)) { _ -> APIOutcome<Void> in
            arrived = true
            return .answered(())
        } _: {
            if case .answered = $0 { answered = true }
        }
        scenario.run(3)
        #expect(arrived && !answered)
    }

    @Test func `the kubelet reports a death within a second, under the container's name`() throws {
        let scenario = Scenario()
        let pod = try #require(scenario.replicas.first)
        let container = pod.containerInstance
        pod.killContainer()
        #expect(scenario.world.api.pods[pod.member]?.terminatedInstances.isEmpty == true)
        scenario.world.run(until: scenario.world.now + .milliseconds(1001))
        #expect(scenario.world.api.pods[pod.member]?.terminatedInstances == [container])
        scenario.run(3)
        #expect(pod.isRunning && pod.containerInstance != container)
    }

    @Test func `a force-deleted Pod runs on beside its twin, which is another Pod of the same name`() throws {
        let fault = Fault(start: .seconds(16), duration: .seconds(30), kind: .forceDeletePod(member: 0))
        let scenario = Scenario([fault])
        let old = scenario.world.holder(of: 0)
        scenario.run(9)
        let twin = scenario.world.holder(of: 0)
        #expect(twin !== old && twin.uid != old.uid && twin.member == old.member)
        #expect(old.isRunning && twin.isRunning)
        scenario.run(30)
        #expect(!old.isRunning)
    }

    @Test func `init kills PostgreSQL at the deadline whatever the agent does`() throws {
        let scenario = Scenario()
        let leader = try #require(scenario.leader)
        leader.frozenAgent = 1
        let fence = try #require(leader.fence)
        scenario.run(9)
        #expect(leader.clock.read(scenario.world.now) > fence)
        #expect(leader.server.process == .none)
    }

    @Test func `a clock that runs wrong reaches its instants at other times`() {
        let slow = NodeClock(origin: 5_000_000_000, partsPerMillion: -5_000)
        let start = slow.read(0)
        let time = slow.trueTime(of: start + .seconds(10))
        #expect(slow.read(time) >= start + .seconds(10))
        #expect(slow.read(time - 10) < start + .seconds(10))
        #expect(time > .seconds(10) && time < .seconds(11))
    }

    @Test(arguments: [Timings.fast, .standard, .tolerant])
    func `at half a per cent of drift the fence falls a second before anybody else may take the lock`(
        _ timings: Timings
    ) {
        // The holder's clock is slow and the observer's fast; the observer saw the renewal the moment it was sent.
        let holder = NodeClock(origin: 0, partsPerMillion: -5_000)
        let observer = NodeClock(origin: 0, partsPerMillion: 5_000)
        let falls = holder.trueTime(of: holder.read(0) + timings.fenceDelay)
        let expires = observer.trueTime(of: observer.read(0) + timings.ttl)
        #expect(expires - falls >= .seconds(1))
    }
}
