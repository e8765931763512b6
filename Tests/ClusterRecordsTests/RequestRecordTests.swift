import ClusterRecords
import HighAvailability
import KubernetesModels
import Testing

/// Requests and what became of them: what one writes is what the others read.
@Suite struct RequestRecordTests {
    @Test func `the result of a switchover is read as it was written`() throws {
        for seed in Drawing.seeds {
            var drawing = Drawing(seed: seed)
            let result = SwitchoverResult(
                requestID: drawing.maybe { $0.text() }, succeeded: drawing.flag(), from: drawing.maybe { $0.member() },
                to: drawing.maybe { $0.member() }, reason: drawing.text(), outage: drawing.maybe { $0.milliseconds() },
                loss: drawing.maybe { $0.text() })
            #expect(SwitchoverResult(annotation: result.annotation) == result, "seed \(seed)")
            let json = try JSONValue(parsing: result.annotation)
            #expect(SwitchoverResult(annotation: Odd.grown(json).serialized()) == result, "seed \(seed)")
            for variant in Odd.variants(of: json) { _ = SwitchoverResult(annotation: variant.serialized()) }
        }
    }

    @Test(arguments: Odd.texts)
    func `what is no request, order or result says nothing`(_ text: String) {
        #expect(SwitchoverResult(annotation: text) == nil)
    }

    @Test func `a result of an earlier agent, and an outage that is none, are read`() {
        let former = #"{"id":"one","outcome":"succeeded","from":"demo-0","to":"demo-1","outageMillis":-7}"#
        #expect(
            SwitchoverResult(annotation: former)
                == SwitchoverResult(
                    requestID: "one", succeeded: true, from: "demo-0", to: "demo-1", reason: "", outage: .zero))
        let endless = #"{"outcome":"failed","outageMillis":9223372036854775807}"#
        #expect(SwitchoverResult(annotation: endless)?.outage?.milliseconds ?? 0 > 0)
    }
}
