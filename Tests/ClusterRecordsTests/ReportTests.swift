import ClusterRecords
import HighAvailability
import KubernetesModels
import Testing
import Units

/// What a change of leader may have cost: what the agents write is what the operator reads.
@Suite struct ReportTests {
    @Test func `a loss is read as it was written`() throws {
        for seed in Drawing.seeds {
            var drawing = Drawing(seed: seed)
            let loss = FailoverLoss(
                verdict: drawing.one(of: FailoverLoss.Verdict.allCases), member: drawing.member(),
                former: drawing.maybe { $0.member() }, timeline: drawing.timeline(), start: drawing.position(),
                published: drawing.maybe { $0.position() })
            #expect(FailoverLoss(annotation: loss.annotation) == loss, "seed \(seed)")
            let json = try JSONValue(parsing: loss.annotation)
            #expect(FailoverLoss(annotation: Odd.grown(json).serialized()) == loss, "seed \(seed)")
            for variant in Odd.variants(of: json) { _ = FailoverLoss(annotation: variant.serialized()) }
        }
    }

    @Test func `WAL that was left behind is read as it was written, for the member that left it`() throws {
        for seed in Drawing.seeds {
            var drawing = Drawing(seed: seed)
            let report = AbandonedReport(
                AbandonedWAL(
                    timeline: drawing.timeline(), start: drawing.position(), end: drawing.position(),
                    commits: drawing.maybe { $0.one(of: [0, 1, .max]) }), leader: drawing.maybe { $0.text() })
            let annotations = [
                "abandoned.matriarch.dev/demo-1": report.annotation, "abandoned.matriarch.dev/demo-2": "{",
                "history": "[]",
            ]
            #expect(AbandonedReport.all(in: annotations) == ["demo-1": report], "seed \(seed)")
            let json = try JSONValue(parsing: report.annotation)
            #expect(AbandonedReport(annotation: Odd.grown(json).serialized()) == report, "seed \(seed)")
            for variant in Odd.variants(of: json) { _ = AbandonedReport(annotation: variant.serialized()) }
        }
    }

    @Test func `a decision is read as it was written`() throws {
        for seed in Drawing.seeds {
            var drawing = Drawing(seed: seed)
            let answer = DecisionAnswer(
                member: drawing.member(),
                decisions: drawing.list { drawing in
                    DecisionRecord(
                        drawing.one(of: DecisionRecord.Kind.allCases), what: drawing.text(), reason: drawing.text(),
                        saw: Dictionary(drawing.list { ($0.text(), $0.text()) }) { $1 }, since: drawing.text(),
                        until: drawing.text(), count: drawing.one(of: [1, 2, .max]))
                })
            let json = try JSONValue(parsing: answer.json.serialized())
            #expect(DecisionAnswer(json: json) == answer, "seed \(seed)")
            #expect(DecisionAnswer(json: Odd.grown(json)) == answer, "seed \(seed)")
            for variant in Odd.variants(of: json) { _ = DecisionAnswer(json: variant) }
            for decision in answer.decisions {
                #expect(DecisionRecord(json: Odd.grown(decision.json)) == decision, "seed \(seed)")
                for variant in Odd.variants(of: decision.json) { _ = DecisionRecord(json: variant) }
            }
        }
    }

    /// What an agent of a former version says to a path it does not know.
    @Test func `the document of a member is no answer to what it decided`() {
        #expect(DecisionAnswer(json: ["state": "running", "role": "primary"]) == nil)
        #expect(DecisionRecord(json: ["what": "lead", "reason": "so"]) == nil)
    }

    @Test(arguments: Odd.texts)
    func `what is no report says nothing`(_ text: String) {
        #expect(FailoverLoss(annotation: text) == nil)
        #expect(AbandonedReport(annotation: text) == nil)
    }

    @Test func `reports are stored as earlier agents stored them`() {
        let loss = FailoverLoss(
            verdict: .possible, member: "demo-1", former: "demo-0", timeline: Timeline(rawValue: 1),
            start: LSN(rawValue: 0x500_0060), published: LSN(rawValue: 0x500_0100))
        #expect(
            loss.annotation
                == #"{"from":"demo-0","published":"0/5000100","start":"0/5000060","timeline":1,"to":"demo-1","verdict":"possible"}"#
        )
        let abandoned = AbandonedWAL(
            timeline: Timeline(rawValue: 1), start: LSN(rawValue: 0x500_0060), end: LSN(rawValue: 0x500_0460),
            commits: 3)
        #expect(
            AbandonedReport(abandoned, leader: "demo-1").annotation
                == #"{"commits":3,"end":"0/5000460","leader":"demo-1","start":"0/5000060","timeline":1}"#)
    }
}
