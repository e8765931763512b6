import FoundationEssentials
import HTTPTransport
import KubernetesModels

/// What one request is authenticated with.
struct ResolvedCredential: Sendable {
    var authorization: String?
    /// From a plugin; replaces the configuration's own.
    var clientCertificate: HTTPTransportConfiguration.ClientCertificate?
}

/// Keeps the current credential: token files are read again, plugins run again, when theirs has run out.
actor CredentialProvider {
    private let credential: Credential
    private let tokenFileLifetime: Duration
    private var cached: (value: ResolvedCredential, validUntil: ContinuousClock.Instant?, expires: Timestamp?)?
    /// One run of the plugin at a time, shared by all who wait for it.
    private var pluginRun: Task<Result<ExecCredentialPlugin.Result, KubernetesError>, Never>?

    init(_ credential: Credential, tokenFileLifetime: Duration) {
        self.credential = credential
        self.tokenFileLifetime = tokenFileLifetime
    }

    /// Whether another try with a fresh credential makes sense after a 401.
    nonisolated var isRenewable: Bool {
        switch credential {
        case .tokenFile, .plugin: true
        case .none, .token, .basic: false
        }
    }

    /// The server refused the credential: the next request gets a fresh one.
    func invalidate() { cached = nil }

    func current(deadline: Duration) async throws(KubernetesError) -> ResolvedCredential {
        if let cached, isValid(cached) { return cached.value }
        switch credential {
        case .none: return ResolvedCredential()
        case .token(let token): return ResolvedCredential(authorization: "Bearer \(token)")
        case .basic(let user, let password):
            let encoded = Data("\(user):\(password)".utf8).base64EncodedString()
            return ResolvedCredential(authorization: "Basic \(encoded)")
        case .tokenFile(let path):
            return try readToken(path)
        case .plugin(let plugin):
            return try await run(plugin, deadline: deadline)
        }
    }

    private func isValid(
        _ entry: (value: ResolvedCredential, validUntil: ContinuousClock.Instant?, expires: Timestamp?)
    ) -> Bool {
        if let limit = entry.validUntil, ContinuousClock.now >= limit { return false }
        // Ten seconds early: a request takes time, and clocks differ.
        if let expires = entry.expires, Timestamp.now() + .seconds(10) >= expires { return false }
        return true
    }

    private func readToken(_ path: String) throws(KubernetesError) -> ResolvedCredential {
        do {
            let token = try FileContents.readText(path).trimmed
            let value = ResolvedCredential(authorization: "Bearer \(token)")
            cached = (value, ContinuousClock.now + tokenFileLifetime, nil)
            return value
        } catch {
            // A file caught while it is replaced: the old token is good for a while longer.
            if let cached { return cached.value }
            throw KubernetesError(code: .credentialUnavailable, message: error.message)
        }
    }

    private func run(
        _ plugin: ExecCredentialPlugin, deadline: Duration
    ) async throws(KubernetesError) -> ResolvedCredential {
        let task =
            pluginRun
            ?? Task {
                do throws(KubernetesError) {
                    return .success(try await plugin.run(deadline: deadline))
                } catch {
                    return .failure(error)
                }
            }
        pluginRun = task
        let outcome = await task.value
        if pluginRun == task { pluginRun = nil }
        let result = try outcome.get()
        let value = ResolvedCredential(
            authorization: result.token.map { "Bearer \($0)" }, clientCertificate: result.clientCertificate)
        cached = (value, nil, result.expiration)
        return value
    }
}
