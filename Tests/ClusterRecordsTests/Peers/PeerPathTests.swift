import ClusterRecords
import Testing

@Suite struct PeerPathTests {
    @Test func `a member is asked beside the address it publishes`() {
        let apiURL = "http://10.0.0.7:8008/patroni"
        #expect(PeerPath.position.url(beside: apiURL) == "http://10.0.0.7:8008/matriarch/position")
        #expect(PeerPath.failsafe.url(beside: "http://[fd00::7]:8008/patroni") == "http://[fd00::7]:8008/failsafe")
        #expect(
            PeerPath.seal.url(beside: apiURL, query: "epoch=8&lock=41")
                == "http://10.0.0.7:8008/matriarch/seal?epoch=8&lock=41")
        #expect(PeerPath.member.url(beside: apiURL) == apiURL)
    }

    @Test(arguments: ["", "http://10.0.0.7:8008", "http://10.0.0.7:8008/patroni/"])
    func `an address no agent publishes is not asked`(apiURL: String) {
        #expect(PeerPath.allCases.allSatisfy { $0.url(beside: apiURL) == nil })
    }
}
