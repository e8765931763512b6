import ClusterRecords
import HighAvailability
import KubernetesModels
import Testing
import Units

@Suite struct PositionAnswerTests {
    private static let report = PositionReport(
        name: "demo-1", isPrimary: false, timeline: Timeline(rawValue: 3), position: LSN(rawValue: 512),
        isEligible: true, priority: 2)
    private static let behind = PositionReport(
        name: "demo-1", isPrimary: false, timeline: Timeline(rawValue: 3), position: LSN(rawValue: 512),
        replayed: LSN(rawValue: 256))
    private static let sealed = PositionReport(
        name: "demo-1", isPrimary: false, timeline: Timeline(rawValue: .max), position: LSN(rawValue: 1 << 62),
        isEligible: false, priority: -1, sealedEpoch: 8)
    private static let primary = PositionReport(
        name: "demo-1", isPrimary: true, timeline: Timeline(rawValue: 1), position: .invalid)

    @Test(arguments: [
        PositionAnswer(report: report, isRunning: false),
        PositionAnswer(report: behind, isRunning: true),
        PositionAnswer(report: sealed, isRunning: true),
        PositionAnswer(report: sealed, isRunning: true, refusal: "the lock is \"held\"\nby demo-0"),
        PositionAnswer(report: primary, isRunning: true, awaitedStandbys: []),
        PositionAnswer(report: primary, isRunning: true, awaitedStandbys: ["demo-2", "demo-0"]),
    ])
    func `what a member answers is what the candidate reads`(answer: PositionAnswer) throws {
        let json = try JSONValue(parsing: answer.json.serialized())
        #expect(PositionAnswer(of: "demo-1", json: json) == answer)
    }

    @Test func `the member that was asked is the one that answered, whatever the body says`() throws {
        let json = try JSONValue(parsing: PositionAnswer(report: Self.report, isRunning: true).json.serialized())
        #expect(PositionAnswer(of: "demo-9", json: json)?.report.name == "demo-9")
    }

    @Test(arguments: [
        #"{}"#, #"{"position": 512}"#, #"{"timeline": 3}"#, #"{"timeline": -1, "position": 512}"#,
        #"{"timeline": 4294967296, "position": 512}"#, #"{"timeline": 3, "position": -1}"#,
        #"{"timeline": "3", "position": 512}"#, "[]", "null",
    ])
    func `an answer without timeline or position is none`(text: String) throws {
        #expect(PositionAnswer(of: "demo-1", json: try JSONValue(parsing: text)) == nil)
    }

    @Test(arguments: ["", #", "replayed": null"#, #", "replayed": "0/100""#, #", "replayed": -1"#])
    func `who does not say what it has replayed, as former versions, is not known to have anything left`(more: String)
        throws
    {
        let text = #"{"timeline": 3, "position": 512\#(more)}"#
        let answer = try #require(PositionAnswer(of: "demo-1", json: try JSONValue(parsing: text)))
        #expect(answer.report.replayed == nil)
    }

    @Test func `who does not say so is not eligible, and awaits nobody it could name`() throws {
        let answer = PositionAnswer(of: "demo-1", json: try JSONValue(parsing: #"{"timeline": 3, "position": 512}"#))
        #expect(answer?.report.isEligible == false && answer?.report.isPrimary == false)
        #expect(answer?.report.priority == 1 && answer?.report.sealedEpoch == nil)
        #expect(answer?.awaitedStandbys == nil)
    }
}
