import KubernetesModels
import PostgresConfiguration

extension InitdbOptions {
    /// From the agent file's `bootstrap.initdb`; what it does not name has its default.
    ///
    /// - Throws: ``AgentError`` `.configuration` for a provider or a size that is none.
    init(json: JSONValue, path: String) throws(AgentError) {
        self.init()
        dataChecksums = json["dataChecksums"]?.boolValue ?? dataChecksums
        encoding = json["encoding"]?.stringValue ?? encoding
        locale = json["locale"]?.stringValue ?? locale
        icuLocale = json["icuLocale"]?.stringValue
        if let name = json["localeProvider"]?.stringValue {
            guard let provider = LocaleProvider(rawValue: name) else {
                throw AgentError(
                    .configuration,
                    "\(path): bootstrap.initdb.localeProvider is \(name); it can be "
                        + LocaleProvider.allCases.map(\.rawValue).joined(separator: ", "))
            }
            localeProvider = provider
        }
        if let size = json["walSegmentMegabytes"] {
            guard let megabytes = size.intValue, (1...1024).contains(megabytes), megabytes & (megabytes - 1) == 0 else {
                throw AgentError(
                    .configuration,
                    "\(path): bootstrap.initdb.walSegmentMegabytes is \(size.serialized()); it can be a power of two up to 1024"
                )
            }
            walSegmentMegabytes = megabytes
        }
    }
}
