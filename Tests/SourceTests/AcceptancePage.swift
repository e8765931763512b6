/// The page of acceptance, as far as a program can read it: its counts, and a line for each row.
struct AcceptancePage {
    enum State: String, CaseIterable {
        case shown, partly, missing, otherwise
    }

    /// A test with its suite, or a scenario with what runs it.
    struct Evidence: Hashable {
        let suite: String
        let name: String

        /// What people run; no run of the tests does.
        static let runs: Set<String> = ["faults", "bench", "chaos"]
    }

    struct Row {
        let number: Int
        /// As it is written; one nobody knows is a problem.
        let state: String
        let evidence: [Evidence]
        /// The last cell.
        let text: Substring
    }

    static let byRunsAlone = "of those shown, by runs alone"

    let rows: [Row]
    /// What the page says of itself.
    let counts: [String: Int]

    init(_ text: String) {
        var rows: [Row] = []
        var counts: [String: Int] = [:]
        for line in text.split(separator: "\n") where line.hasPrefix("| ") {
            let cells = line.split(separator: "|").map(Self.trimmed)
            if cells.count == 4, let number = Int(cells[0]) {
                rows.append(
                    Row(number: number, state: String(cells[2]), evidence: Self.evidence(in: cells[3]), text: cells[3]))
            } else if cells.count == 2, let number = Int(cells[1]) {
                counts[String(cells[0])] = number
            }
        }
        (self.rows, self.counts) = (rows, counts)
    }

    /// Whatever stands in backquotes. Its suite stands before it, or before the first of several with commas between.
    private static func evidence(in cell: Substring) -> [Evidence] {
        let parts = cell.split(separator: "`", omittingEmptySubsequences: false)
        var suite = ""
        return stride(from: 1, to: parts.count, by: 2).map { position in
            let before = parts[position - 1]
            if before != ", " {
                let word = before.split(separator: " ").last ?? ""
                suite = before.hasSuffix(": ") ? String(word.dropLast()) : ""
            }
            return Evidence(suite: suite, name: String(parts[position]))
        }
    }

    private static func trimmed(_ cell: Substring) -> Substring {
        var cell = cell.drop { $0 == " " }
        while cell.last == " " { cell.removeLast() }
        return cell
    }

    /// - Parameters:
    ///   - declared: the tests and scenarios there are.
    ///   - numbers: the rows there have to be, each once.
    /// - Returns: a sentence for each thing the page says that is not so.
    func problems(knowing declared: Set<Evidence>, rows numbers: ClosedRange<Int>) -> [String] {
        var found: [String] = []
        let times = Dictionary(grouping: rows, by: \.number).mapValues(\.count)
        for number in numbers where times[number] != 1 {
            found.append("row \(number) stands there \(times[number] ?? 0) times")
        }
        for number in times.keys.sorted() where !numbers.contains(number) {
            found.append("there is no row \(number)")
        }
        for row in rows {
            for evidence in row.evidence where !declared.contains(evidence) {
                found.append("row \(row.number): there is no \(evidence.suite): \(evidence.name)")
            }
            if let problem = Self.problem(of: row) { found.append("row \(row.number): \(problem)") }
        }
        for (name, count) in countedRows.sorted(by: { $0.key < $1.key }) where counts[name] != count {
            let said = counts[name].map { "\($0)" } ?? "nothing"
            found.append("\(name): there are \(count), and the page says \(said)")
        }
        return found
    }

    /// What the last cell lacks or has too much for the row's state.
    private static func problem(of row: Row) -> String? {
        let lacks = row.text.contains("Not yet: ")
        let isLinked = row.text.contains("](")
        return switch State(rawValue: row.state) {
        case .shown: lacks || row.evidence.isEmpty && !isLinked ? "shown by nothing, or not yet" : nil
        case .partly: lacks ? nil : "partly, and nothing is lacking"
        case .missing: lacks && row.evidence.isEmpty ? nil : "missing, and something shows it or nothing is lacking"
        case .otherwise: row.text.contains("On purpose: ") && isLinked ? nil : "otherwise, and no page says why"
        case nil: "there is no state \(row.state)"
        }
    }

    private var countedRows: [String: Int] {
        var counted: [String: Int] = [:]
        for state in State.allCases { counted[state.rawValue] = rows.count { $0.state == state.rawValue } }
        counted[Self.byRunsAlone] = rows.count { row in
            row.state == State.shown.rawValue && !row.evidence.isEmpty
                && row.evidence.allSatisfy { Evidence.runs.contains($0.suite) }
        }
        return counted
    }
}
