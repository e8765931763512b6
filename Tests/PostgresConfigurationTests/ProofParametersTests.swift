import PostgresConfiguration
import Testing
import Units

@testable import PostgresConfiguration

/// What a server that only proves settings is given.
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
            (nil, "16MB"), ("8MB", "8MB"), ("16MB", "16MB"), ("17MB", "16MB"), ("2048", "2048"), ("2049", "16MB"),
            ("900GB", "16MB"), ("0.5GB", "16MB"), ("99999999999999TB", "16MB"),
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

    @Test func `what the member's own server would take is measured with its own sizes`() throws {
        let own = ProofParameters.values(
            for: try settings(["shared_buffers": "8GB"]), version: ServerVersion(major: 15), hasHugePages: false,
            isBounded: false)
        for name in ["shared_buffers", "wal_buffers", "min_dynamic_shared_memory"] {
            #expect(!own.contains { $0.name == name })
        }
        #expect(own.contains { $0 == ("archive_command", "") })
    }

    @Test func `PostgreSQL says how much shared memory a server takes, from 15 on`() {
        #expect(ProofParameters.sharedMemory(told: "143\n") == .mebibytes(143))
        for text in ["", "many\n", "-1\n", "99999999999999999999\n", "18446744073709551615\n"] {
            #expect(ProofParameters.sharedMemory(told: text) == nil)
        }
        #expect(ProofParameters.tellsSharedMemory(ServerVersion(major: 15)))
        #expect(!ProofParameters.tellsSharedMemory(ServerVersion(major: 14)))
    }

    @Test func `a server that takes more than the member has is refused, and a proof only where that is free`() throws {
        func excess(_ megabytes: UInt64, _ parameters: [String: String] = [:], hasHugePages: Bool = false) throws
            -> String?
        {
            ProofParameters.excess(
                sharedMemory: .mebibytes(megabytes), try settings(parameters), memory: .mebibytes(512),
                machine: .mebibytes(4096), hasHugePages: hasHugePages)
        }
        #expect(try excess(512) == nil)
        #expect(
            try excess(513)
                == "the server would take 513 MB of shared memory, more than the 512 MB of memory this member has")
        #expect(try excess(4096, hasHugePages: true) == nil)
        #expect(try excess(4097, hasHugePages: true) != nil)
        #expect(try excess(513, ["huge_pages": "off"], hasHugePages: true) != nil)
        #expect(ProofParameters.shortage(sharedMemory: .mebibytes(24), free: .mebibytes(152)) == nil)
        #expect(ProofParameters.shortage(sharedMemory: .mebibytes(24), free: nil) == nil)
        #expect(
            ProofParameters.shortage(sharedMemory: .mebibytes(24), free: .mebibytes(151))
                == "151 MB of memory are free, and a proof is made only where there are 152 MB")
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
                    corp @./here//it/./is @a/../../beside @. postgres
                    """) == ["dbs", "lists/more", "a file", "maps", "here/it/is"])
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
        #expect(
            ProofParameters.relativeFiles(
                try settings([
                    "ssl_cert_file": "./server.crt", "ssl_key_file": ".tls/key", "ssl_ca_file": "a/../../ca",
                    "ssl_crl_file": "..crl", "ssl_crl_dir": "./",
                ])) == ["..crl", ".tls/key", "server.crt"])
    }
}
