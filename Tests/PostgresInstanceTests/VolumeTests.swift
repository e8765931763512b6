import Fence
import Glibc
import ServerControl
import TestSupport
import Testing
import Units

@testable import PostgresInstance

/// The agent's own small writes to the volume, on a file system that can be made to hang.
@Suite(.serialized, .enabled(if: LoopVolume.isPossible, "needs root and loop devices"))
struct VolumeTests {
    private static func withVolume(_ body: (LoopVolume) async throws -> Void) async throws {
        let path = "/tmp/matriarch-volume-\(getpid())"
        guard mkdir(path, 0o777) == 0 || errno == EEXIST else { throw InstanceError(.file, "cannot create \(path)") }
        let volume = try LoopVolume(at: path, mebibytes: 16)
        defer {
            volume.remove()
            rmdir(path)
        }
        try await body(volume)
    }

    private static func look(_ probe: VolumeProbe, until isWanted: (VolumeLook) -> Bool) async throws -> VolumeLook {
        try await eventually(within: .seconds(10), "what the volume says", { probe.look(every: .milliseconds(50)) }) {
            isWanted($0)
        }
    }

    @Test func `a volume that hangs is silent since its last write began, and answers when it answers`() async throws {
        try await Self.withVolume { volume in
            let probe = VolumeProbe(path: "\(volume.path)/probe")
            _ = probe.look(every: .zero)
            probe.arm()
            #expect(access("\(volume.path)/probe", F_OK) != 0)
            #expect(probe.look(every: .milliseconds(50)) == .answers)
            try await eventually(within: .seconds(5), "a first write") { access("\(volume.path)/probe", F_OK) == 0 }
            let began = BootClock.now()
            try volume.freeze()
            let look = try await Self.look(probe) { $0.since != nil }
            let since = try #require(look.since)
            #expect(look == .silent(since: since) && since >= began - .milliseconds(100))
            #expect(look.sentence == "its volume does not answer: nothing can be written")
            try await Task.sleep(for: .milliseconds(300))
            // One write waits; no other is begun.
            #expect(probe.look(every: .milliseconds(50)) == look)
            try volume.thaw()
            _ = try await Self.look(probe) { $0 == .answers }
        }
    }

    @Test func `a volume that refuses writes is told with the system's words, and a full one is not`() async throws {
        try await Self.withVolume { volume in
            let probe = VolumeProbe(path: "\(volume.path)/probe")
            probe.arm()
            _ = probe.look(every: .milliseconds(50))
            try await eventually(within: .seconds(5), "a first write") { access("\(volume.path)/probe", F_OK) == 0 }
            let descriptor = open("\(volume.path)/full", O_WRONLY | O_CREAT, 0o600)
            let chunk = [UInt8](repeating: 1, count: 1 << 20)
            while write(descriptor, chunk, chunk.count) > 0 {}
            #expect(errno == ENOSPC)
            close(descriptor)
            for _ in 0..<5 {
                #expect(probe.look(every: .milliseconds(20)) == .answers)
                try await Task.sleep(for: .milliseconds(40))
            }
            try volume.makeReadOnly()
            let look = try await Self.look(probe) { $0.since != nil }
            #expect(look.sentence == "its volume takes no writes: Read-only file system")
            try volume.makeWritable()
            _ = try await Self.look(probe) { $0 == .answers }
        }
    }

    @Test func `what is killed while its volume hangs is dying, what runs is not`() async throws {
        try await Self.withVolume { volume in
            let work = "\(volume.path)/work"
            #expect(mkdir(work, 0o777) == 0)
            var writer: pid_t = 0
            let arguments: [UnsafeMutablePointer<CChar>?] = [
                strdup("/bin/sh"), strdup("-ec"), strdup("cd \(work); sleep 1; echo x >written"), nil,
            ]
            defer { for argument in arguments { free(argument) } }
            try #require(posix_spawn(&writer, "/bin/sh", nil, nil, arguments, environ) == 0)
            try await eventually(within: .seconds(5), "the writer is there") {
                !DataDirectoryProcesses.list(dataDirectory: work).isEmpty
            }
            #expect(!DataDirectoryProcesses.areAllDying(dataDirectory: work))
            try volume.freeze()
            try await Task.sleep(for: .milliseconds(1500))
            let outcome = DataDirectoryProcesses.killAll(
                dataDirectory: work, deadline: BootClock.now() + .milliseconds(300))
            #expect(!outcome.remaining.isEmpty)
            #expect(DataDirectoryProcesses.areAllDying(dataDirectory: work))
            try volume.thaw()
            #expect(waitpid(writer, nil, 0) == writer)
            #expect(DataDirectoryProcesses.list(dataDirectory: work).isEmpty)
        }
    }
}
