import KubernetesModels

/// Everything an application connects with, in the forms that drivers take.
///
/// No form says how to encrypt: the servers have no TLS yet, and each driver's default may ask for it or not. Names and
/// password are of characters no form has to quote.
struct ApplicationConnection: Sendable, Hashable {
    let database: String
    let user: String
    /// Of the Service for writing, within the namespace.
    let host: String
    /// Of the same from other namespaces, whatever the domain of the Kubernetes cluster.
    let distantHost: String
    /// Of the members there are to be now.
    let memberHosts: [String]
    let port: Int

    /// The keys of the Secret beside `username` and `password`.
    func keys(password: String) -> [String: String] {
        let hosts = [host] + memberHosts
        return [
            "host": host, "port": String(port), "dbname": database, "user": user,
            "uri": uri(host, password), "fqdn-uri": uri(distantHost, password),
            "jdbc-uri": "jdbc:postgresql://\(host):\(port)/\(database)?user=\(user)&password=\(password)",
            "dsn": "host=\(hosts.joined(separator: ",")) port=\(port) dbname=\(database) user=\(user) "
                + "password=\(password) target_session_attrs=read-write",
            "pgpass": (hosts + [distantHost]).map { "\($0):\(port):\(database):\(user):\(password)\n" }.joined(),
        ]
    }

    private func uri(_ host: String, _ password: String) -> String {
        "postgresql://\(user):\(password)@\(host):\(port)/\(database)"
    }
}
