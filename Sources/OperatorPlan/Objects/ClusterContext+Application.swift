import ClusterRecords
import KubernetesModels
import PostgresClusterAPI
import PostgresConfiguration

/// The database a cluster is made with for an application.
extension ClusterContext {
    /// As the spec names it; whether there is one is ``application``.
    private var wantedApplication: ApplicationDatabase {
        let initdb = spec.bootstrap.initdb
        let name = initdb.database ?? "app"
        return ApplicationDatabase(
            name: name, owner: initdb.owner ?? name, secret: initdb.secretName ?? scope.applicationSecret)
    }

    /// Whether the cluster was, or is about to be, made with a database for an application.
    ///
    /// One that an earlier operator made has none, and its spec may be the same as that of a new one. Its Pods do not mount the
    /// Secret, and that must not change: another template would restart every member. So the StatefulSet tells, and
    /// the Secret, which only an operator that knows of it makes: an earlier one that came back for a while has made the
    /// template anew without it. Only a cluster without data begins with one. A copy has the databases of what it was copied from.
    ///
    /// - Parameter hasData: whether the first member has made them.
    func madeWithApplication(in observed: Observed, hasData: Bool) -> ApplicationDatabase? {
        let owners = observed.secrets[scope.applicationSecret]?.ownerReferences ?? []
        let hasSecret = owners.contains { $0.uid == uid }
        let isMade: Bool
        if let live = observed.objects[ObjectKey(StatefulSet.resource, scope.statefulSet)] {
            isMade = Self.mountsApplication(live) || hasSecret
        } else if hasData {
            isMade = spec.bootstrap.initdb.secretName != nil || hasSecret
        } else {
            isMade = spec.remote == nil
        }
        return isMade ? wantedApplication : nil
    }

    private static func mountsApplication(_ statefulSet: JSONValue) -> Bool {
        let volumes = statefulSet.value(at: "spec", "template", "spec", "volumes")?.arrayValue ?? []
        let sources = volumes.flatMap { $0.value(at: "projected", "sources")?.arrayValue ?? [] }
        let paths = sources.flatMap { $0.value(at: "secret", "items")?.arrayValue ?? [] }.map {
            $0["path"]?.stringValue
        }
        return paths.contains(secretPath(MemberPod.applicationFolder, "password"))
    }

    /// The Secret the operator makes; nil where there is no such database, or somebody else makes the Secret.
    func applicationSecret() -> SecretRequest? {
        guard let application, application.secret == scope.applicationSecret else { return nil }
        let members = (0..<spec.instances).map { "\(scope.pod($0)).\(scope.podsService)" }
        return SecretRequest(
            name: application.secret, username: application.owner,
            metadata: metadata(application.secret, component: Component.credentials),
            connection: ApplicationConnection(
                database: application.name, user: application.owner, host: scope.readWriteService,
                distantHost: "\(scope.readWriteService).\(namespace).svc", memberHosts: members,
                port: MemberPod.postgresPort))
    }
}
