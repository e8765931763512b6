import PostgresConfiguration
import Testing

/// A standby never has less than its primary.
@Suite struct RestartSequenceTests {
    private func pending(_ name: String, _ old: String, _ new: String) -> PendingSetting {
        PendingSetting(name: name, oldValue: old, newValue: new)
    }

    @Test func `down goes the primary first, up the standbys do`() {
        let down = pending("max_connections", "300", "100")
        let up = pending("max_worker_processes", "8", "16")
        let other = pending("shared_buffers", "16384", "8192")
        #expect(RestartSequence([]) == .standbysFirst)
        #expect(RestartSequence([other]) == .standbysFirst, "nothing a standby depends on")
        #expect(RestartSequence([up]) == .standbysFirst)
        #expect(RestartSequence([down]) == .primaryFirst)
        #expect(RestartSequence([down, other]) == .standbysFirst, "that may keep a server from starting")
        #expect(RestartSequence([down, up]) == .standbysFirst, "one that is below does not replay")
        #expect(RestartSequence([pending("max_connections", "100", "100")]) == .standbysFirst)
    }

    @Test func `a standby that has what its primary had when it started waits for a restart`() throws {
        let settings = try PostgresSettings(
            clusterName: "demo", parameters: ["max_connections": "100", "max_worker_processes": "16"])
        let running = ["max_connections": "300", "max_worker_processes": "8", "max_wal_senders": "20"]
        #expect(settings.heldUp(running: running) == [pending("max_connections", "300", "100")])
        #expect(settings.heldUp(running: ["max_connections": "100"]).isEmpty)
        // A size nobody sets is not lowered under a server that runs.
        let shrunk = ["max_wal_senders": "36"]
        #expect(settings.heldUp(running: shrunk, floors: SizeFloors(running: shrunk)).isEmpty)
    }
}
