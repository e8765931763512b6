import Logging
public import PostgresConfiguration
import ServerControl

extension PostgresBinaries {
    /// Asks `postgres --version`, which needs no data, no user and no configuration.
    ///
    /// - Throws: ``InstanceError`` `.toolFailed` or `.timeout`.
    public func version() async throws -> ServerVersion {
        let layout = InstanceLayout(
            dataDirectory: "/", socketDirectory: "/", runtimeDirectory: "/", binaries: self, memberName: "")
        let output = try await ToolRunner(layout: layout, logger: Logger(label: "version")).run(
            Tool(program: "postgres", arguments: ["--version"], deadline: .seconds(10)))
        guard let version = ServerVersion(output.standardOutput) else {
            throw InstanceError(.toolFailed, "postgres --version said \"\(output.standardOutput)\"")
        }
        return version
    }
}
