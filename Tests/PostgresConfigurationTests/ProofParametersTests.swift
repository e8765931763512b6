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
            (nil, "16MB"), ("16MB", "16MB"), ("128MB", "128MB"), ("16384", "16384"), ("16385", "128MB"),
            ("900GB", "128MB"), ("0.5GB", "128MB"), ("99999999999999TB", "128MB"),
        ] as [(String?, String)])
    func `a proof has no more buffers than it may have, whatever the settings say`(_ wanted: String?, _ given: String)
        throws
    {
        #expect(try value("shared_buffers", wanted.map { ["shared_buffers": $0] } ?? [:]) == given)
    }

    @Test func `a proof has little memory beside its buffers`() throws {
        #expect(try value("wal_buffers", ["wal_buffers": "1GB"]) == "64kB")
        #expect(try value("min_dynamic_shared_memory", ["min_dynamic_shared_memory": "8GB"]) == "0")
        let old = ProofParameters.values(for: try settings([:]), version: ServerVersion(major: 13), hasHugePages: false)
        #expect(!old.contains { $0.name == "min_dynamic_shared_memory" })
    }

    @Test func `a proof takes no huge pages, and who insists on some where there are none is refused`() throws {
        for wanted in [[:], ["huge_pages": "on"], ["huge_pages": "try"], ["huge_pages": "off"]] {
            #expect(try value("huge_pages", wanted, hasHugePages: true) == "off")
            #expect(try value("huge_pages", wanted) == nil)
            let lack = ProofParameters.lackOfHugePages(try settings(wanted), hasHugePages: false)
            #expect((lack != nil) == (wanted["huge_pages"] == "on"))
            #expect(ProofParameters.lackOfHugePages(try settings(wanted), hasHugePages: true) == nil)
        }
    }

    @Test func `a proof archives nothing, and listens to nobody`() throws {
        #expect(try value("archive_command", ["archive_command": "true"]) == "")
        #expect(try value("archive_library", [:]) == "")
        #expect(try value("listen_addresses", [:]) == "")
        #expect(try value("logging_collector", ["logging_collector": "on"]) == "off")
    }

    @Test func `the folder of the log counts where PostgreSQL writes one`() throws {
        #expect(ProofParameters.logFolder(try settings([:])) == nil)
        #expect(ProofParameters.logFolder(try settings(["log_directory": "/logs"])) == nil)
        #expect(ProofParameters.logFolder(try settings(["logging_collector": "on"])) == "log")
        #expect(
            ProofParameters.logFolder(try settings(["logging_collector": "1", "log_directory": "/logs"])) == "/logs")
    }

    @Test func `a proof has the smallest segments, unless settings are measured by them`() throws {
        func megabytes(_ parameters: [String: String], automatic: String = "") throws -> Int {
            ProofParameters.walSegmentMegabytes(of: 64, try settings(parameters), automaticConfiguration: automatic)
        }
        #expect(try megabytes([:]) == 1)
        #expect(try megabytes(["wal_keep_size": "1GB"]) == 1)
        #expect(try megabytes(["max_wal_size": "1GB"]) == 64)
        #expect(try megabytes(["min_wal_size": "1GB"]) == 64)
        #expect(try megabytes([:], automatic: "min_wal_size = '80MB'\n") == 64)
    }

    @Test func `a proof needs more than twice the room it takes`() {
        #expect(ProofParameters.room(walSegmentMegabytes: 1) == .mebibytes(250))
        #expect(ProofParameters.room(walSegmentMegabytes: 1024) == .mebibytes(2296))
    }

    @Test func `files that lines name are found as PostgreSQL finds them`() {
        #expect(
            ProofParameters.namedFiles(
                in: """
                    # @comment
                    host @dbs,other,@lists/more @"a file" all scram-sha-256 # @late
                    host "@quoted" a@b 10.0.0.0/8 ldap ldapbinddn="cn=@x"
                    host @/absolute @../beside all scram-sha-256
                    corp @maps postgres
                    """) == ["dbs", "lists/more", "a file", "maps"])
    }

    @Test func `buffers that are more than the memory are refused, and nothing else is`() throws {
        let memory = ByteCount.mebibytes(4096)
        func lack(
            _ parameters: [String: String], memory: ByteCount? = memory, machine: ByteCount? = .mebibytes(65536),
            hasHugePages: Bool = false
        ) throws -> String? {
            ProofParameters.lackOfMemory(
                try settings(parameters), memory: memory, machine: machine, hasHugePages: hasHugePages)
        }
        #expect(try lack(["shared_buffers": "900GB"]) == "is more than the 4096 MB of memory this member has")
        for value in ["4096MB", "4GB", "1GB", "many"] { #expect(try lack(["shared_buffers": value]) == nil) }
        #expect(try lack([:]) == nil)
        #expect(try lack(["shared_buffers": "900GB"], memory: nil, machine: nil) == nil)
        #expect(try lack(["shared_buffers": "8GB"], memory: nil, machine: memory) != nil)
        #expect(try lack(["shared_buffers": "8GB"], memory: .mebibytes(1 << 30), machine: memory) != nil)
    }

    @Test func `buffers in huge pages are measured by the machine, for they are not charged to the member`() throws {
        func lack(_ parameters: [String: String]) throws -> String? {
            ProofParameters.lackOfMemory(
                try settings(parameters), memory: .mebibytes(8192), machine: .mebibytes(65536), hasHugePages: true)
        }
        #expect(try lack(["shared_buffers": "12GB"]) == nil)
        #expect(try lack(["shared_buffers": "12GB", "huge_pages": "on"]) == nil)
        #expect(
            try lack(["shared_buffers": "12GB", "huge_pages": "off"])
                == "is more than the 8192 MB of memory this member has")
        #expect(try lack(["shared_buffers": "90GB"]) == "is more than the 65536 MB of memory the machine has")
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
