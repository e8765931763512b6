public import PostgresConfiguration
import ServerControl

/// Major versions: data of one is never read, started or changed by programs of another.
extension PostgresInstance {
    /// The version of the data directory; nil without one.
    public nonisolated var dataVersion: ServerVersion? { data.version }

    /// The version of the programs of this image, asked once.
    public func programVersion() async throws -> ServerVersion {
        if let knownProgramVersion { return knownProgramVersion }
        let version = try await layout.binaries.version()
        knownProgramVersion = version
        return version
    }

    /// - Throws: ``InstanceError`` `.versionMismatch` when there is data of another major version than the programs.
    func requireOwnVersion() async throws {
        guard let found = data.version else { return }
        let own = try await programVersion()
        guard found.major == own.major else {
            throw InstanceError(
                .versionMismatch,
                "\(data.path) holds data of PostgreSQL \(found.major), and this image has PostgreSQL \(own.major): it is "
                    + "neither started nor changed. Go back to an image with PostgreSQL \(found.major)")
        }
    }

    /// - Parameter number: `server_version_num` of a server that is to be copied.
    /// - Throws: ``InstanceError`` `.versionMismatch` when this image could not start the copy.
    func requireOwnVersion(of upstream: Upstream, number: Int) async throws {
        let (other, own) = (ServerVersion(number: number), try await programVersion())
        guard other.major == own.major else {
            throw InstanceError(
                .versionMismatch,
                "\(upstream.member) runs PostgreSQL \(other.major), and this image has PostgreSQL \(own.major), which cannot "
                    + "start a copy of it")
        }
    }
}
