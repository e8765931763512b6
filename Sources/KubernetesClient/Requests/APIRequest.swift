import HTTPTransport
import KubernetesModels

/// One call to the API, before it knows the server and the credential.
struct APIRequest: Sendable {
    enum Verb: String, Sendable {
        case get, list, watch, create, update, patch, apply, delete

        var isWrite: Bool {
            switch self {
            case .get, .list, .watch: false
            case .create, .update, .patch, .apply, .delete: true
            }
        }

        var method: HTTPRequest.Method {
            switch self {
            case .get, .list, .watch: .get
            case .create: .post
            case .update: .put
            case .patch, .apply: .patch
            case .delete: .delete
            }
        }
    }

    var verb: Verb
    /// For metrics and messages.
    var resource: String
    /// Percent-encoded, beginning with a slash.
    var path: String
    var query: [(name: String, value: String)] = []
    var body: [UInt8]?
    var contentType = "application/json"
    /// In which form the answer is asked for.
    var accept = "application/json"

    /// What messages name: `patch configmaps/demo-leader`.
    var subject: String

    init(
        _ verb: Verb, _ resource: APIResource, namespace: String?, name: String? = nil, subresource: String? = nil,
        query: [(name: String, value: String)] = [], body: JSONValue? = nil
    ) {
        self.verb = verb
        self.resource = resource.description
        var path = resource.groupVersionPath
        if resource.isNamespaced, let namespace { path += "/namespaces/\(namespace.percentEncoded)" }
        path += "/\(resource.plural)"
        if let name { path += "/\(name.percentEncoded)" }
        if let subresource { path += "/\(subresource)" }
        self.path = path
        self.query = query
        self.body = body?.serializedBytes()
        subject = "\(verb.rawValue) \(resource)\(name.map { "/\($0)" } ?? "")\(subresource.map { "/\($0)" } ?? "")"
    }

    /// A path that is no resource, such as `/version`.
    init(path: String) {
        verb = .get
        resource = path
        self.path = path
        subject = "get \(path)"
    }

    func url(server: String) -> String {
        guard !query.isEmpty else { return server + path }
        let pairs = query.map { "\($0.name.percentEncoded)=\($0.value.percentEncoded)" }
        return "\(server)\(path)?\(pairs.joined(separator: "&"))"
    }
}

extension String {
    /// RFC 3986: everything but unreserved characters is escaped, so no name can leave its path segment.
    var percentEncoded: String {
        let hexadecimal = Array("0123456789ABCDEF".utf8)
        var result: [UInt8] = []
        result.reserveCapacity(utf8.count)
        for byte in utf8 {
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"),
                UInt8(ascii: "~"):
                result.append(byte)
            case _:
                result += [UInt8(ascii: "%"), hexadecimal[Int(byte >> 4)], hexadecimal[Int(byte & 0xF)]]
            }
        }
        return String(decoding: result, as: UTF8.self)
    }
}
