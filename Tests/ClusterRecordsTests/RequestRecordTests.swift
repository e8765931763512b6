import HighAvailability
import KubernetesModels
import Testing
import Units

@testable import ClusterRecords

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

    @Test func `a request is read as it was written, and taken off without a trace`() {
        for seed in Drawing.seeds {
            var drawing = Drawing(seed: seed)
            var request = FailoverRequest(
                leader: drawing.maybe { $0.member() }, candidate: drawing.maybe { $0.member() },
                requestID: drawing.maybe { $0.text() },
                schedule: drawing.maybe { Schedule(annotation: $0.one(of: ["at noon", "2026-11-21T06:00:00+02:00"])) }
                    ?? nil)
            if request.leader == nil, request.candidate == nil { request.candidate = "demo-1" }
            let written = request.annotations.compactMapValues(\.self)
            #expect(FailoverRequest(annotations: written) == request, "seed \(seed)")
            #expect(
                FailoverRequest(annotations: written.merging(["unknown.example": "x"]) { $1 }) == request,
                "seed \(seed)")
            #expect(Set(FailoverRequest.noAnnotations.keys) == Set(request.annotations.keys))
            #expect(FailoverRequest.noAnnotations.values.allSatisfy { $0 == nil })
            for key in written.keys {
                for text in Odd.texts { _ = FailoverRequest(annotations: written.merging([key: text]) { $1 }) }
            }
        }
    }

    @Test func `a restart is read as it was written`() throws {
        for seed in Drawing.seeds {
            var drawing = Drawing(seed: seed)
            let order = RestartOrder(
                id: drawing.text(), member: drawing.member(), postmasterStartTime: drawing.maybe { $0.text() },
                onlyPending: drawing.flag(),
                role: drawing.maybe { $0.one(of: [.primary, .standbyLeader, .replica, .demoted, .uninitialized]) })
            #expect(RestartOrder(annotation: order.annotation) == order, "seed \(seed)")
            let json = try JSONValue(parsing: order.annotation)
            #expect(RestartOrder(annotation: Odd.grown(json).serialized()) == order, "seed \(seed)")
            for variant in Odd.variants(of: json) { _ = RestartOrder(annotation: variant.serialized()) }
        }
    }

    @Test func `a restart is stored as earlier operators stored it`() {
        #expect(
            RestartOrder(id: "r", member: "demo-1", postmasterStartTime: "t", role: .replica).annotation
                == #"{"id":"r","member":"demo-1","postmaster_start_time":"t","restart_pending":false,"role":"replica"}"#
        )
    }

    @Test func `a new copy is asked for as it was written`() throws {
        for seed in Drawing.seeds {
            var drawing = Drawing(seed: seed)
            let order = ReinitializeOrder(id: drawing.text(), member: drawing.member(), isForced: drawing.flag())
            // An order without an id asks nothing.
            let expected = order.id.isEmpty ? nil : order
            #expect(ReinitializeOrder(annotation: order.annotation) == expected, "seed \(seed)")
            let json = try JSONValue(parsing: order.annotation)
            #expect(ReinitializeOrder(annotation: Odd.grown(json).serialized()) == expected, "seed \(seed)")
            for variant in Odd.variants(of: json) { _ = ReinitializeOrder(annotation: variant.serialized()) }
        }
        #expect(
            ReinitializeOrder(id: "c", member: "demo-1").annotation == #"{"force":false,"id":"c","member":"demo-1"}"#)
    }

    @Test(arguments: Odd.texts)
    func `what is no request, order or result says nothing`(_ text: String) {
        #expect(SwitchoverResult(annotation: text) == nil)
        #expect(RestartOrder(annotation: text) == nil)
        #expect(ReinitializeOrder(annotation: text) == nil)
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
