import FoundationEssentials
import HTTPTransport
import KubernetesModels
import YAML

/// One or several kubeconfig files, merged as kubectl does: the first to say something wins.
struct Kubeconfig {
    private struct Entry {
        let value: JSONValue
        /// Relative paths are relative to the file they stand in.
        let folder: String
    }

    private var clusters: [String: Entry] = [:]
    private var users: [String: Entry] = [:]
    private var contexts: [String: Entry] = [:]
    private var currentContext: String?
    private let paths: [String]

    private var place: String { paths.joined(separator: ":") }

    init(paths: [String]) throws(KubernetesError) {
        self.paths = paths
        let present = paths.count > 1 ? paths.filter(FileContents.isReadable) : paths
        guard !present.isEmpty else { throw .invalidConfiguration("\(paths.joined(separator: ":")): no such file") }
        for path in present {
            let document: JSONValue
            let text = try FileContents.readText(path)
            do {
                document = try YAML.parse(text)
            } catch {
                throw .invalidConfiguration("\(path): \(error)")
            }
            let folder = path.lastIndex(of: "/").map { String(path[..<$0]) } ?? "."
            Self.merge(document["clusters"], "cluster", folder, into: &clusters)
            Self.merge(document["users"], "user", folder, into: &users)
            Self.merge(document["contexts"], "context", folder, into: &contexts)
            if currentContext == nil, let name = document["current-context"]?.stringValue, !name.isEmpty {
                currentContext = name
            }
        }
    }

    private static func merge(
        _ list: JSONValue?, _ member: String, _ folder: String, into entries: inout [String: Entry]
    ) {
        for item in list?.arrayValue ?? [] {
            guard let name = item["name"]?.stringValue, entries[name] == nil else { continue }
            entries[name] = Entry(value: item[member] ?? .null, folder: folder)
        }
    }

    func configuration(context wanted: String?) throws(KubernetesError) -> ClusterConfiguration {
        guard let name = wanted ?? currentContext else {
            throw .invalidConfiguration("\(place): no current-context, and no context was asked for")
        }
        guard let context = contexts[name]?.value else {
            throw .invalidConfiguration("\(place): context \"\(name)\" is not defined")
        }
        guard let clusterName = context["cluster"]?.stringValue, let cluster = clusters[clusterName] else {
            throw .invalidConfiguration("\(place): context \"\(name)\" names no defined cluster")
        }
        guard let server = cluster.value["server"]?.stringValue, server.contains("://") else {
            throw .invalidConfiguration("\(place): cluster \"\(clusterName)\" has no server URL")
        }
        var result = ClusterConfiguration(
            server: server, serverTrust: try trust(cluster),
            namespace: context["namespace"]?.stringValue ?? "default",
            tlsServerName: cluster.value["tls-server-name"]?.stringValue,
            proxyURL: cluster.value["proxy-url"]?.stringValue)
        guard let userName = context["user"]?.stringValue, !userName.isEmpty else { return result }
        guard let user = users[userName] else {
            throw .invalidConfiguration("\(place): user \"\(userName)\" is not defined")
        }
        result.clientCertificate = try clientCertificate(user)
        result.credential = try credential(user, cluster: cluster, server: server)
        return result
    }

    private func trust(_ cluster: Entry) throws(KubernetesError) -> HTTPTransportConfiguration.ServerTrust {
        if cluster.value["insecure-skip-tls-verify"]?.boolValue == true { return .none }
        if let data = try bytes(cluster, "certificate-authority") { return .authority(data) }
        return .system
    }

    private func clientCertificate(
        _ user: Entry
    ) throws(KubernetesError) -> HTTPTransportConfiguration.ClientCertificate? {
        guard let certificate = try bytes(user, "client-certificate") else { return nil }
        guard let key = try bytes(user, "client-key") else {
            throw .invalidConfiguration("\(place): a user has a client certificate without a key")
        }
        return .init(certificate: certificate, key: key)
    }

    private func credential(
        _ user: Entry, cluster: Entry, server: String
    ) throws(KubernetesError) -> Credential {
        if let plugin = user.value["exec"] {
            return .plugin(
                try ExecCredentialPlugin(
                    exec: plugin, folder: user.folder, cluster: cluster.value, place: place))
        }
        if let path = user.value["tokenFile"]?.stringValue, !path.isEmpty {
            return .tokenFile(Self.resolve(path, in: user.folder))
        }
        if let token = user.value["token"]?.stringValue, !token.isEmpty { return .token(token) }
        if let name = user.value["username"]?.stringValue, !name.isEmpty {
            return .basic(user: name, password: user.value["password"]?.stringValue ?? "")
        }
        return .none
    }

    /// `<key>-data` in base64, or the file `<key>` names. Data wins, as with kubectl.
    private func bytes(_ entry: Entry, _ key: String) throws(KubernetesError) -> [UInt8]? {
        if let text = entry.value["\(key)-data"]?.stringValue, !text.isEmpty {
            guard let data = Data(base64Encoded: text, options: .ignoreUnknownCharacters) else {
                throw .invalidConfiguration("\(place): \(key)-data is not base64")
            }
            return [UInt8](data)
        }
        guard let path = entry.value[key]?.stringValue, !path.isEmpty else { return nil }
        return try FileContents.read(Self.resolve(path, in: entry.folder))
    }

    static func resolve(_ path: String, in folder: String) -> String {
        path.hasPrefix("/") ? path : "\(folder)/\(path)"
    }
}
