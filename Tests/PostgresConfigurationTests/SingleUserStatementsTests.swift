import PostgresConfiguration
import Testing

/// What people want to have run once, as a server of a single user reads it.
@Suite struct SingleUserStatementsTests {
    @Test(arguments: [
        ("SELECT 1", "SELECT 1\n;\n\n"), ("SELECT 1 -- last", "SELECT 1 -- last\n;\n\n"), ("", "\n;\n\n"),
        ("a;\n\nb", "a;\n \nb\n;\n\n"), ("a;\n\n\n\nb;\n", "a;\n \n\n\nb;\n\n;\n\n"),
        ("a;\r\n\r\nb", "a;\r\n\r\nb\n;\n\n"),
        ("SELECT 'ü';\n\nSELECT 2", "SELECT 'ü';\n \nSELECT 2\n;\n\n"),
    ])
    func `an empty line after a semicolon ends nothing but the text`(text: String, input: String) {
        #expect(SingleUserStatements(text).input == input)
    }

    private static let text = "CREATE TABLE ü (n int);\n\n  INSERT INTO nowhere VALUES (1);\nSELECT 1"

    @Test func `the line of an error is that of the text`() {
        let refusal = SingleUserStatements(Self.text).refusal([
            "some library speaks", #"42P01 FATAL:  relation "nowhere" does not exist at character 41"#,
        ])
        #expect(refusal?.line == 3)
        #expect(refusal?.excerpt == "INSERT INTO nowhere VALUES (1);")
        #expect(refusal?.sqlState == "42P01")
        #expect(refusal?.words == #"relation "nowhere" does not exist"#)
    }

    @Test func `what PostgreSQL adds is told, and the place in a query within is none of the text`() {
        let messages = [
            "22012 FATAL:  division by zero at character 8", "22012 HINT:  none", "22012 QUERY:  SELECT 1/0",
            "22012 CONTEXT:  PL/pgSQL function inline_code_block line 1 at PERFORM",
        ]
        let refusal = SingleUserStatements("DO 'x'").refusal(messages)
        #expect(refusal?.line == nil)
        #expect(refusal?.words == "division by zero; none; PL/pgSQL function inline_code_block line 1 at PERFORM")
        // Of a single line it is clear which one it is.
        #expect(refusal?.excerpt == "DO 'x'")
        #expect(SingleUserStatements(Self.text).refusal(messages)?.excerpt == nil)
    }

    @Test func `a long line is cut, and without an error there is no refusal`() {
        let statements = SingleUserStatements(String(repeating: "x", count: 300))
        #expect(statements.refusal(["42601 ERROR:  no"])?.excerpt?.count == 121)
        #expect(statements.refusal(["01000 WARNING:  well", "nothing"]) == nil)
    }
}
