import ClusterRecords
import HighAvailability
import Testing

@Suite struct SealQueryTests {
    @Test(arguments: [
        Seal(epoch: 8, lockVersion: "41"), Seal(epoch: .max, lockVersion: "a1B2"), Seal(epoch: 1, lockVersion: ""),
    ])
    func `the promise a candidate asks for is the one the member reads`(seal: Seal) throws {
        let query = try #require(seal.query)
        let pairs = query.split(separator: "&").map { $0.split(separator: "=", omittingEmptySubsequences: false) }
        let parsed = Dictionary(uniqueKeysWithValues: pairs.map { (String($0[0]), String($0[1])) })
        #expect(Seal(query: parsed) == seal)
    }

    @Test(arguments: ["4 1", "4&lock=2", "é", "4/1", "4%31"])
    func `a version that would have to be escaped is not asked about`(version: String) {
        #expect(Seal(epoch: 8, lockVersion: version).query == nil)
    }

    @Test(arguments: [
        [:], ["epoch": "8"], ["lock": "41"], ["epoch": "0", "lock": "41"], ["epoch": "x", "lock": "41"],
    ])
    func `half a question is none`(query: [String: String]) {
        #expect(Seal(query: query) == nil)
    }
}
