import Glibc
import KubernetesClient
import KubernetesModels
import PostgresClusterAPI
import Testing

/// The server and the operator judge the same specs, drawn from the schema.
@Suite struct AgreementTests {
    private static func number(_ variable: String) -> UInt64? {
        getenv(variable).flatMap { UInt64(String(cString: $0)) }
    }

    /// MATRIARCH_SPEC_SEED repeats a run, MATRIARCH_SPECS makes it longer.
    @Test func `server and operator agree on specs drawn from the schema`() async throws {
        let seed = Self.number("MATRIARCH_SPEC_SEED") ?? UInt64.random(in: 0..<1_000_000_000)
        let count = Int(Self.number("MATRIARCH_SPECS") ?? 400)
        print("specs drawn from the schema: MATRIARCH_SPEC_SEED=\(seed) MATRIARCH_SPECS=\(count)")
        let admission = try await Admission()
        var generator = SpecGenerator(seed: seed)
        var tally = Tally()
        for index in 0..<count {
            let object = admission.object(generator.spec())
            // A field nobody knows is dropped by both; UnknownFieldTests refuse it.
            let answer = try await admission.answer(to: object, validation: .ignore)
            let problems = validate(try object.decoded(), previous: nil)
            tally.add(answer, problems)
            if let difference = Self.difference(between: answer, and: problems) {
                Issue.record(
                    "spec \(index) of seed \(seed): \(difference)\n\(object["spec"] ?? .null)\nserver: \(answer)\noperator: \(problems)"
                )
            }
        }
        print(tally)
        // Otherwise it compares nothing.
        #expect(tally.accepted * 6 >= count && tally.refused * 10 >= count)
        #expect(tally.rules.count >= 3)
    }

    /// Where they differ; nil when they agree.
    ///
    /// What the operator alone can know is no difference; it has a name (``SpecProblem/Knowledge``) and is counted.
    private static func difference(between answer: Answer, and problems: [SpecProblem]) -> String? {
        let shared = problems.filter { $0.source == .schema || $0.source == .rule }
        switch answer {
        case .accepted:
            return shared.isEmpty ? nil : "only the operator refuses it"
        case .refused(let message):
            guard !shared.isEmpty else { return "only the server refuses it" }
            // Rules are tried when all else is right, by both; the client keeps the beginning of a long message.
            guard message.utf8.count < 1000, shared.allSatisfy({ $0.source == .rule }) else { return nil }
            return shared.first { !message.contains(": \($0.message)") }.map {
                "the server does not say: \($0.message)"
            }
        }
    }

    /// Where a text has a format, the server's check of types lets lists through, and the check of formats looks at texts only.
    @Test func `a list in the place of a time passes the server, and the operator refuses it`() async throws {
        let admission = try await Admission()
        let object = admission.object(merged(minimalSpec, ["switchover": ["notBefore": ["x"]]]))
        #expect(try await admission.answer(to: object).isAccepted)
        let problems = validate(try object.decoded(), previous: nil)
        #expect(problems.map(\.path) == ["spec.switchover.notBefore"])
        #expect(problems.first?.message.contains("must be text") == true)
    }

    /// A pattern without a word to draw would only ever be met with a text that does not match.
    @Test func `there is a text for every pattern of the schema`() {
        func visit(_ shape: Shape, _ path: String) {
            switch shape {
            case .text(let pattern, _, _):
                if let pattern { #expect(SpecGenerator.hasText(for: pattern), "\(path): \(pattern)") }
            case .list(let element, _, _), .map(let element, _): visit(element, "\(path)[]")
            case .object(let type): for (name, field) in type.fields { visit(field.shape, "\(path).\(name)") }
            case .choice, .integer, .boolean, .quantity, .timestamp, .passthrough: break
            }
        }
        visit(.object(PostgresClusterSpec.self), "spec")
    }

    /// What was met.
    private struct Tally: CustomStringConvertible {
        var accepted = 0
        var refused = 0
        var rules: [String: Int] = [:]
        var knowledge: [SpecProblem.Knowledge: Int] = [:]

        mutating func add(_ answer: Answer, _ problems: [SpecProblem]) {
            let known = Set(
                problems.compactMap { problem -> SpecProblem.Knowledge? in
                    if case .knowledge(let kind) = problem.source { kind } else { nil }
                })
            switch answer {
            case .accepted where known.isEmpty: accepted += 1
            case .accepted: for kind in known { knowledge[kind, default: 0] += 1 }
            case .refused:
                refused += 1
                for rule in Set(problems.filter { $0.source == .rule }.map(\.message)) { rules[rule, default: 0] += 1 }
            }
        }

        var description: String {
            let kinds = SpecProblem.Knowledge.allCases.map { "\($0.rawValue) \(knowledge[$0] ?? 0)" }
            return
                "accepted by both \(accepted), refused by both \(refused), accepted by the server and refused by the "
                + "operator for what only it knows: \(kinds.joined(separator: ", "))\nrules broken: "
                + rules.sorted { $0.key < $1.key }.map { "\($0.value) × \($0.key)" }.joined(separator: "; ")
        }
    }
}
