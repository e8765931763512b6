import HighAvailability
import Testing

@testable import ClusterRecords

/// Whether elections may be loosened is decided by what the stored settings say, and not by what they fail to say.
@Suite struct SynchronousPolicyTests {
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
}
