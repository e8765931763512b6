import Glibc
import KubernetesModels
import Testing
import Units

@testable import ClusterLab

/// What a comparison with Patroni keeps and says.
@Suite struct ComparisonTests {
    private func outcome(_ milliseconds: Int, lost: Int64 = 0) -> ComparisonOutcome {
        var outcome = ComparisonOutcome(
            ScenarioResult(operation: "x", outage: .milliseconds(milliseconds)))
        outcome.lost = lost
        return outcome
    }

    private func report(ours: [ComparisonOutcome], theirs: [ComparisonOutcome], runs: Int = 2) throws
        -> ComparisonReport
    {
        ComparisonReport(
            operation: try #require(Comparison.operations.first), runs: runs, ours: ours, theirs: theirs)
    }

    @Test func `the ratio is of the medians, and the bar is both a time and a ratio`() throws {
        let good = try report(ours: [outcome(400), outcome(500)], theirs: [outcome(1_500), outcome(1_800)])
        #expect(good.factor == 1_650.0 / 450.0)
        #expect(good.isMet)
        #expect(good.row.contains("3.67") && good.row.contains("yes"))
        // Quick enough, but not so many times quicker; and quicker by far, but too slow.
        #expect(!(try report(ours: [outcome(400), outcome(500)], theirs: [outcome(900), outcome(900)]).isMet))
        #expect(!(try report(ours: [outcome(400), outcome(1_300)], theirs: [outcome(9_000), outcome(9_000)]).isMet))
        #expect(try report(ours: [], theirs: []).row.contains("NO"))
    }

    @Test func `too few runs, a failed run and a lost row of ours are no success; Patroni's are its own`() throws {
        let theirs = [outcome(1_500, lost: 3), ComparisonOutcome(failure: "it did not come back")]
        let mine = outcome(400)
        #expect(try report(ours: [mine, mine], theirs: theirs).isMet)
        #expect(!(try report(ours: [mine], theirs: theirs).isMet))
        #expect(!(try report(ours: [mine, mine, ComparisonOutcome(failure: "no leader")], theirs: theirs).isMet))
        #expect(!(try report(ours: [mine, outcome(400, lost: 1)], theirs: theirs).isMet))
        #expect(
            try report(ours: [mine, mine], theirs: theirs).remarks == [
                "switchover, Patroni, run 2: it did not come back"
            ])
    }

    @Test func `a comparison that was broken off goes on with what its record has`() throws {
        var template = Array("/tmp/matriarch-comparison-XXXXXX".utf8CString)
        let descriptor = mkstemp(&template)
        try #require(descriptor >= 0)
        close(descriptor)
        let path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
        defer { unlink(path) }

        let outcomes = [outcome(412, lost: 2), ComparisonOutcome(failure: "a \"reason\"\nof two lines")]
        let record = try ComparisonRecord(path: path)
        try record.append(outcomes[0], of: "switchover", .ours)
        try record.append(outcomes[1], of: "switchover", .ours)
        try record.append(outcome(1_700), of: "switchover", .patroni)
        let again = try ComparisonRecord(path: path)
        #expect(again.outcomes(of: "switchover", .ours) == outcomes)
        // The failed run is kept and still missing.
        #expect(again.count(of: "switchover", .ours) == 1)
        #expect(again.count(of: "switchover", .patroni) == 1 && again.count(of: "pod-deletion", .ours) == 0)

        // The end of the machine cuts the last line; anything else is not ours to guess.
        let text = try #require(HostFile.read(path))
        try HostFile.create(String(text.dropLast(9)), at: path)
        #expect(try ComparisonRecord(path: path).count(of: "switchover", .patroni) == 0)
        try HostFile.create("{}\n" + text, at: path)
        #expect(throws: LabError.self) { try ComparisonRecord(path: path) }
    }

    @Test func `Patroni's cluster has its defaults, and the lab reads its own objects back`() throws {
        let manifest = PatroniManifest(name: "patroni", namespace: "n", instances: 3, image: "i")
        let objects = try #require(manifest.objects(withPasswords: true)["items"]?.arrayValue)
        #expect(objects.compactMap { $0["kind"]?.stringValue }.count == objects.count)
        #expect(manifest.objects(withPasswords: false)["items"]?.arrayValue?.count == objects.count - 1)
        let file = try #require(
            objects.first { $0["kind"] == "ConfigMap" }?.value(at: "data", "patroni.yml")?.stringValue)
        for setting in ["ttl", "loop_wait", "retry_timeout", "maximum_lag_on_failover", "synchronous_mode"] {
            #expect(!file.contains(setting), "a default is left to Patroni: \(setting)")
        }
    }
}
