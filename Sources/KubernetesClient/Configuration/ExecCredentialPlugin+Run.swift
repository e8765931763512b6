import FoundationEssentials
import HTTPTransport
import KubernetesModels
import Subprocess
import SystemPackage

extension ExecCredentialPlugin {
    /// What a run of the plugin yields.
    struct Result: Sendable {
        var token: String?
        var clientCertificate: HTTPTransportConfiguration.ClientCertificate?
        var expiration: Timestamp?
    }

    private static let outputLimit = 1 << 20

    /// Runs the program once.
    ///
    /// - Throws: ``KubernetesError`` `.credentialUnavailable`, with what the program wrote to standard error.
    func run(deadline: Duration) async throws(KubernetesError) -> Result {
        let output: String
        do {
            output = try await withThrowingTaskGroup(of: String?.self) { group in
                group.addTask { try await execute() }
                group.addTask {
                    try await Task.sleep(for: deadline)
                    return nil
                }
                defer { group.cancelAll() }
                guard let first = try await group.next(), let text = first else {
                    throw failure("no answer within \(deadline)")
                }
                return text
            }
        } catch let error as KubernetesError {
            throw error
        } catch is CancellationError {
            throw KubernetesError(code: .cancelled, message: "the task was cancelled")
        } catch {
            throw failure("\(error)\(installHint.map { "; \($0)" } ?? "")")
        }
        return try interpret(output)
    }

    private func failure(_ message: String) -> KubernetesError {
        KubernetesError(
            code: .credentialUnavailable, message: "exec credential plugin \(command): \(message)")
    }

    private func execute() async throws -> String {
        var variables: [Environment.Key: String?] = ["KUBERNETES_EXEC_INFO": executionInformation.serialized()]
        for (name, value) in environment { variables[Environment.Key(stringLiteral: name)] = value }
        let outcome = try await Subprocess.run(
            command.contains("/") ? .path(FilePath(command)) : .name(command),
            arguments: Arguments(arguments), environment: .inherit.updating(variables),
            output: .string(limit: Self.outputLimit), error: .string(limit: Self.outputLimit))
        guard outcome.terminationStatus.isSuccess else {
            throw failure("\(outcome.terminationStatus): \(outcome.standardError.trimmed.prefix(300))")
        }
        return outcome.standardOutput
    }

    func interpret(_ output: String) throws(KubernetesError) -> Result {
        let answer: JSONValue
        do {
            answer = try JSONValue(parsing: output)
        } catch {
            throw failure("its output is not JSON")  // Never quoted: it may hold the token.
        }
        guard answer["kind"]?.stringValue == "ExecCredential", answer["apiVersion"]?.stringValue == apiVersion else {
            throw failure("its output is no ExecCredential of \(apiVersion)")
        }
        var result = Result()
        let status = answer["status"]
        result.token = status?["token"]?.stringValue
        result.expiration = status?["expirationTimestamp"]?.stringValue.flatMap { Timestamp($0) }
        if let certificate = status?["clientCertificateData"]?.stringValue,
            let key = status?["clientKeyData"]?.stringValue
        {
            result.clientCertificate = .init(certificate: Array(certificate.utf8), key: Array(key.utf8))
        }
        guard result.token != nil || result.clientCertificate != nil else {
            throw failure("its output holds neither a token nor a certificate with key")
        }
        return result
    }
}
