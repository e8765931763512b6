import ClusterRecords
import KubernetesClient
import KubernetesModels
import PostgresClusterAPI

/// As whom a command connects, and to which database.
struct Login {
    var user: String
    /// nil: libpq's own choice, the one called like the user.
    var database: String?
    /// nil: whoever asks for one is to be told by the user's own means.
    var password: String?
}

/// Finds what is needed to log in, with the rights of whoever asks.
struct LoginFinder {
    let reader: ClusterReader
    let cluster: String
    let namespace: String
    let spec: PostgresClusterSpec?

    /// The superuser of every cluster, whose password is in a Secret of its own.
    static let superuser = "postgres"

    private var scope: Scope { Scope(namespace: namespace, cluster: cluster) }

    /// - Parameters:
    ///   - user: nil: the owner of the application's database.
    ///   - database: nil: the application's for its owner, `postgres` for the superuser.
    /// - Throws: ``CommandError`` when there is no application's Secret, and no user is named.
    func login(user: String?, database: String?) async throws -> Login {
        let initdb = spec?.bootstrap.initdb
        let secretName = initdb?.secretName ?? scope.applicationSecret
        if user == Self.superuser {
            let secret = try await secret(scope.superuserSecret)
            return Login(
                user: Self.superuser, database: database ?? "postgres",
                password: secret.found?.decodedString("password"))
        }
        let secret = try await secret(secretName)
        let owner = secret.found?.decodedString("username") ?? initdb?.owner ?? initdb?.database ?? "app"
        if secret == .absent && user == nil {
            throw CommandError(
                "cluster \(cluster) has no Secret \(secretName) of an application: name a user, such as -U \(Self.superuser)"
            )
        }
        guard user == nil || user == owner else { return Login(user: user ?? owner, database: database) }
        return Login(
            user: owner, database: database ?? secret.found?.decodedString("dbname") ?? initdb?.database ?? owner,
            password: secret.found?.decodedString("password"))
    }

    private enum Finding: Equatable {
        case found(Secret)
        case absent
        case forbidden

        var found: Secret? {
            switch self {
            case .found(let secret): secret
            case .absent, .forbidden: nil
            }
        }
    }

    private func secret(_ name: String) async throws -> Finding {
        let problem: KubernetesError
        do {
            return .found(try await reader.client.get(Secret.self, name: name, namespace: namespace))
        } catch {
            problem = error
        }
        if problem.isNotFound { return .absent }
        guard problem.isForbidden else { throw problem }
        Terminal.note("the Secret \(name) may not be read: its password has to be given")
        return .forbidden
    }
}
