import SeededChance
import Testing
import Units

@testable import PostgresConfiguration

struct ControlDataTests {
    static let output = """
        pg_control version number:            1300
        Catalog version number:               202209061
        Database system identifier:           7710402846305686395
        Database cluster state:               shut down in recovery
        pg_control last modified:             Fri Nov 20 23:40:58 2026
        Latest checkpoint location:           0/1741568
        Latest checkpoint's REDO location:    0/1741530
        Latest checkpoint's REDO WAL file:    000000020000000000000001
        Latest checkpoint's TimeLineID:       2
        Latest checkpoint's PrevTimeLineID:   1
        Minimum recovery ending location:     A/B0
        Min recovery ending loc's timeline:   3
        wal_level setting:                    replica
        wal_log_hints setting:                on
        max_connections setting:              200
        max_worker_processes setting:         8
        max_wal_senders setting:              10
        max_prepared_xacts setting:           5
        max_locks_per_xact setting:           64
        track_commit_timestamp setting:       off
        Data page checksum version:           1
        """

    @Test func `what pg_controldata prints is read`() throws {
        let control = try #require(ControlData(parsing: Self.output))
        #expect(control.systemIdentifier == "7710402846305686395")
        #expect(control.state == .shutDownInRecovery)
        #expect(control.isStandby && control.isCleanShutdown && control.allowsRewind)
        #expect(control.checkpoint == LSN("0/1741568"))
        #expect(control.redo == LSN("0/1741530"))
        #expect(control.timeline == Timeline(rawValue: 2))
        #expect(control.minimumRecoveryEnd == LSN("A/B0"))
        #expect(control.minimumRecoveryTimeline == Timeline(rawValue: 3))
        #expect(
            control.primarySettings == [
                "max_connections": 200, "max_worker_processes": 8, "max_wal_senders": 10,
                "max_prepared_transactions": 5, "max_locks_per_transaction": 64,
            ])
        #expect(control.modified == "Fri Nov 20 23:40:58 2026")
    }

    @Test(arguments: [
        "Database system identifier", "Database cluster state", "Latest checkpoint location",
        "Latest checkpoint's REDO location", "Latest checkpoint's TimeLineID",
    ])
    func `output without a field that decides is refused`(label: String) {
        let lines = Self.output.split(separator: "\n").filter { !$0.hasPrefix(label + ":") }
        #expect(lines.count < Self.output.split(separator: "\n").count)
        #expect(ControlData(parsing: lines.joined(separator: "\n")) == nil)
    }

    @Test func `a state of a future version is no known state`() throws {
        let text = Self.output.replacing("shut down in recovery", with: "in meditation")
        #expect(try #require(ControlData(parsing: text)).state == .unrecognized)
    }

    @Test func `damaged output never traps and never yields a control file of another cluster`() {
        var random = SeededGenerator(seed: 20_261_120)
        let bytes = Array(Self.output.utf8)
        for _ in 0..<5_000 {
            var damaged = bytes
            for _ in 0...Int(random.next() % 6) {
                let index = Int(random.next() % UInt64(max(1, damaged.count)))
                switch random.next() % 4 {
                case 0 where !damaged.isEmpty: damaged.remove(at: min(index, damaged.count - 1))
                case 1: damaged.insert(UInt8(truncatingIfNeeded: random.next()), at: min(index, damaged.count))
                case 2: damaged.removeLast(min(damaged.count, Int(random.next() % 40)))
                case _ where !damaged.isEmpty:
                    damaged[min(index, damaged.count - 1)] = UInt8(truncatingIfNeeded: random.next())
                case _: break
                }
            }
            if let control = ControlData(parsing: String(decoding: damaged, as: UTF8.self)) {
                guard !control.systemIdentifier.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else { continue }
                Issue.record("system identifier \(control.systemIdentifier)")
            }
        }
    }
}
