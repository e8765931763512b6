/// The host and port of an `https` or `http` URL, taken apart and put together again.
struct URLAuthority {
    let scheme: Substring
    /// An IPv6 address keeps its brackets.
    let host: Substring
    let port: Substring
    private let rest: Substring

    init?(url: String) {
        guard let schemeEnd = url.firstRange(of: "://") else { return nil }
        scheme = url[..<schemeEnd.lowerBound]
        let afterScheme = url[schemeEnd.upperBound...]
        let authorityEnd = afterScheme.firstIndex { $0 == "/" || $0 == "?" } ?? afterScheme.endIndex
        let authority = afterScheme[..<authorityEnd]
        rest = afterScheme[authorityEnd...]
        if let colon = authority.lastIndex(of: ":"), !authority[colon...].contains("]") {
            host = authority[..<colon]
            port = authority[authority.index(after: colon)...]
        } else {
            host = authority
            port = scheme == "http" ? "80" : "443"
        }
    }

    func url(withHost newHost: String) -> String { "\(scheme)://\(newHost):\(port)\(rest)" }
}
