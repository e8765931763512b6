import HighAvailability
import PostgresConfiguration
import ServerControl
import Testing
import Units

@testable import Agent
@testable import AgentShell

@Suite struct ServerLifeTests {
    private let start = BootInstant(nanoseconds: 1_000_000_000_000)
    private let leader = FollowedLeader(name: "a", epoch: 3, host: "10.0.0.1", port: 5432)
    private let remote = FollowedRemote(StandbyCluster(host: "remote"), epoch: 3)
    private let silent = ServerState.standby(
        RunningServer(systemIdentifier: "1", timeline: Timeline(rawValue: 1), position: LSN(rawValue: 1000)))

    /// A standby of which everything is known.
    private func life() throws -> ServerLife {
        var life = ServerLife()
        life.apply(try PostgresSettings(clusterName: "demo"), .standby(upstream: nil))
        life.namesInForce = NamesInForce(server: "now", text: "", at: start)
        life.follow(leader)
        life.noteStreaming(silent, at: start)
        life.noteRoles(exist: true)
        #expect(life.noteSilence(at: start) == true)
        return life
    }

    @Test func `what is known of a server ends with it`() throws {
        var life = try life()
        life.end()
        #expect(life.seen == nil && life.silentSince == nil && life.applied == nil && life.namesInForce == nil)
        #expect(life.followed == nil && life.followedRemote == nil && life.notStreamingSince == nil)
        #expect(!life.hasRoles)
    }

    @Test func `a server that was started by hand has its time to come up, also when it was started twice`() throws {
        var life = try life()
        life.beginByHand(at: start)
        #expect(life.applied == nil && life.followed == nil && !life.hasRoles && life.silentSince == nil)
        #expect(life.notStreamingSince == start, "the source is as silent as it was")
        life.end()
        #expect(life.isComingUpByHand(at: start + .seconds(299)))
        #expect(!life.isComingUpByHand(at: start + .seconds(300)))
    }

    @Test func `a server that is stopped here follows nobody and may lose its roles, and is still what was seen`()
        throws
    {
        var life = try life()
        life.noteStop()
        #expect(life.followed == nil && life.followedRemote == nil && !life.hasRoles)
        #expect(life.applied != nil && life.namesInForce != nil)
    }

    @Test func `a standby follows a member or a remote server, never both`() throws {
        var life = try life()
        life.follow(remote)
        #expect(life.followed == nil && life.followedRemote == remote)
        life.follow(leader)
        #expect(life.followed == leader && life.followedRemote == nil && life.notStreamingSince == nil)
        life.noteSeal()
        #expect(life.followed == nil)
        life.follow(remote)
        life.leaveRemote()
        #expect(life.followedRemote == nil)
    }

    @Test func `a standby asks for its slot now and then, and a new server at once`() throws {
        var life = try life()
        #expect(life.beginAskingForSlot(at: start) == true)
        #expect(life.beginAskingForSlot(at: start + .seconds(9)) == false)
        #expect(life.beginAskingForSlot(at: start + .seconds(10)) == true)
        life.end()
        #expect(life.beginAskingForSlot(at: start + .seconds(11)) == true)
    }

    @Test func `slots that were seen before they were changed are not looked at again`() throws {
        var life = try life()
        let seen = ServerStatus(
            isInRecovery: true, timeline: Timeline(rawValue: 1), systemIdentifier: "1",
            version: ServerVersion(number: 150_018), postmasterStartTime: "now", synchronousStandbyNames: "")
        #expect(!life.hasSeenSlots)
        life.see(seen)
        #expect(life.hasSeenSlots)
        life.noteSlotChange()
        #expect(!life.hasSeenSlots && life.seen != nil)
        life.see(seen)
        #expect(life.hasSeenSlots)
        life.end()
        #expect(!life.hasSeenSlots)
    }

    @Test func `a silence is told once, and has fresh connections tried at every look`() {
        var life = ServerLife()
        #expect(life.beginFreshProbe(at: start, every: .seconds(5)) == true)
        #expect(life.beginFreshProbe(at: start + .seconds(4), every: .seconds(5)) == false)
        #expect(life.noteSilence(at: start + .seconds(4)) == true)
        #expect(life.noteSilence(at: start + .seconds(5)) == false)
        #expect(life.silentSince == start + .seconds(4))
        #expect(life.beginFreshProbe(at: start + .seconds(4), every: .seconds(5)) == true)
        life.noteAnswer()
        #expect(life.beginFreshProbe(at: start + .seconds(8), every: .seconds(5)) == false)
    }

    @Test func `behind a lock no fresh connection is tried for a while, unless the server falls silent`() {
        var life = ServerLife()
        life.pauseProbes(until: start + .seconds(10))
        #expect(life.beginFreshProbe(at: start + .seconds(9), every: .seconds(1)) == false)
        #expect(life.noteSilence(at: start + .seconds(9)) == true)
        #expect(life.beginFreshProbe(at: start + .seconds(9), every: .seconds(1)) == true)
    }

    @Test func `a server that refuses everybody is tried at every look, until somebody gets in`() {
        var life = ServerLife()
        #expect(life.beginFreshProbe(at: start, every: .seconds(5)) == true)
        life.noteFault(at: start)
        life.noteFault(at: start + .seconds(1))
        #expect(life.failingSince == start)
        #expect(life.beginFreshProbe(at: start + .seconds(1), every: .seconds(5)) == true)
        life.noteAnswer()
        #expect(life.failingSince == nil)
        #expect(life.beginFreshProbe(at: start + .seconds(2), every: .seconds(5)) == false)
    }

    @Test func `what was granted in another database has to be granted again`() throws {
        var life = try life()
        life.noteDatabase("postgres")
        life.noteDatabase("postgres")
        #expect(life.hasRoles)
        life.noteDatabase("template1")
        #expect(!life.hasRoles)
    }

    @Test func `a standby receives nothing since it was first seen without a stream`() {
        var life = ServerLife()
        life.noteStreaming(silent, at: start)
        life.noteStreaming(silent, at: start + .seconds(3))
        #expect(life.notStreamingSince == start)
        life.noteStreaming(.starting(systemIdentifier: "1"), at: start + .seconds(4))
        #expect(life.notStreamingSince == nil)
    }
}
