import HighAvailability
import KubernetesModels
import PostgresConfiguration
import SeededChance
import Units

@testable import ClusterRecords

/// Draws values from a seed; the same seed draws the same ones.
struct Drawing: RandomNumberGenerator {
    /// Of every run, so that what fails fails again.
    static let seeds: ClosedRange<UInt64> = 1...300

    private var numbers: SeededGenerator

    init(seed: UInt64) { numbers = SeededGenerator(seed: seed) }

    mutating func next() -> UInt64 { numbers.next() }

    mutating func next(below bound: Int) -> Int { Int.random(in: 0..<bound, using: &self) }

    mutating func flag() -> Bool { Bool.random(using: &self) }

    mutating func one<Value>(of values: [Value]) -> Value { values[next(below: values.count)] }

    /// nil as often as not.
    mutating func maybe<Value>(_ draw: (inout Drawing) -> Value) -> Value? { flag() ? draw(&self) : nil }

    mutating func list<Value>(_ draw: (inout Drawing) -> Value) -> [Value] {
        (0..<next(below: 4)).map { _ in draw(&self) }
    }

    /// Text that every encoding has to carry unchanged.
    mutating func text() -> String {
        one(of: [
            "a", "demo-0", "x y", "\"quoted\" \\ back", "é\u{1F418}", "line\nbreak\t", "null", "0", "{}", "a,b", "/",
        ])
    }

    mutating func member() -> String { "demo-\(next(below: 12))" }

    mutating func timeline() -> Timeline { Timeline(rawValue: one(of: [0, 1, 7, .max, UInt32(next(below: 99))])) }

    /// What JSON numbers of 64 bits with a sign hold.
    mutating func position() -> LSN {
        LSN(rawValue: one(of: [0, 1, 0x500_0060, UInt64(Int64.max), UInt64(next(below: 1 << 40))]))
    }

    mutating func milliseconds() -> Duration { .milliseconds(one(of: [0, 1, 250, 86_400_000, next(below: 1 << 40)])) }

    mutating func tags() -> MemberTags {
        MemberTags(
            isExcludedFromFailover: flag(), failoverPriority: one(of: [-1, 0, 1, 7, .max, .min]),
            isExcludedFromLoadBalancing: flag(), isCloneSource: flag(), isExcludedFromSynchronous: flag(),
            synchronousPriority: one(of: [-1, 0, 1, 7, .max, .min]), zone: maybe { $0.text() },
            replicatesFrom: maybe { $0.member() }, streamsFromNobody: flag())
    }

    mutating func pendingRestart() -> [PendingSetting] {
        ["max_connections", "shared_buffers", "wal_level"].filter { _ in flag() }.map {
            PendingSetting(name: $0, oldValue: text(), newValue: text())
        }
    }

    mutating func problem() -> Problem {
        Problem(
            path: text(), value: maybe { $0.text() }, rule: text(), refuser: one(of: Problem.Refuser.allCases))
    }

    mutating func record() -> MemberRecord {
        var record = MemberRecord(
            connectionURL: "postgres://\(one(of: ["10.0.0.7", "[fd00::7]", "host"])):5433/postgres", apiURL: text(),
            state: one(of: MemberState.allCases),
            role: one(of: [.primary, .standbyLeader, .replica, .demoted, .uninitialized]), version: text(),
            timeline: maybe { $0.timeline() }, replicationState: maybe { $0.one(of: ["streaming", "x"]) }, tags: tags(),
            pendingRestart: pendingRestart(), isPaused: flag(), hasCheckpointSincePromotion: flag(),
            position: maybe { $0.position() }, serverVersion: maybe { $0.one(of: [0, 150_018, .max]) },
            problem: maybe { $0.text() }, problems: list { $0.problem() }, postmasterStartTime: maybe { $0.text() },
            restart: maybe {
                RestartReport(id: $0.text(), outcome: $0.one(of: [.succeeded, .skipped, .failed]), reason: $0.text())
            },
            reinitialize: maybe {
                ReinitializeReport(
                    id: $0.text(), outcome: $0.one(of: [.running, .succeeded, .refused]), reason: $0.text(),
                    percent: $0.maybe { $0.one(of: [0, 40, 100]) }, isMoved: $0.maybe { $0.flag() })
            }, writesRoute: flag(), takeover: maybe { $0.takeover() }, work: one(of: [0, 7]),
            roles: maybe { $0.rolesReport() }, missingWAL: position())
        // As a Patroni agent may say it.
        if flag() {
            record.provesMembership = false
            record.work = nil
            record.stateName = "in archive recovery"
            record.roleName = "promoted"
            record.tagValues["datacenter"] = ["rack": 7]
            record.scheduledRestart = text()
            record.received = position()
            record.replayed = position()
        }
        return record
    }

    mutating func rolesReport() -> RolesReport {
        let declared = next(below: 1025)
        let failing = list { RolesReport.Failure(role: $0.text(), reason: $0.text()) }.enumerated().map {
            RolesReport.Failure(role: "\($0) \($1.role)", reason: $1.reason)
        }
        return RolesReport(
            revision: text(), declared: declared, ready: next(below: declared + 1), failing: failing,
            problem: maybe { $0.text() }, repair: maybe { $0.alteration() }, adoption: maybe { $0.alteration() })
    }

    mutating func alteration() -> RolesReport.Alteration {
        RolesReport.Alteration(time: text(), count: next(below: 99), roles: list { $0.text() })
    }

    mutating func declaredRole() -> DeclaredRole {
        DeclaredRole(
            name: text(), isAbsent: flag(),
            attributes: RoleAttributes(
                mayLogIn: flag(), isSuperuser: flag(), mayCreateDatabases: flag(), mayCreateRoles: flag(),
                inherits: flag(), mayReplicate: flag(), bypassesRowSecurity: flag()),
            connectionLimit: one(of: [-1, 0, 7]), validUntil: maybe { $0.text() },
            memberships: maybe { $0.list { $0.text() } }, comment: maybe { $0.text() },
            password: one(of: [.kept, .disabled, .secret(name: text(), key: text())]))
    }

    mutating func takeover() -> TakeoverPhases {
        TakeoverPhases(
            timeline: timeline(), silence: milliseconds(), election: milliseconds(), promotion: milliseconds(),
            firstWrite: milliseconds())
    }

    mutating func configuration() -> DynamicConfiguration {
        let own = Timings(
            ttl: .seconds(60), loopWait: .milliseconds(1000 + next(below: 9000)),
            retryTimeout: .milliseconds(1000 + next(below: 8000)), fenceMargin: .milliseconds(500 + next(below: 3000)))
        return DynamicConfiguration(
            timings: one(of: [.fast, .standard, .tolerant, own]),
            maximumLagOnFailover: ByteCount(rawValue: one(of: [0, 1, 1 << 20, UInt64(Int64.max)])), isPaused: flag(),
            synchronous: SynchronousPolicy(
                mode: one(of: SynchronousMode.allCases), standbys: one(of: [1, 2, .max]), isStrict: flag(),
                maximumLag: maybe { ByteCount(rawValue: $0.one(of: [1, 4096, UInt64(Int64.max)])) }),
            usesFailsafe: flag(), primaryStartTimeout: .seconds(next(below: 3600)),
            primaryStopTimeout: .milliseconds(next(below: 600_000)), usesRewind: flag(), usesSlots: flag(),
            memberSlotRetention: .seconds(next(below: 999_999)),
            standbyCluster: maybe {
                StandbyCluster(
                    host: $0.maybe { $0.one(of: ["a.example", "10.0.0.1", "fd00::1"]) },
                    port: 1 + $0.next(below: 65535),
                    slot: $0.maybe { $0.one(of: ["site_b", "0"]) })
            },
            instances: maybe { 1 + $0.next(below: 1000) },
            parameters: Dictionary(list { ("x.p\($0.next(below: 9))", $0.text()) }) { $1 },
            hostBasedAuthentication: list { $0.text() }, identityMap: list { $0.text() })
    }

    mutating func claim() -> LockClaim {
        LockClaim(
            identity: HolderIdentity(member: member(), podUID: text(), nonce: text()),
            ttl: .milliseconds(3000 + next(below: 1 << 29)), containerInstance: maybe { $0.text() },
            timeline: maybe { $0.timeline() }, position: maybe { LSN(rawValue: $0.one(of: [0, 7, .max])) },
            failsafe: maybe { drawing in
                FailsafeList(
                    Set(
                        (0..<drawing.next(below: 3)).map { ordinal in
                            FailsafeList.Entry(
                                name: "demo-\(ordinal)", apiURL: drawing.text(), podUID: drawing.maybe { $0.text() })
                        }))
            })
    }
}

/// What a record may be given instead of itself.
enum Odd {
    static let texts = [
        "", " ", "\u{0}", "null", "true", "7", "-1", "1e400", "99999999999999999999999", "\"text\"", "[]", "[[]]", "{}",
        "{",
        "}", #"{"a":}"#, #"{"id":7,"outcome":[],"member":{}}"#,
        String(repeating: "[", count: 300), String(repeating: "x", count: 100_000),
    ]

    static let values: [JSONValue] = [
        .null, true, false, 0, 1, -1, .int(.max), .int(.min), .double(1e308), .double(-1e308), .double(0.5), "", " ",
        "x",
        "9223372036854775808", "1e400", "nan", [], [.null], [:], ["a": .null],
    ]

    /// `json` with each member in turn missing, and each of ``values`` in its place.
    static func variants(of json: JSONValue) -> [JSONValue] {
        var variants = [json]
        for key in (json.objectValue ?? [:]).keys {
            var without = json
            without[key] = JSONValue?.none
            variants.append(without)
            for value in values {
                var other = json
                other[key] = value
                variants.append(other)
            }
        }
        return variants
    }

    /// With a member nobody knows.
    static func grown(_ json: JSONValue) -> JSONValue {
        var json = json
        json["unknown.example"] = ["deep": [1, .null]]
        return json
    }
}
