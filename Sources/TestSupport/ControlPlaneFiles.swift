import Glibc
import Subprocess
import SystemPackage

/// The temporary folder of a control plane: certificates, keys, tokens.
struct ControlPlaneFiles: Sendable {
    static let adminToken = "admin-token-of-a-throwaway-cluster"
    static let strangerToken = "stranger-token-of-a-throwaway-cluster"

    let folder: String

    init() async throws {
        let base = getenv("TMPDIR").map { String(cString: $0) } ?? "/tmp"
        var template = Array("\(base)/matriarch-control-plane-XXXXXX".utf8CString)
        guard let created = mkdtemp(&template) else {
            throw ControlPlaneError("cannot create a folder in \(base): \(String(cString: strerror(errno)))")
        }
        folder = String(cString: created)
        try await run(Self.certificateScript)
        try write(
            "tokens.csv",
            """
            \(Self.adminToken),admin,admin,"system:masters"
            \(Self.strangerToken),stranger,stranger

            """)
    }

    func path(_ name: String) -> String { "\(folder)/\(name)" }

    func read(_ name: String) throws -> [UInt8] {
        let descriptor = try FileDescriptor.open(FilePath(path(name)), .readOnly)
        return try descriptor.closeAfter {
            var buffer = [UInt8](repeating: 0, count: 64 << 10)
            let count = try buffer.withUnsafeMutableBytes { try descriptor.read(into: $0) }
            return Array(buffer[..<count])
        }
    }

    func write(_ name: String, _ text: String) throws {
        let descriptor = try FileDescriptor.open(
            FilePath(path(name)), .writeOnly, options: [.create, .truncate], permissions: .ownerReadWrite)
        try descriptor.closeAfter { _ = try descriptor.writeAll(text.utf8) }
    }

    func remove() async throws { try await run("cd / && rm -rf \"$FOLDER\"") }

    private func run(_ script: String) async throws {
        let result = try await Subprocess.run(
            .path("/bin/sh"), arguments: ["-ec", script],
            environment: .inherit.updating(["FOLDER": folder]), output: .discarded, error: .string(limit: 64 << 10))
        guard result.terminationStatus.isSuccess else {
            throw ControlPlaneError("preparing \(folder): \(result.standardError)")
        }
    }

    /// One authority; a server certificate for the loopback addresses; a client certificate of an administrator.
    ///
    /// The name stands first: socat looks names up in the order of the certificate, and where `localhost` has no IPv6 address it
    /// gives up at the second of the others.
    private static let certificateScript = """
        command -v openssl >/dev/null || { echo 'openssl is missing; run: scripts/packages' >&2; exit 1; }
        cd "$FOLDER"
        key() { openssl ecparam -name prime256v1 -genkey -noout -out "$1.key"; }
        key ca; key server; key admin; key service-account
        # Valid since yesterday: a machine whose clock is an hour slow must accept them.
        : >index.txt
        cat >ca.cnf <<'END'
        [ca]
        default_ca = default
        [default]
        database = index.txt
        new_certs_dir = .
        rand_serial = yes
        unique_subject = no
        default_md = sha256
        policy = any
        [any]
        commonName = supplied
        organizationName = optional
        END
        sign() {
            openssl req -new -key "$1.key" -subj "$2" -out "$1.csr"
            printf '%s\\n' "$3" >"$1.ext"
            openssl ca -batch -notext -preserveDN -config ca.cnf -in "$1.csr" -out "$1.crt" -extfile "$1.ext" \\
                -startdate "$(date -u -d yesterday +%Y%m%d%H%M%SZ)" -enddate "$(date -u -d '2 days' +%Y%m%d%H%M%SZ)" \\
                -keyfile ca.key ${4:--cert ca.crt}
        }
        sign ca /CN=control-plane 'basicConstraints=critical,CA:TRUE' -selfsign
        sign server /CN=kube-apiserver 'subjectAltName=DNS:localhost,IP:127.0.0.1,IP:::1'
        sign admin /O=system:masters/CN=admin-by-certificate 'extendedKeyUsage=clientAuth'
        """
}

/// Why there is no control plane.
public struct ControlPlaneError: Error, CustomStringConvertible {
    public let description: String

    init(_ description: String) { self.description = description }
}
