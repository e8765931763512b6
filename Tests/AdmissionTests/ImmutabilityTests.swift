import KubernetesModels
import PostgresClusterAPI
import Testing

/// A rule about changes: what the cluster was made with, changes that break it, and changes that keep it.
struct ChangeCase: Sendable, CustomTestStringConvertible {
    let rule: Rule
    let path: String
    /// Merged over the smallest spec.
    let before: JSONValue
    /// Merge patches of the spec; null takes a member away.
    let breaking: [JSONValue]
    let keeping: [JSONValue]

    var testDescription: String { "\(path) from \(before)" }
}

@Suite struct ImmutabilityTests {
    static let cases: [ChangeCase] = [
        ChangeCase(
            rule: BootstrapSpec.isImmutable, path: "spec.bootstrap", before: [:],
            breaking: [
                ["bootstrap": ["initdb": ["dataChecksums": false]]], ["bootstrap": ["initdb": ["locale": "C"]]],
                // A cluster from before there was the field gets no database by naming one.
                ["bootstrap": ["initdb": ["database": "app"]]], ["bootstrap": ["initdb": ["secretName": "demo-app"]]],
                ["bootstrap": ["initdb": ["postInitSQL": ["SELECT 1"]]]],
            ],
            keeping: [
                ["bootstrap": ["initdb": ["dataChecksums": true]]], ["bootstrap": nil],
                ["bootstrap": ["initdb": nil]], ["instances": 5],
            ]),
        ChangeCase(
            rule: BootstrapSpec.isImmutable, path: "spec.bootstrap",
            before: ["bootstrap": ["initdb": ["encoding": "LATIN1"]]],
            breaking: [["bootstrap": nil], ["bootstrap": ["initdb": ["encoding": "UTF8"]]]],
            keeping: [["bootstrap": ["initdb": ["encoding": "LATIN1", "locale": nil]]]]),
        ChangeCase(
            rule: HighAvailabilitySpec.keepsLockObject, path: "spec.highAvailability.lockObject", before: [:],
            breaking: [["highAvailability": ["lockObject": "Endpoints"]]],
            keeping: [["highAvailability": ["lockObject": "ConfigMap", "profile": "fast"]], ["highAvailability": nil]]),
        ChangeCase(
            rule: HighAvailabilitySpec.keepsLockObject, path: "spec.highAvailability.lockObject",
            before: ["highAvailability": ["lockObject": "Endpoints"]],
            breaking: [["highAvailability": nil], ["highAvailability": ["lockObject": nil]]],
            keeping: [["highAvailability": ["failsafe": false]]]),
        ChangeCase(
            rule: StorageSpec.keepsStorageClass, path: "spec.storage", before: [:],
            breaking: [["storage": ["storageClassName": "fast"]]],
            keeping: [["storage": ["size": "20Gi"]]]),
        ChangeCase(
            rule: StorageSpec.keepsStorageClass, path: "spec.storage",
            before: ["storage": ["storageClassName": "fast"]],
            breaking: [["storage": ["storageClassName": "slow"]], ["storage": ["storageClassName": nil]]],
            keeping: [["storage": ["storageClassName": "fast"]], ["paused": true]]),
        ChangeCase(
            rule: ServiceSpec.rules[2], path: "spec.service", before: ["service": ["ipFamilies": ["IPv6"]]],
            breaking: [["service": ["ipFamilies": ["IPv4"]]]],
            keeping: [
                ["service": ["ipFamilies": ["IPv6", "IPv4"], "ipFamilyPolicy": "PreferDualStack"]],
                ["service": ["type": "NodePort"]],
            ]),
    ]

    @Test(arguments: cases)
    func `what a cluster was made with cannot change`(_ changeCase: ChangeCase) async throws {
        let admission = try await Admission()
        let first = try await admission.answer(
            to: admission.object(merged(minimalSpec, changeCase.before)), isDryRun: false)
        try #require(first.isAccepted, "\(first)")
        for changes in changeCase.breaking {
            let answer = try await admission.answer(toChange: ["spec": changes], of: "demo")
            #expect(answer.message.contains("\(changeCase.path): Invalid value:"), "\(changes): \(answer)")
            #expect(answer.message.contains(": \(changeCase.rule.message)"), "\(changes): \(answer)")
        }
        for changes in changeCase.keeping {
            let answer = try await admission.answer(toChange: ["spec": changes], of: "demo")
            #expect(answer.isAccepted, "\(changes): \(answer)")
        }
    }

    /// On a server without CEL the operator knows it from the status; a storage class it knows from the StatefulSet.
    @Test func `the operator says of a change what the server says`() throws {
        let before: PostgresCluster = try (["metadata": ["name": "demo"], "spec": minimalSpec] as JSONValue).decoded()
        var status = PostgresClusterStatus()
        status.bootstrap = try before.spec.get().bootstrap
        status.lockObject = try before.spec.get().highAvailability.lockObject
        for changeCase in Self.cases where changeCase.before == [:] && changeCase.path != "spec.storage" {
            for changes in changeCase.breaking {
                let after: JSONValue = ["metadata": ["name": "demo"], "spec": merged(minimalSpec, changes)]
                let problems = validate(try after.decoded(), previous: status)
                #expect(problems.map(\.path) == [changeCase.path])
                #expect(problems.first?.message.hasPrefix(changeCase.rule.message) == true, "\(problems)")
            }
        }
    }
}
