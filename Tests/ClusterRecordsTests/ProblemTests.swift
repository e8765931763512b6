import HighAvailability
import KubernetesModels
import PostgresConfiguration
import Testing

@testable import ClusterRecords

/// What is wrong with something, told in the words of whoever wrote it.
@Suite struct ProblemTests {
    @Test func `a problem is read as it was written`() {
        for seed in Drawing.seeds {
            var drawing = Drawing(seed: seed)
            let problems = drawing.list { $0.problem() }
            #expect(Problem.list(json: .array(problems.map(\.json))) == problems, "seed \(seed)")
            for problem in problems {
                #expect(Problem(json: Odd.grown(problem.json)) == problem)
                for variant in Odd.variants(of: problem.json) { _ = Problem(json: variant) }
            }
        }
        for value in Odd.values { #expect(Problem.list(json: value).isEmpty) }
    }

    @Test func `a list nobody can have meant is read in part`() {
        let long = Problem(
            path: String(repeating: "p", count: 10_000), value: String(repeating: "v", count: 10_000),
            rule: String(repeating: "r", count: 10_000), refuser: .agent)
        let read = Problem.list(json: .array(Array(repeating: long.json, count: 1000)))
        #expect(read.count == Problem.maximumCount)
        #expect(read.allSatisfy { $0.path.count <= 512 && $0.rule.count <= 512 && $0.value?.count == 120 })
    }

    /// Anybody may have written it into the store; an object whose annotations have more than 256 KiB is refused, and the
    /// member would say nothing of itself any more.
    @Test(arguments: ["n", "é", "e\u{301}\u{301}", "\u{1}", "\u{1F3E0}"])
    func `whatever a member has found, what it publishes has room`(_ part: String) throws {
        let name = String(repeating: part, count: 150_000 / part.utf8.count)
        var problem = Problem(path: "", value: name, rule: name, refuser: .agent)
        problem.path = "postgresql.parameters.\(name)"
        var record = MemberRecord()
        record.problems = Array(repeating: problem.inWordsOfResource, count: 100)
        record.problem = record.problems.map(\.description).joined(separator: "; ")
        #expect(record.annotation.utf8.count < 100 << 10)
        let read = try #require(MemberRecord(annotation: record.annotation))
        #expect(read.problem?.unicodeScalars.count == 4096)
        #expect(read.problems.count >= 8 && read.problems.count <= Problem.maximumCount)
        #expect(read.problems.allSatisfy { $0.path.hasPrefix("spec.postgresql.parameters.") })
        #expect(read.annotation == record.annotation)
    }

    @Test(arguments: [#"{"path":"p","rule":"r","by":"another"}"#, #"{"path":"p","rule":"r"}"#])
    func `a problem of a refuser nobody knows is told all the same`(_ text: String) throws {
        let problem = Problem(path: "p", value: nil, rule: "r", refuser: .agent)
        #expect(Problem(json: try JSONValue(parsing: text)) == problem)
    }

    @Test(arguments: [
        ("postgresql.pg_hba[2]", "spec.postgresql.pgHBA[2]"), ("postgresql.pg_hba", "spec.postgresql.pgHBA"),
        ("postgresql.parameters.work_mem", "spec.postgresql.parameters.work_mem"),
        ("postgresql.parameters.a.b", "spec.postgresql.parameters.a.b"), ("ttl", "spec.highAvailability.ttl"),
        ("standby_cluster.host", "spec.standby.host"),
        ("standby_cluster.primary_slot_name", "spec.standby.primarySlotName"),
        ("bootstrap.initdb.locale", "spec.bootstrap.initdb.locale"),
        // The resource has no field for these.
        ("member_slots_ttl", "member_slots_ttl"), ("ttl_of_another", "ttl_of_another"),
        ("matriarch.dev/epoch", "matriarch.dev/epoch"), ("", ""),
    ])
    func `a key of the store is named as the resource names it`(_ key: String, _ path: String) {
        #expect(Problem.resourcePath(of: key) == path)
        #expect(Problem(path: key, value: nil, rule: "r", refuser: .agent).inWordsOfResource.path == path)
    }

    /// The resource has a `ttl`, too.
    @Test(arguments: [(LockObject.configMap, "demo-leader"), (.endpoints, "demo")])
    func `what cannot be read in the store is told by its object`(_ kind: LockObject, _ leader: String) {
        let found = StoreProblems(
            in: Scope(namespace: "shop", cluster: "demo"), lockObject: kind, leader: ["ttl": "soon"],
            synchronization: ["quorum": "most"], configuration: ["history": "none"]
        ).problems.map(\.description)
        #expect(
            found == [
                "\(leader): ttl: soon: is not a number of seconds from 3", "demo-sync: quorum: most: is not a quorum",
                "demo-config: history: not every entry is a timeline with its end",
            ])
    }

    /// A key that is added without one would be told in words nobody who has a resource knows.
    @Test func `every key that is stored from the resource has a path there`() {
        let withoutField: Set = ["postgresql.use_pg_rewind", "postgresql.use_slots"]
        var configuration = DynamicConfiguration(instances: 3)
        configuration.standbyCluster = StandbyCluster(host: "a", slot: "b")
        let stored = configuration.json().objectValue ?? [:]
        var keys: [String] = []
        for (key, value) in stored {
            let isSection = ["matriarch", "postgresql", "standby_cluster"].contains(key)
            keys += isSection ? (value.objectValue ?? [:]).keys.map { "\(key).\($0)" } : [key]
        }
        for key in keys {
            #expect(Problem.resourcePath(of: key).hasPrefix("spec.") != withoutField.contains(key), "\(key)")
        }
    }

    @Test func `a setting the checks refuse is named as the resource names it`() {
        let line = ConfigurationProblem(field: "pg_hba[0]", value: "nonsense", rule: "is no rule")
        #expect(
            Problem(line, refuser: .operator)
                == Problem(
                    path: "spec.postgresql.pgHBA[0]", value: "nonsense", rule: "is no rule", refuser: .operator))
        let option = ConfigurationProblem(field: "bootstrap.initdb.locale", value: "x", rule: "is no locale")
        #expect(Problem(option, refuser: .agent).path == "spec.bootstrap.initdb.locale")
    }
}
