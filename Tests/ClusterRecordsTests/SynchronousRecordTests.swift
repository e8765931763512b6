import HighAvailability
import KubernetesModels
import Testing
import Units

@testable import ClusterRecords

/// Who may be elected is decided by what the record and the settings say, and not by what they fail to say.
@Suite struct SynchronousRecordTests {
    @Test func `the record is read as it was written`() {
        for seed in Drawing.seeds {
            var drawing = Drawing(seed: seed)
            var state = SynchronousState(version: "7", leader: drawing.maybe { $0.member() })
            if state.leader != nil {
                state.members = Set(drawing.list { $0.member() })
                state.quorum = drawing.one(of: [0, 1, 2, SynchronousState.unreachableQuorum])
            }
            let written = state.annotations.compactMapValues(\.self)
            #expect(SynchronousState(version: "7", annotations: written) == state, "seed \(seed)")
            for key in state.annotations.keys {
                for text in Odd.texts {
                    let odd = SynchronousState(version: "7", annotations: written.merging([key: text]) { $1 })
                    #expect(SynchronousState.quorums.contains(odd.quorum), "seed \(seed), \(text.prefix(40))")
                }
            }
        }
    }

    @Test(arguments: ["demo-1,demo-2", "demo-1, demo-2", " demo-1 ,demo-2 ,", ",,demo-2,demo-1"])
    func `names are read with and without spaces around them`(_ text: String) {
        let record = SynchronousState(version: "1", annotations: ["leader": "demo-0", "sync_standby": text])
        #expect(record.members == ["demo-1", "demo-2"])
    }

    @Test(arguments: [
        "{}", #"{"synchronous_mode":"off"}"#, #"{"synchronous_mode":false}"#, #"{"synchronous_mode":null}"#,
    ])
    func `settings that can be read and ask for nothing say that the mode is off`(_ text: String) {
        #expect(SynchronousPolicy(annotation: text)?.mode == .off)
    }

    @Test(arguments: ["", "{", "[]", "null", "7", #"{"synchronous_mode":"onn"}"#, #"{"synchronous_mode":7}"#])
    func `what cannot be read does not`(_ text: String) {
        #expect(SynchronousPolicy(annotation: text) == nil)
    }

    @Test func `a mode that is on is read with what belongs to it`() {
        let text = #"{"synchronous_mode":"quorum","synchronous_node_count":2,"synchronous_mode_strict":true}"#
        #expect(SynchronousPolicy(annotation: text) == SynchronousPolicy(mode: .quorum, standbys: 2, isStrict: true))
    }

    @Test func `a quorum nobody can read lets nobody be elected by it`() {
        let state = SynchronousState(
            version: "1", annotations: ["leader": "demo-0", "sync_standby": "demo-1", "quorum": "all"])
        #expect(state.isActive && !state.canElect)
    }

    @Test(arguments: [
        ("{}", SynchronousPolicy.off),
        (#"{"synchronous_mode":true}"#, SynchronousPolicy(mode: .on)),
        (
            #"{"synchronous_mode":"quorum","synchronous_node_count":2,"synchronous_mode_strict":"on"}"#,
            SynchronousPolicy(mode: .quorum, standbys: 2, isStrict: true)
        ),
        (
            #"{"synchronous_mode":"on","maximum_lag_on_syncnode":1024}"#,
            SynchronousPolicy(mode: .on, maximumLag: ByteCount(rawValue: 1024))
        ),
        (#"{"synchronous_mode":"off","maximum_lag_on_syncnode":-1}"#, SynchronousPolicy.off),
    ])
    func `Patroni's keys are read`(text: String, policy: SynchronousPolicy) throws {
        let (configuration, problems) = DynamicConfiguration.reading(
            try JSONValue(parsing: text), former: DynamicConfiguration())
        #expect(problems == [])
        #expect(configuration.synchronous == policy)
    }

    @Test func `a mode nobody can read does not turn a promise off`() throws {
        let former = DynamicConfiguration(synchronous: SynchronousPolicy(mode: .quorum, isStrict: true))
        let (configuration, problems) = DynamicConfiguration.reading(
            ["synchronous_mode": "sometimes"], former: former)
        #expect(configuration.synchronous == former.synchronous)
        #expect(problems.count == 1)
    }
}
