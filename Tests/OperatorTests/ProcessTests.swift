import ControllerRuntime
import KubernetesClient
import KubernetesModels
import Operator
import PostgresClusterAPI
import TestSupport
import Testing

@Suite(.timeLimit(.minutes(3))) struct ProcessTests {
    @Test func `of two operators one acts, and the other takes over when it stops`() async throws {
        let lab = try await OperatorLab()
        let first = lab.start("operator-0")
        try await eventually("the first leads") {
            first.health.current
        } until: {
            $0 == .leading
        }
        let second = lab.start("operator-1")
        try await eventually("the second follows") {
            second.health.current
        } until: {
            $0 == .following
        }
        try await lab.apply()
        try await eventually("the StatefulSet") { try await lab.isPresent(StatefulSet.self, "demo") }
        #expect(second.reconciles == 0)
        #expect(second.health.readyz.isOK)

        #expect(try await first.stop() == .released)
        let stopped = ContinuousClock.now
        try await eventually("the second leads") {
            second.health.current
        } until: {
            $0 == .leading
        }
        // A lease that runs out instead of being released takes 15 s.
        #expect(stopped.duration(to: .now) < .seconds(5))
        let before = first.reconciles
        try await lab.apply("other")
        try await eventually("its StatefulSet") { try await lab.isPresent(StatefulSet.self, "other") }
        #expect(first.reconciles == before)
        #expect(try await second.stop() == .released)
        let lease = try await lab.client.get(Lease.self, name: "matriarch-operator", namespace: lab.namespace)
        #expect(lease.spec?.holderIdentity == "")
    }

    @Test func `an operator that loses its lease says so and stops acting`() async throws {
        let lab = try await OperatorLab()
        let running = lab.start(
            election: ElectionTimings(
                leaseDuration: .seconds(3), renewDeadline: .seconds(2), retryPeriod: .milliseconds(200)))
        try await eventually("it leads") {
            running.health.current
        } until: {
            $0 == .leading
        }
        _ = try await lab.client.mergePatch(
            Lease.self, name: "matriarch-operator", namespace: lab.namespace,
            body: ["spec": ["holderIdentity": "another", "leaseDurationSeconds": 60]])
        try await eventually("it noticed") {
            running.health.current
        } until: {
            $0 == .lost
        }
        #expect(!running.health.healthz.isOK)
        #expect(try await running.stop() == .lost)
    }

    @Test func `an API server that is away is waited for, at the start and later`() async throws {
        let plane = try await ControlPlane.start()
        let client = KubernetesClient(configuration: plane.admin)
        try await OperatorLab.installDefinition(client)
        let namespace = try await plane.namespace()
        try await plane.stopAPIServer()
        let running = RunningOperator(
            OperatorConfiguration(
                cluster: plane.admin, podName: "operator-0", namespace: namespace, watchedNamespace: namespace,
                election: ElectionTimings(
                    leaseDuration: .seconds(60), renewDeadline: .seconds(45), retryPeriod: .milliseconds(500))))
        try await eventually("attempts") {
            running.metric("rest_client_requests_total", "code=\"<error>\"")
        } until: {
            $0 >= 2
        }
        #expect(running.health.current == .following)
        try await plane.startAPIServer()
        try await eventually("it leads") {
            running.health.current
        } until: {
            $0 == .leading
        }

        // Away for less than the renew deadline: the term goes on, and so do the watches.
        try await plane.stopAPIServer()
        try await plane.startAPIServer()
        _ = try await client.createRaw(
            PostgresCluster.resource,
            body: [
                "metadata": ["name": "demo", "namespace": .string(namespace)],
                "spec": ["instances": 1, "image": "matriarch-postgres:15", "storage": ["size": "1Gi"]],
            ], namespace: namespace)
        try await eventually(within: .seconds(40), "the StatefulSet") {
            _ = try await client.get(StatefulSet.self, name: "demo", namespace: namespace)
            return true
        }
        _ = try await running.stop()
        try await plane.stop()
    }

    @Test func `the metrics carry the names dashboards know`() async throws {
        let lab = try await OperatorLab()
        try await lab.withOperator { running in
            try await lab.apply()
            try await eventually("the StatefulSet") { try await lab.isPresent(StatefulSet.self, "demo") }
            try await eventually("a success") {
                running.reconciles
            } until: {
                $0 > 0
            }
            let text = running.health.metrics
            for name in [
                "controller_runtime_reconcile_total{controller=\"postgrescluster\"",
                "controller_runtime_reconcile_errors_total{", "controller_runtime_reconcile_time_seconds_bucket{",
                "controller_runtime_max_concurrent_reconciles{", "controller_runtime_active_workers{",
                "workqueue_depth{", "workqueue_adds_total{", "workqueue_queue_duration_seconds_count{",
                "workqueue_unfinished_work_seconds{", "rest_client_requests_total{code=\"200\",method=\"GET\"",
                "leader_election_master_status{name=\"matriarch-operator\"} 1", "process_resident_memory_bytes ",
                "matriarch_cluster_ready{",
            ] {
                #expect(text.contains(name), "\(name)")
            }
        }
    }

    /// Not in an account of names: of the text as it is served.
    @Test func `Prometheus' own check finds nothing wrong with the metrics`() async throws {
        let lab = try await OperatorLab()
        try await lab.withOperator { running in
            try await lab.apply()
            try await eventually("each family that needs a cluster is there") {
                running.health.metrics
            } until: { text in
                [
                    "matriarch_cluster_ready{", "controller_runtime_reconcile_time_seconds_bucket{",
                    "rest_client_requests_total{",
                ]
                .allSatisfy { text.contains($0) }
            }
            let outcome = try await ForeignTool.promtool.run(["check", "metrics"], input: running.health.metrics)
            #expect(outcome.status == 0 && outcome.error == "" && outcome.output == "", "\(outcome)")
        }
    }

    @Test func `the environment of the Deployment configures the process`() {
        let configuration = OperatorConfiguration(environment: [
            "POD_NAME": "operator-7", "POD_NAMESPACE": "somewhere", "WATCH_NAMESPACE": "",
        ])
        #expect(configuration.podName == "operator-7")
        #expect(configuration.namespace == "somewhere")
        #expect(configuration.watchedNamespace == nil)
        #expect(configuration.leaseName == "matriarch-operator")
        #expect(OperatorConfiguration(environment: ["WATCH_NAMESPACE": "one"]).watchedNamespace == "one")
    }
}
