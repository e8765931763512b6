/// Statements as a server of a single user reads them, and what it says when it refuses one (`postgres --single -j`).
///
/// Such a server takes what stands before a semicolon and an empty line for one query, wherever that is: also in the body of
/// a function. So a blank is put into such empty lines, which changes nothing but texts that have one in quotes.
public struct SingleUserStatements: Hashable, Sendable {
    /// As the server has them, to count its characters.
    private let query: String

    /// - Parameter text: statements, the last one with or without a semicolon.
    public init(_ text: String) {
        var query: [UInt8] = []
        for byte in text.utf8 {
            let end = UInt8(ascii: "\n")
            if byte == end, query.suffix(2) == [UInt8(ascii: ";"), end] { query.append(UInt8(ascii: " ")) }
            query.append(byte)
        }
        self.query = String(decoding: query, as: UTF8.self)
    }

    /// What the server reads: the text, and an end of its own, since the text may end with a comment.
    public var input: String { "\(query)\n;\n\n" }

    /// What a server that gives the SQLSTATE before each of its lines has said.
    public struct Refusal: Hashable, Sendable {
        /// Of the text, from 1; nil: PostgreSQL has not said where.
        public let line: Int?
        /// What stands there, without the blanks around it, cut.
        public let excerpt: String?
        public let sqlState: String
        /// PostgreSQL's words, with what it adds to them.
        public let words: String
    }

    /// - Parameter messages: the server's lines of standard error.
    /// - Returns: nil when there is no error among them.
    public func refusal(_ messages: [String]) -> Refusal? {
        let said = messages.compactMap(ServerMessage.init)
        guard let error = said.lastIndex(where: { ["ERROR", "FATAL", "PANIC"].contains($0.severity) }) else {
            return nil
        }
        let additions = said[(error + 1)...]
        var words = said[error].text
        // With QUERY the place is one within a query that the statement's has led to.
        let isInner = additions.contains { $0.severity == "QUERY" }
        let place = words.ranges(of: Self.placeMark).last
        var line: Int?
        if let place, let character = Int(words[place.upperBound...]) {
            words.removeSubrange(place.lowerBound...)
            if !isInner { line = lineNumber(of: character) }
        }
        for addition in additions where ["DETAIL", "HINT", "CONTEXT"].contains(addition.severity) {
            words += "; \(addition.text)"
        }
        let lines = query.split(separator: "\n", omittingEmptySubsequences: false)
        let shown = line.map { lines[$0 - 1] } ?? (lines.count == 1 ? lines[0] : nil)
        return Refusal(
            line: line, excerpt: shown.map { Self.excerpt(String($0)) }, sqlState: said[error].sqlState, words: words)
    }

    private static let placeMark = " at character "
    private static let longestExcerpt = 120

    private func lineNumber(of character: Int) -> Int {
        1 + query.unicodeScalars.prefix(max(character - 1, 0)).count { $0 == "\n" }
    }

    private static func excerpt(_ line: String) -> String {
        var bare = line.drop { $0.isWhitespace }
        while bare.last?.isWhitespace == true { bare.removeLast() }
        return bare.count > longestExcerpt ? "\(bare.prefix(longestExcerpt))…" : String(bare)
    }
}

/// `42P01 FATAL:  relation "orders" does not exist at character 15`.
private struct ServerMessage {
    let sqlState: String
    let severity: String
    let text: String

    init?(_ line: String) {
        guard let space = line.firstIndex(of: " "), line.distance(from: line.startIndex, to: space) == 5,
            let colon = line[space...].firstIndex(of: ":")
        else { return nil }
        sqlState = String(line[..<space])
        severity = String(line[line.index(after: space)..<colon])
        text = String(line[line.index(after: colon)...].drop { $0 == " " })
    }
}
