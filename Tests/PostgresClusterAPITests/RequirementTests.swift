import KubernetesModels
import Testing

@testable import PostgresClusterAPI

@Suite struct RequirementTests {
    private let formula = Requirement.atMost(
        Sum(.init("ttl"), .init("fenceMargin", times: -1, fallback: 3)),
        Sum(.init("loopWait"), .init("retryTimeout", times: 2)))

    @Test func `every property is guarded before it is read`() {
        let expected: [(Requirement, String)] = [
            (.equals("mode", "off"), "(has(self.mode) && self.mode == 'off')"),
            (.not(.differs("strict", false)), "!(has(self.strict) && self.strict != false)"),
            (
                .entryDiffers(in: "parameters", key: "wal_level", from: ["replica", "it's"]),
                #"(has(self.parameters) && 'wal_level' in self.parameters && "#
                    + #"!(self.parameters['wal_level'] in ['replica', 'it\'s']))"#
            ),
            (.not(.isUnchanged), "!(self == oldSelf)"),
            (
                formula,
                "(has(self.ttl) && has(self.loopWait) && has(self.retryTimeout) && "
                    + "self.ttl - (has(self.fenceMargin) ? self.fenceMargin : 3) <= self.loopWait + 2 * self.retryTimeout)"
            ),
        ]
        for (requirement, text) in expected { #expect(requirement.expression == text) }
    }

    @Test func `a property that is absent or null neither equals nor differs`() {
        for object in [[:], ["mode": nil]] as [JSONValue] {
            #expect(!Requirement.isPresent("mode").holds(of: object))
            #expect(!Requirement.equals("mode", "off").holds(of: object))
            #expect(!Requirement.differs("mode", "off").holds(of: object))
        }
    }

    @Test(
        arguments: [
            (["ttl": 25, "loopWait": 10, "retryTimeout": 10], true),
            (["ttl": 34, "loopWait": 10, "retryTimeout": 10], false),
            (["ttl": 34, "loopWait": 10, "retryTimeout": 10, "fenceMargin": 4], true), (["ttl": 3], false),
            (["ttl": 3, "loopWait": .int(.max), "retryTimeout": .int(.max)], false),
        ] as [(JSONValue, Bool)])
    func `sums are compared when all their properties are there`(_ object: JSONValue, _ holds: Bool) {
        #expect(formula.holds(of: object) == holds)
    }

    @Test func `a change is one only where there was something before`() {
        let keeps = Requirement.keeps("storageClassName")
        #expect(keeps.holds(of: ["storageClassName": "fast"]))
        #expect(keeps.holds(of: ["storageClassName": "fast", "size": "2Gi"], former: ["storageClassName": "fast"]))
        #expect(!keeps.holds(of: [:], former: ["storageClassName": "fast"]))
        #expect(!keeps.holds(of: ["storageClassName": "fast"], former: [:]))
        #expect(Requirement.isUnchanged.holds(of: [:]) && !Requirement.isUnchanged.holds(of: [:], former: ["a": 1]))
        #expect(keeps.isTransition && Requirement.not(.any([.isUnchanged])).isTransition)
    }

    @Test func `a broken sum is shown with its figures`() {
        let sum = Sum(.init("ttl"), .init("fenceMargin", times: -1, fallback: 3))
        #expect(sum.figures(in: ["ttl": 25]) == "ttl 25 − fenceMargin 3 = 22")
        #expect(sum.figures(in: [:]) == nil)
    }
}
