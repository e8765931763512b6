import Fence
import Glibc
import Spawning
import Testing

/// One container at a time on a volume: whoever got the open directory from another has it, nobody else.
@Suite struct VolumeHoldTests {
    @Test func `one of two holds the volume, as often as it asks, until it lets go`() throws {
        let sandbox = try Sandbox()
        let first = try #require(VolumeHold(opening: sandbox.dataDirectory))
        let second = try #require(VolumeHold(opening: sandbox.dataDirectory))
        #expect(first.claim() == .held)
        #expect(first.claim() == .held)
        #expect(second.claim() == .heldByAnother)
        close(first.descriptor)
        try comesToHold(second)
        close(second.descriptor)
    }

    @Test func `a link and the directory it leads to are one volume`() throws {
        let sandbox = try Sandbox()
        let linked = try #require(VolumeHold(opening: sandbox.dataDirectory))
        let direct = try #require(VolumeHold(opening: sandbox.path + "/volume/pgdata"))
        defer { for hold in [linked, direct] { close(hold.descriptor) } }
        #expect(linked.claim() == .held)
        #expect(direct.claim() == .heldByAnother)
    }

    /// A postmaster that outlives PID 1 by the time the kernel takes to end it still writes.
    @Test func `a program that was given the open directory holds the volume as long as it lives`() throws {
        let sandbox = try Sandbox()
        let hold = try #require(VolumeHold(opening: sandbox.dataDirectory))
        let other = try #require(VolumeHold(opening: sandbox.dataDirectory))
        defer { close(other.descriptor) }
        #expect(hold.claim() == .held)
        var keeping = Program(["/bin/sleep", "1000"])
        keeping.kept = [hold.descriptor]
        let server = try keeping.start()
        sandbox.adopt(server)
        let callback = try Program(["/bin/sleep", "1000"]).start()
        sandbox.adopt(callback)
        close(hold.descriptor)
        #expect(other.claim() == .heldByAnother)
        kill(server, SIGKILL)
        _ = try sandbox.awaitDeath(of: server)
        // The one that was not given it has nothing of it.
        #expect(isAlive(callback))
        try comesToHold(other)
    }

    /// A program that another test starts at this moment has every open file for as long as it takes to become that program.
    private func comesToHold(_ hold: VolumeHold) throws {
        try eventually("the volume is free") {
            let claim = hold.claim()
            return (claim == .held ? () : nil, "\(claim)")
        }
    }

    @Test func `what is no directory is refused`() throws {
        var ends: [Int32] = [-1, -1]
        #expect(pipe(&ends) == 0)
        defer { for end in ends { close(end) } }
        #expect(throws: FenceError.self) { try VolumeHold(descriptor: ends[0]) }
        #expect(VolumeHold(opening: "/nowhere/pgdata") == nil)
    }
}
