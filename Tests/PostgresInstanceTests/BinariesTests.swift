import ServerControl
import Testing

@testable import PostgresInstance

struct BinariesTests {
    @Test func `missing PostgreSQL is one line with the program and the paths tried`() {
        #expect {
            try PostgresBinaries.locate(searchPaths: ["/nowhere/bin", "/usr/share"])
        } throws: { error in
            let message = (error as? InstanceError)?.message
            return message == "PostgreSQL program \"postgres\" not found; tried /nowhere/bin, /usr/share"
        }
    }

    @Test func `the environment of children hides secrets and Services, not the path`() {
        for name in ["PATRONI_SCOPE", "KUBERNETES_PORT", "PGPASSWORD", "DEMO_PORT", "DEMO_SERVICE_HOST", "API_TOKEN"] {
            #expect(ChildEnvironment.isHidden(name), "\(name) is passed on")
        }
        for name in ["PATH", "HOME", "LANG", "TZ", "LD_LIBRARY_PATH"] {
            #expect(!ChildEnvironment.isHidden(name), "\(name) is hidden")
        }
    }

    @Test func `postmaster's files are read, and rubbish is not`() {
        let lock = PostmasterLockFile(parsing: "4711\n/data/pg\n1700000000\n5432\n/run\n*\n 5432001 32768\nready   \n")
        #expect(lock?.pid == 4711)
        #expect(lock?.status == "ready")
        #expect(PostmasterLockFile(parsing: "") == nil)
        #expect(PostmasterLockFile(parsing: "-2147483648\n/x")?.pid == .max)
        #expect(
            PostmasterOptions.parameters(parsing: "/bin/postgres \"-D\" \"/d\" \"-c\" \"port=1\" \"-c\" \"a=b=c\"\n")
                == ["port": "1", "a": "b=c"])
    }
}
