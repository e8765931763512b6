import ArgumentParser
import KubernetesModels
import Testing

@testable import CommandLineTool

/// `matriarch remove` and `matriarch flush`: Patroni's dialogues.
@Suite struct RemoveDialogueTests {
    private func ask(_ answers: String..., leader: Bool = true) throws -> Int {
        var rest = answers[...]
        let listing = ListingFixture.listing { if !leader { $0.leader = [:] } }
        try RemoveCommand.ask(about: listing) { _ in rest.popFirst() ?? "" }
        return answers.count - rest.count
    }

    @Test func `three right answers remove a cluster, two one without a leader`() throws {
        #expect(try ask("demo", "Yes I am aware", "demo-0") == 3)
        #expect(try ask("demo", "Yes I am aware", leader: false) == 2)
    }

    @Test func `a cluster whose leader does not answer is not called healthy`() throws {
        var asked: [String] = []
        var answers = ["demo", "Yes I am aware", "demo-0"][...]
        try RemoveCommand.ask(about: ListingFixture.listing { $0.silent = ["demo-0"] }) {
            asked.append($0)
            return answers.popFirst() ?? ""
        }
        #expect(
            asked.last == "The leader of this cluster does not answer. Please specify the leader name to continue")
    }

    @Test(arguments: [
        (["other"], "Cluster names specified do not match"), ([], "Cluster names specified do not match"),
        (["demo", "yes I am aware"], #"You did not exactly type "Yes I am aware""#),
        (["demo", "Yes I am aware", "demo-1"], "You did not specify the current leader of the cluster"),
        (["demo", "Yes I am aware"], "You did not specify the current leader of the cluster"),
    ])
    func `a wrong answer ends it`(answers: [String], message: String) throws {
        var rest = answers[...]
        let error = try #require(throws: CommandError.self) {
            try RemoveCommand.ask(about: ListingFixture.listing()) { _ in rest.popFirst() ?? "" }
        }
        #expect(error.description == message)
        #expect(rest.isEmpty, "the first wrong answer is the last one asked for")
    }

    @Test(arguments: [
        ["demo"], ["demo", "demo-1"], ["demo", "demo-1", "switchover"], ["demo", "reload"], [],
    ])
    func `flush wants to know what`(arguments: [String]) async {
        await #expect(throws: (any Error).self) { try await FlushCommand.asyncParse(arguments) }
    }

    @Test func `flush takes members before its last word`() async throws {
        let command = try await FlushCommand.asyncParse(["demo", "demo-1", "demo-2", "restart", "--force"])
        #expect(command.cluster == "demo" && command.members == ["demo-1", "demo-2"] && command.target == .restart)
    }
}
