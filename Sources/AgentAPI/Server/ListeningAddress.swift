import Glibc

/// Where a server listens that everybody is to reach, over both families.
enum ListeningAddress {
    /// What the kernel does with a socket that listens on `::`.
    enum IPv6Support {
        /// It has no IPv6.
        case none
        /// Such a socket takes IPv4 connections, too.
        case bothFamilies
        /// `net.ipv6.bindv6only` is set: it takes IPv6 alone.
        case alone
    }

    /// The addresses to listen on, so that every address of this machine is served by as few sockets as possible.
    static func everywhere(_ support: IPv6Support = support()) -> [String] {
        switch support {
        case .none: ["0.0.0.0"]
        case .bothFamilies: ["::"]
        case .alone: ["::", "0.0.0.0"]
        }
    }

    /// Asks the kernel by a socket it makes and closes.
    static func support() -> IPv6Support {
        let descriptor = socket(AF_INET6, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { return .none }
        defer { close(descriptor) }
        var isAlone: Int32 = 0
        var length = socklen_t(MemoryLayout<Int32>.size)
        guard getsockopt(descriptor, Int32(IPPROTO_IPV6), IPV6_V6ONLY, &isAlone, &length) == 0, isAlone != 0 else {
            return .bothFamilies
        }
        return .alone
    }
}
