import KubernetesModels
import PostgresConfiguration

/// `bootstrap.initdb` of the agent file.
extension InitdbOptions {
    /// What is not named has its default.
    ///
    /// - Throws: for a provider or a size that is none.
    init(json: JSONValue) throws(Problem) {
        self.init()
        dataChecksums = json["dataChecksums"]?.boolValue ?? dataChecksums
        encoding = json["encoding"]?.stringValue ?? encoding
        locale = json["locale"]?.stringValue ?? locale
        icuLocale = json["icuLocale"]?.stringValue
        if let name = json["localeProvider"]?.stringValue {
            guard let provider = LocaleProvider(rawValue: name) else {
                throw Problem(
                    path: "bootstrap.initdb.localeProvider", value: name,
                    rule: "must be one of \(LocaleProvider.allCases.map(\.rawValue).joined(separator: ", "))",
                    refuser: .agent)
            }
            localeProvider = provider
        }
        if let size = json["walSegmentMegabytes"] {
            guard let megabytes = size.intValue, (1...1024).contains(megabytes), megabytes & (megabytes - 1) == 0 else {
                throw Problem(
                    path: "bootstrap.initdb.walSegmentMegabytes", value: size.serialized(),
                    rule: "must be a power of two up to 1024", refuser: .agent)
            }
            walSegmentMegabytes = megabytes
        }
        if let json = json["application"] { application = try ApplicationDatabase(json: json) }
        scripts = try (json["scripts"]?.arrayValue ?? []).map(BootstrapScript.init(json:))
    }

    var json: JSONValue {
        var options: JSONValue = [
            "dataChecksums": .bool(dataChecksums), "encoding": .string(encoding), "locale": .string(locale),
        ]
        if localeProvider != InitdbOptions().localeProvider {
            options["localeProvider"] = .string(localeProvider.rawValue)
        }
        if let icuLocale { options["icuLocale"] = .string(icuLocale) }
        if let walSegmentMegabytes { options["walSegmentMegabytes"] = JSONValue(walSegmentMegabytes) }
        if let application { options["application"] = application.json }
        if !scripts.isEmpty { options["scripts"] = .array(scripts.map(\.json)) }
        return options
    }
}
