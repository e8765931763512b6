import HTTPTransport

extension KubernetesClient {
    /// Follows a path whose text goes on and on, such as a Pod's log.
    ///
    /// Nothing is dropped: who reads slowly slows the server down. The stream ends when the server ends it.
    ///
    /// - Parameter idleTimeout: a longer silence throws.
    /// - Throws: as every call until the answer begins; then ``KubernetesError`` from the stream.
    /// - Cancellation: ends the transfer.
    public func followText(
        _ path: String, idleTimeout: Duration
    ) async throws(KubernetesError) -> AsyncThrowingStream<[UInt8], any Error> {
        let request = APIRequest(path: path)
        let body = try await openStream(request, idleTimeout: idleTimeout).body
        return AsyncThrowingStream {
            do throws(HTTPTransportError) {
                return try await body.nextChunk()
            } catch {
                throw KubernetesError(error, isWrite: false, subject: request.subject)
            }
        }
    }
}
