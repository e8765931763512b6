import FoundationEssentials
import KubernetesModels

extension KubernetesClient {
    /// Decodes an answer. A write whose answer cannot be read has landed all the same.
    func decode<Value: Decodable>(
        _ type: Value.Type, from body: [UInt8], request: APIRequest
    ) throws(KubernetesError) -> Value {
        do {
            return try JSONDecoder().decode(type, from: Data(body))
        } catch {
            throw Self.undecodable(error, request: request)
        }
    }

    func decodeValue(_ body: [UInt8], request: APIRequest) throws(KubernetesError) -> JSONValue {
        do {
            return try JSONValue(parsing: body)
        } catch {
            throw Self.undecodable(error, request: request)
        }
    }

    func encode(_ object: some KubernetesResource) throws(KubernetesError) -> JSONValue {
        do {
            return try object.jsonValue()
        } catch {
            throw KubernetesError(code: .invalidRequest, message: "the object cannot be encoded")
        }
    }

    /// Names the field, never its value.
    static func undecodable(_ error: any Error, request: APIRequest) -> KubernetesError {
        let place: String
        if let error = error as? DecodingError, let context = error.context {
            place = "at " + context.codingPath.map(\.stringValue).joined(separator: ".")
        } else {
            place = "as a whole"
        }
        return KubernetesError(
            code: .invalidResponse, message: "\(request.subject): the answer cannot be decoded \(place)",
            isOutcomeUnknown: request.verb.isWrite)
    }
}

extension DecodingError {
    fileprivate var context: Context? {
        switch self {
        case .typeMismatch(_, let context), .valueNotFound(_, let context), .keyNotFound(_, let context),
            .dataCorrupted(let context):
            context
        @unknown default: nil
        }
    }
}
