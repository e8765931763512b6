import KubernetesModels

/// A program that prints an `ExecCredential` (client.authentication.k8s.io v1 or v1beta1).
public struct ExecCredentialPlugin: Sendable {
    static let supportedVersions = ["client.authentication.k8s.io/v1", "client.authentication.k8s.io/v1beta1"]

    public var apiVersion: String
    /// A name to look up in PATH, or a path.
    public var command: String
    public var arguments: [String]
    /// Added to this process' own.
    public var environment: [String: String]
    /// What the user is told when the program is missing.
    public var installHint: String?
    /// What `spec.cluster` of `KUBERNETES_EXEC_INFO` says, when the plugin wants it.
    var clusterInformation: JSONValue?

    public init(
        apiVersion: String = "client.authentication.k8s.io/v1", command: String, arguments: [String] = [],
        environment: [String: String] = [:], installHint: String? = nil
    ) {
        self.apiVersion = apiVersion
        self.command = command
        self.arguments = arguments
        self.environment = environment
        self.installHint = installHint
    }

    init(exec: JSONValue, folder: String, cluster: JSONValue, place: String) throws(KubernetesError) {
        guard let command = exec["command"]?.stringValue, !command.isEmpty else {
            throw .invalidConfiguration("\(place): an exec credential plugin has no command")
        }
        let version = exec["apiVersion"]?.stringValue ?? ""
        guard Self.supportedVersions.contains(version) else {
            throw .invalidConfiguration(
                "\(place): exec credential plugin \(command): apiVersion \"\(version)\" is not one of "
                    + Self.supportedVersions.joined(separator: ", "))
        }
        guard exec["interactiveMode"]?.stringValue != "Always" else {
            throw .invalidConfiguration("\(place): exec credential plugin \(command) needs a terminal")
        }
        var environment: [String: String] = [:]
        for variable in exec["env"]?.arrayValue ?? [] {
            if let name = variable["name"]?.stringValue { environment[name] = variable["value"]?.stringValue ?? "" }
        }
        let path = command.contains("/") ? Kubeconfig.resolve(command, in: folder) : command
        self.init(
            apiVersion: version, command: path,
            arguments: (exec["args"]?.arrayValue ?? []).compactMap(\.stringValue),
            environment: environment, installHint: exec["installHint"]?.stringValue)
        if exec["provideClusterInfo"]?.boolValue == true {
            var information: [String: JSONValue] = [:]
            for key in [
                "server", "tls-server-name", "insecure-skip-tls-verify", "certificate-authority-data", "proxy-url",
            ] {
                information[key] = cluster[key]
            }
            clusterInformation = .object(information)
        }
    }

    /// The value of `KUBERNETES_EXEC_INFO`.
    var executionInformation: JSONValue {
        var specification: [String: JSONValue] = ["interactive": false]
        if let clusterInformation { specification["cluster"] = clusterInformation }
        return ["apiVersion": .string(apiVersion), "kind": "ExecCredential", "spec": .object(specification)]
    }
}

extension ExecCredentialPlugin: CustomStringConvertible, CustomReflectable {
    /// Arguments and environment may hold secrets.
    public var description: String { "ExecCredentialPlugin(\(command))" }
    public var customMirror: Mirror { Mirror(self, children: ["command": command]) }
}
