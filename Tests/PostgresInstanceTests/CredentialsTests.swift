import Glibc
import ServerControl
import Testing

@testable import PostgresInstance

@Suite struct CredentialsTests {
    private func password(_ contents: String) throws -> String {
        var template = Array("/tmp/matriarch-credentials-XXXXXX".utf8CString)
        let directory = String(cString: try #require(mkdtemp(&template)))
        defer {
            do { try FileSystem.removeTree(directory) } catch { Issue.record("\(error)") }
        }
        try FileSystem.write(contents, to: "\(directory)/password", mode: 0o600, owner: nil)
        return try Credentials.Account(username: "postgres", passwordFile: "\(directory)/password").password()
    }

    @Test(arguments: ["sesame", "sesame\n", "sesame\r\n"])
    func `the end of a line is no part of a password, whoever wrote it`(_ contents: String) throws {
        #expect(try password(contents) == "sesame")
    }

    @Test(arguments: ["", "\n", "\r\n", "two\nlines", "two\r\nlines\n", "sesame\n\n"])
    func `a password is one line`(_ contents: String) {
        let error = #expect(throws: InstanceError.self) { try password(contents) }
        #expect(error?.code == .credentials)
    }
}
