import PostgresClusterAPI
import PostgresConfiguration

extension InitDBSpec {
    /// The statements of a new cluster, in the order they run in.
    var scripts: [BootstrapScript] {
        func scripts(
            _ database: BootstrapScript.Database, _ key: CodingKeys, _ texts: [String]?, _ references: SQLReferences?
        ) -> [BootstrapScript] {
            let mounted = (references?.configMapRefs ?? []).enumerated().map { index, reference in
                BootstrapScript(
                    field: "\(key.rawValue)Refs.configMapRefs[\(index)]", database: database,
                    source: .mounted(.init(configMap: reference.name, key: reference.key)))
            }
            let written = (texts ?? []).enumerated().map { index, text in
                BootstrapScript(field: "\(key.rawValue)[\(index)]", database: database, source: .text(text))
            }
            return written + mounted
        }
        return scripts(.maintenance, .postInitSQL, postInitSQL, postInitSQLRefs)
            + scripts(.application, .postInitApplicationSQL, postInitApplicationSQL, postInitApplicationSQLRefs)
    }

    /// What of them is mounted, each key once: two sources of one path would be refused.
    var mountedScripts: [BootstrapScript.Reference] {
        var seen: Set<BootstrapScript.Reference> = []
        return scripts.compactMap { script in
            switch script.source {
            case .mounted(let reference) where seen.insert(reference).inserted: reference
            case .mounted, .text: nil
            }
        }
    }
}
