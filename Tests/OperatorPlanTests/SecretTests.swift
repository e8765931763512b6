import KubernetesModels
import OperatorPlan
import PostgresClusterAPI
import Testing

/// Passwords are made once, before there are data.
@Suite struct SecretTests {
    private func created(_ changes: [Change]) -> [String] {
        changes.compactMap { if case .createSecret(let secret) = $0 { secret.name } else { nil } }
    }

    private func appliesStatefulSet(_ changes: [Change]) -> Bool {
        changes.contains { if case .apply(let key, _) = $0 { key.resource == StatefulSet.resource } else { false } }
    }

    @Test func `a Secret that disappears from a cluster with data is not made anew, and asked for`() throws {
        var world = try World.running()
        world.observed.secrets["demo-replication"] = nil
        #expect(created(try world.settle()).isEmpty)
        #expect(try world.condition(.degraded) == "True SecretMissing")
        #expect(try world.status.condition(.degraded)?.message.contains("demo-replication again") == true)
        // Nobody watches Secrets.
        #expect(try world.planned().requeueAfter != nil)
        world.observed.secrets["demo-replication"] = ObjectMeta()
        try world.settle()
        #expect(try world.condition(.degraded) == "False Sound")
    }

    @Test func `the data are remembered when the store is lost, too`() throws {
        var world = try World.running()
        world.observed.secrets = [:]
        world.observed.store = StoreSnapshot()
        // A role of an application can be given another password at any time.
        #expect(created(try world.settle()) == ["demo-app"])
    }

    @Test func `no Pod is replaced while it could not come back for want of a Secret`() throws {
        var world = try World.running()
        world.reportRevision("r2")
        world.observed.secrets["demo-superuser"] = nil
        let deleted = try world.settle().contains { if case .delete = $0 { true } else { false } }
        #expect(!deleted && world.observed.pods.count == 3)
        world.observed.secrets["demo-superuser"] = ObjectMeta()
        #expect(try world.planned().changes.contains { if case .delete = $0 { true } else { false } })
    }

    /// Deleted and created again at once.
    @Test func `Secrets of the cluster before are waited for until they are collected`() throws {
        var world = World()
        let before = OwnerReference(
            apiVersion: "matriarch.dev/v1alpha1", kind: "PostgresCluster", name: "demo", uid: "u-0", controller: true)
        world.observed.secrets["demo-superuser"] = ObjectMeta(name: "demo-superuser", ownerReferences: [before])
        let waiting = try world.settle()
        #expect(created(waiting).isEmpty && !appliesStatefulSet(waiting))
        #expect(try world.condition(.degraded) == "True ObjectNotOurs")
        world.observed.secrets = [:]
        #expect(created(try world.settle()) == ["demo-superuser", "demo-replication", "demo-rewind", "demo-app"])
        #expect(world.replicas == 3)
    }

    @Test func `a Secret that is being deleted is waited for before Pods mount it`() throws {
        var world = World()
        world.observed.secrets["demo-rewind"] = ObjectMeta(deletionTimestamp: world.now)
        let waiting = try world.settle()
        #expect(created(waiting) == ["demo-superuser", "demo-replication"] && !appliesStatefulSet(waiting))
        #expect(try world.planned().requeueAfter != nil)
        world.observed.secrets["demo-rewind"] = nil
        let done = try world.settle()
        #expect(created(done) == ["demo-rewind", "demo-app"] && appliesStatefulSet(done))
    }

    @Test func `Secrets that somebody made, owned by whatever made them, are used`() throws {
        var world = World()
        let tool = OwnerReference(apiVersion: "example.org/v1", kind: "ExternalSecret", name: "demo", uid: "x")
        for name in StandbyClusterTests.secrets + ["demo-app"] {
            world.observed.secrets[name] = ObjectMeta(ownerReferences: [tool])
        }
        #expect(created(try world.settle()).isEmpty)
        #expect(world.replicas == 3)
        #expect(try world.condition(.degraded) == "False Sound")
    }

    /// Volumes are there and the store is not: the roles are set to the new passwords at the start.
    @Test func `a new cluster on kept volumes gets new passwords`() throws {
        var world = World()
        world.observed.volumeClaims = ["data-demo-0", "data-demo-1", "data-demo-2"]
        #expect(created(try world.settle()).count == 4)
    }
}
