import Testing
import Units

@testable import Agent

@Suite struct StopTimeTests {
    @Test func `a leader that has to end stops its server early enough for the heir to receive the rest`() {
        let now = BootInstant(nanoseconds: 1_000_000_000_000)
        // The Pod's 60 s less what is kept back, and whatever primary_stop_timeout says beyond that.
        #expect(AgentLoop.stopTime(until: now + .seconds(55), at: now) == .seconds(50))
        // The checkpoint and the wait for an heir have had nearly all of it.
        #expect(AgentLoop.stopTime(until: now + .seconds(3), at: now) == .seconds(1))
        #expect(AgentLoop.stopTime(until: now - .seconds(3), at: now) == .seconds(1))
        #expect(AgentLoop.stopTime(until: nil, at: now) == .seconds(600))
    }
}
