import PostgresConfiguration
import Testing
import Units

@testable import PostgresConfiguration

/// What a server that only proves settings is given, and what one is known to start with.
@Suite struct ProofParametersTests {
    private func settings(_ parameters: [String: String]) throws -> PostgresSettings {
        try PostgresSettings(clusterName: "demo", parameters: parameters)
    }

    private func value(_ name: String, _ parameters: [String: String], hasHugePages: Bool = false) throws -> String? {
        ProofParameters.values(
            for: try settings(parameters), version: ServerVersion(major: 15), hasHugePages: hasHugePages
        ).last { $0.name == name }?.value
    }

    @Test(
        arguments: [
            ("16MB", nil), ("128MB", nil), ("16384", nil), ("16385", "128MB"), ("900GB", "128MB"), ("0.5GB", "128MB"),
            ("99999999999999TB", "128MB"),
        ] as [(String, String?)])
    func `a proof has no more buffers than it may have, whatever the settings say`(_ wanted: String, _ given: String?)
        throws
    {
        #expect(try value("shared_buffers", ["shared_buffers": wanted]) == given)
    }

    @Test func `a proof takes no huge pages that the running server may have`() throws {
        #expect(try value("huge_pages", ["huge_pages": "on"], hasHugePages: true) == "try")
        #expect(try value("huge_pages", ["huge_pages": "on"]) == nil)
        #expect(try value("huge_pages", ["huge_pages": "off"], hasHugePages: true) == nil)
    }

    @Test func `a proof archives nothing, and listens to nobody`() throws {
        #expect(try value("archive_command", ["archive_command": "true"]) == "")
        #expect(try value("archive_library", [:]) == "")
        #expect(try value("listen_addresses", [:]) == "")
    }

    @Test func `buffers that are more than the memory are refused, and nothing else is`() throws {
        let memory = ByteCount.mebibytes(4096)
        #expect(
            ProofParameters.lackOfMemory(try settings(["shared_buffers": "900GB"]), memory: memory)
                == "is more than the 4096 MB of memory this member has")
        for value in ["4096MB", "4GB", "1GB", "many"] {
            #expect(ProofParameters.lackOfMemory(try settings(["shared_buffers": value]), memory: memory) == nil)
        }
        #expect(ProofParameters.lackOfMemory(try settings([:]), memory: memory) == nil)
    }

    @Test func `files are found from the data directory as the member's server finds them`() throws {
        #expect(ProofParameters.relativeFiles(try settings([:])) == ["server.crt", "server.key"])
        #expect(
            ProofParameters.relativeFiles(
                try settings(["ssl_cert_file": "/tls/crt", "ssl_key_file": "../tls/key", "ssl_ca_file": "tls/ca"]))
                == ["tls/ca"])
    }

    @Test func `what needs a start is as it was started with, all else as it was read since`() throws {
        let started = try PostgresSettings(
            clusterName: "demo", parameters: ["max_connections": "100", "work_mem": "4MB", "archive_mode": "on"],
            hba: ["local all all reject"])
        let read = try PostgresSettings(
            clusterName: "demo", parameters: ["max_connections": "300", "work_mem": "8MB", "shared_buffers": "9GB"],
            hba: ["host all all all reject"])
        let expected = try PostgresSettings(
            clusterName: "demo", parameters: ["max_connections": "100", "work_mem": "8MB", "archive_mode": "on"],
            hba: ["host all all all reject"])
        #expect(read.inForce(sinceStartWith: started, version: ServerVersion(major: 15)) == expected)
    }
}
