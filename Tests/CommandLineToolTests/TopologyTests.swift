import ArgumentParser
import KubernetesModels
import Testing

@testable import CommandLineTool

/// `matriarch topology`: who streams from whom.
@Suite struct TopologyTests {
    private typealias Fixture = ListingFixture

    /// demo-0 leads; demo-3 follows demo-1, and demo-4 that one.
    private func listing(_ tags: [String: JSONValue] = [:], change: (inout StoreRecords) -> Void = { _ in })
        -> ClusterListing
    {
        var listing = Fixture.listing { records in
            let cascades: [String: JSONValue] = [
                "demo-1": [:], "demo-2": [:], "demo-3": ["replicatefrom": "demo-1"],
                "demo-4": ["replicatefrom": "demo-3"],
            ]
            records.pods = [Fixture.pod("demo-0", ip: "10.0.0.7", status: Fixture.status("10.0.0.7", "primary"))]
            for (name, cascade) in cascades.merging(tags, uniquingKeysWith: { $1 }) {
                let host = "10.0.0.\(7 + (name.last?.wholeNumberValue ?? 0))"
                records.pods.append(
                    Fixture.pod(
                        name, ip: host,
                        status: Fixture.status(host, "replica", more: cascade == [:] ? [:] : ["tags": cascade])))
            }
            change(&records)
        }
        listing.arrangeAsTree()
        return listing
    }

    private func tree(_ listing: ClusterListing) -> [String] { listing.members.map(\.nameInTree) }

    @Test func `standbys stand below the member they stream from`() {
        let text = ListRenderer(format: .pretty).rendered([listing()])
        #expect(
            text == """
                + Cluster: demo (7412345678901234567) -----------+----+-------------+-----+------------+-----+-----------------------+
                | Member       | Host      | Role    | State     | TL | Receive LSN | Lag | Replay LSN | Lag | Tags                  |
                +--------------+-----------+---------+-----------+----+-------------+-----+------------+-----+-----------------------+
                | demo-0       | 10.0.0.7  | Leader  | running   |  3 |             |     |            |     |                       |
                | + demo-1     | 10.0.0.8  | Replica | streaming |  3 |   0/5000000 |   0 |  0/5000000 |   0 |                       |
                |   + demo-3   | 10.0.0.10 | Replica | streaming |  3 |   0/5000000 |   0 |  0/5000000 |   0 | replicatefrom: demo-1 |
                |     + demo-4 | 10.0.0.11 | Replica | streaming |  3 |   0/5000000 |   0 |  0/5000000 |   0 | replicatefrom: demo-3 |
                | + demo-2     | 10.0.0.9  | Replica | streaming |  3 |   0/5000000 |   0 |  0/5000000 |   0 |                       |
                +--------------+-----------+---------+-----------+----+-------------+-----+------------+-----+-----------------------+
                """)
    }

    @Test func `one whose source does not stream is below the leader, as it really is`() {
        let listing = listing {
            $0.pods.removeAll { $0.metadata.name == "demo-1" }
            var status = Fixture.status("10.0.0.8", "replica", state: "starting")
            status["replication_state"] = nil
            $0.pods.append(Fixture.pod("demo-1", ip: "10.0.0.8", status: status))
        }
        #expect(tree(listing) == ["demo-0", "+ demo-1", "+ demo-2", "+ demo-3", "  + demo-4"])
        // It stands where it would stream from, and does not.
        #expect(listing.members.map { $0.place?.source } == [nil, nil, "demo-0", "demo-0", "demo-3"])
    }

    @Test(arguments: ["demo-9", "demo-3", "demo-0"])
    func `a tag that names nobody else is no source`(named: String) {
        #expect(
            tree(listing(["demo-3": ["replicatefrom": .string(named)]]))
                == ["demo-0", "+ demo-1", "+ demo-2", "+ demo-3", "  + demo-4"])
    }

    @Test func `members whose tags lead round in a circle are all there`() {
        let listing = listing(["demo-3": ["replicatefrom": "demo-4"]])
        #expect(tree(listing) == ["demo-0", "+ demo-1", "+ demo-2", "+ demo-3", "  + demo-4"])
    }

    @Test func `without a leader every member without a source is a root`() {
        let listing = listing { $0.leader = [:] }
        #expect(tree(listing) == ["demo-0", "demo-1", "+ demo-3", "  + demo-4", "demo-2"])
    }

    @Test func `programs are told whom a member follows`() throws {
        let listing = listing(["demo-2": ["nostream": true]])
        let objects = try JSONValue(parsing: ListRenderer(format: .json).rendered([listing])).arrayValue ?? []
        #expect(objects.map { $0["Member"]?.stringValue } == ["demo-0", "demo-1", "demo-3", "demo-4", "demo-2"])
        #expect(objects.map { $0["Follows"]?.stringValue } == [nil, "demo-0", "demo-1", "demo-3", nil])
        // The list does not tell: nothing was arranged.
        let plain = try JSONValue(parsing: ListRenderer(format: .json, isExtended: true).rendered([Fixture.listing()]))
        #expect(plain.arrayValue?.contains { $0["Follows"] != nil } == false)
    }

    @Test(arguments: [["-A", "demo"], ["-w", "0"], ["-o", "xml"]])
    func `wrong use is refused before anything is asked`(arguments: [String]) async {
        await #expect(throws: (any Error).self) { try await TopologyCommand.asyncParse(arguments) }
    }
}
