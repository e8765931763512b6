import FoundationEssentials
import HTTPTransport
import KubernetesModels

/// Reads one watch: opens it with the first event asked for, and never reads ahead of its consumer by more than the
/// transport's buffer.
actor WatchReader<R: Decodable & Sendable> {
    private let client: KubernetesClient
    private let request: APIRequest
    private let idleTimeout: Duration
    private var body: HTTPBodyStream?
    private var lines = LineBuffer()
    private var isFinished = false

    init(client: KubernetesClient, request: APIRequest, idleTimeout: Duration) {
        self.client = client
        self.request = request
        self.idleTimeout = idleTimeout
    }

    /// `nil` when the server has ended the watch.
    func next() async throws(KubernetesError) -> WatchEvent<R>? {
        guard !isFinished else { return nil }
        do throws(KubernetesError) {
            let event = try await nextEvent()
            if event == nil { finish() }
            return event
        } catch {
            finish()
            throw error
        }
    }

    private func finish() {
        isFinished = true
        body = nil
        lines = LineBuffer()
    }

    private func nextEvent() async throws(KubernetesError) -> WatchEvent<R>? {
        let source: HTTPBodyStream
        if let body {
            source = body
        } else {
            source = try await client.openStream(request, idleTimeout: idleTimeout).body
            body = source
        }
        while true {
            while let line = lines.nextLine() {
                if let event = try decode(line) { return event }
            }
            do throws(HTTPTransportError) {
                guard let chunk = try await source.nextChunk() else { return nil }
                try append(chunk)
            } catch {
                throw KubernetesError(error, isWrite: false, subject: request.subject)
            }
        }
    }

    private func append(_ chunk: [UInt8]) throws(HTTPTransportError) {
        do {
            try lines.append(chunk)
        } catch {
            throw HTTPTransportError(
                code: .responseTooLarge, mayHaveBeenSent: true, message: "a watch event has no end")
        }
    }

    private func decode(_ line: ArraySlice<UInt8>) throws(KubernetesError) -> WatchEvent<R>? {
        let decoded: WatchLine<R>
        do {
            decoded = try JSONDecoder().decode(WatchLine<R>.self, from: Data(line))
        } catch {
            throw KubernetesClient.undecodable(error, request: request)
        }
        switch decoded {
        case .event(let event): return event
        case .unknown: return nil
        case .error(let status):
            throw KubernetesError(
                status: status["code"]?.intValue ?? 500, answer: status, isWrite: false, subject: request.subject)
        }
    }
}
