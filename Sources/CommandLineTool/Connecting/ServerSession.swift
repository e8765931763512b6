import ClusterRecords
import Glibc
import KubernetesClient
import KubernetesModels
import Units

/// The way to a server, and as whom: what `psql` and `query` have in common.
struct ServerSession {
    var place: ServerPlace
    var member: MemberListing
    var login: Login
    /// nil: the server is reached as it is.
    var forward: PortForward?

    /// Finds the way: the Service, the member itself, otherwise a port that is forwarded through the API server.
    ///
    /// The caller ends it with ``end()``.
    ///
    /// - Throws: ``CommandError`` when there is no such server, or no way to it.
    static func open(
        _ cluster: String, _ connection: ConnectionOptions, _ server: ServerOptions, user: String?, database: String?,
        always forwards: Bool
    ) async throws -> ServerSession {
        let reader = ClusterReader(client: try connection.client())
        let namespace = reader.client.configuration.namespace
        // As published: whoever does not answer the API server's proxy may answer here.
        let records = try await reader.records(cluster, namespace: namespace, asksMembers: false)
        let listing = ClusterListing(namespace: namespace, name: cluster, records: records)
        let member = try server.choice(in: listing)
        let login = try await LoginFinder(
            reader: reader, cluster: cluster, namespace: namespace, spec: records.spec
        ).login(user: user, database: database)
        if !forwards {
            var places: [ServerPlace] = []
            if let service = server.service,
                let place = try await reader.place(of: service, cluster, namespace: namespace)
            {
                places.append(place)
            }
            if let address = member.address { places.append(address) }
            let hasPassword = login.password != nil || getenv("PGPASSWORD") != nil
            for place in places
            where ServerGreeting.ask(place, user: login.user, withPassword: hasPassword) == .postgres {
                return ServerSession(place: place, member: member, login: login)
            }
        }
        let forward = try await PortForward(
            to: member.name, port: member.port ?? MemberPod.postgresPort, namespace: namespace, connection)
        return ServerSession(place: forward.place, member: member, login: login, forward: forward)
    }

    func end() { forward?.end() }

    /// What libpq is to insist on when it asks this server (16 and later; earlier ones do not know it): the greeting was
    /// another connection, and this one may be answered otherwise. nil: the API server vouches for who is asked.
    var requiredProof: String? {
        guard forward == nil else { return nil }
        // Members keep SCRAM verifiers of these passwords. A user's own may be proven as he and his server like, but not by
        // being told to whoever asks.
        return login.password == nil ? "!password,!md5" : "scram-sha-256"
    }

    /// The same for sessions of this process. What the user has set himself stands.
    func requireProof() {
        if let requiredProof { setenv("PGREQUIREAUTH", requiredProof, 0) }
    }

    /// The environment in which libpq finds its way there.
    ///
    /// - Parameter inherited: this process's. What would lead elsewhere in it is taken out.
    func environment(over inherited: [String: String]) -> [String: String] {
        var environment = inherited
        for name in ["PGHOSTADDR", "PGSERVICE"] { environment[name] = nil }
        environment["PGHOST"] = place.host
        environment["PGPORT"] = String(place.port)
        environment["PGUSER"] = login.user
        if let database = login.database { environment["PGDATABASE"] = database }
        if let requiredProof, environment["PGREQUIREAUTH"] == nil { environment["PGREQUIREAUTH"] = requiredProof }
        if let password = login.password { environment["PGPASSWORD"] = password }
        return environment
    }
}
