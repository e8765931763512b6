/// Certificates and key at fixed addresses: curl reads them in place for every connection instead of copying them into
/// every handle. Owned by the transfer thread; wiped when freed.
final class PinnedSecrets {
    let authority: UnsafeMutableBufferPointer<UInt8>
    let certificate: UnsafeMutableBufferPointer<UInt8>
    let key: UnsafeMutableBufferPointer<UInt8>

    init(_ configuration: HTTPTransportConfiguration) {
        if case .authority(let bytes) = configuration.serverTrust {
            authority = Self.pin(bytes)
        } else {
            authority = Self.pin([])
        }
        certificate = Self.pin(configuration.clientCertificate?.certificate ?? [])
        key = Self.pin(configuration.clientCertificate?.key ?? [])
    }

    deinit {
        key.update(repeating: 0)
        for buffer in [authority, certificate, key] { buffer.deallocate() }
    }

    private static func pin(_ bytes: [UInt8]) -> UnsafeMutableBufferPointer<UInt8> {
        let buffer = UnsafeMutableBufferPointer<UInt8>.allocate(capacity: bytes.count)
        _ = buffer.initialize(from: bytes)
        return buffer
    }
}
