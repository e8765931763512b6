import Units

/// A configuration of HAProxy in front of one cluster: a port that leads to the primary, one that leads to replicas.
///
/// HAProxy asks each member's agent what it is, and knows nothing of Kubernetes.
struct BalancerConfiguration: Hashable, Sendable {
    /// One member, as HAProxy is to find it.
    struct Server: Hashable, Sendable {
        var name: String
        var place: ServerPlace
        /// Of its agent, at the same address.
        var agentPort: Int
    }

    /// Where HAProxy listens.
    struct Ports: Hashable, Sendable {
        /// `*` is every IPv4 address.
        var address = "*"
        var primary = 5000
        /// nil: nothing leads to replicas.
        var replicas: Int? = 5001
        /// nil: there is no page of statistics.
        var statistics: Int? = 7000

        /// What is wrong with them; nil: nothing.
        var problem: String? {
            guard !address.isEmpty, BalancerConfiguration.isPlain(address) else {
                return "--bind must be an address, or * for all of IPv4."
            }
            let all = [primary] + [replicas, statistics].compactMap(\.self)
            guard all.allSatisfy({ (1...65_535).contains($0) }) else { return "A port must be between 1 and 65535." }
            guard Set(all).count == all.count else { return "Each port must be another one." }
            return nil
        }
    }

    /// Which of a member's places is written down.
    enum Places: Hashable, Sendable {
        /// Names that HAProxy looks up itself, again and again.
        case names
        /// Addresses of this moment.
        case addresses
    }

    var namespace: String
    var cluster: String
    var servers: [Server]
    var places: Places
    var ports = Ports()
    /// What one server lets in.
    var connectionLimit = 100

    /// Whether HAProxy reads it as one word that means nothing but itself.
    static func isPlain(_ word: String) -> Bool {
        word.utf8.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"):
                true
            case _: "*.:-_".utf8.contains(byte)
            }
        }
    }
}

extension BalancerConfiguration {
    /// The file.
    var text: String {
        var sections = [remark, global, Self.defaults]
        if places == .names { sections.append(Self.resolvers) }
        if let port = ports.statistics { sections.append(statistics(port)) }
        sections.append(primary)
        if let port = ports.replicas { sections.append(replicas(port)) }
        return sections.joined(separator: "\n\n") + "\n"
    }

    private var remark: String {
        let names = servers.map(\.name).joined(separator: ", ")
        let until = places == .names ? "there are other members" : "there are other members, or one has another address"
        return """
            # Cluster \(namespace)/\(cluster): \(names).
            # Print it anew when \(until).
            """
    }

    /// The connections of all servers, and as many that wait for one. Without a number HAProxy takes one from the limit of
    /// descriptors, which in a container may be a thousand million, and memory for it.
    private var global: String {
        """
        global
            maxconn \(connectionLimit * (servers.count + 1))
            log stdout format raw daemon notice
        """
    }

    /// Patroni's, but for the check: an agent that refuses is asked again a second later, one that says nothing gets three.
    private static let defaults = """
        defaults
            mode tcp
            log global
            retries 2
            option tcpka
            timeout connect 4s
            timeout client 30m
            timeout server 30m
            timeout check 3s
        """

    /// The nameservers of the Pod that HAProxy runs in. A member that comes back elsewhere is found there within seconds.
    private static let resolvers = """
        resolvers pods
            parse-resolv-conf
            hold valid 5s
        """

    private func statistics(_ port: Int) -> String {
        """
        listen statistics
            bind \(bind(port))
            mode http
            stats enable
            stats uri /
            stats refresh 5s
        """
    }

    /// A former primary is out after the third refusal, at the latest 3 s after it has let the lock go; the next one is in
    /// with the fifth consent, which comes 4 s after the first at the earliest. So there are never two.
    private var primary: String {
        """
        # Of servers that have been asked at most one is up: three refusals take the former primary out before five consents let the next in.
        listen primary
            bind \(bind(ports.primary))
            option httpchk OPTIONS /primary
            http-check expect status 200
            default-server inter 1s fall 3 rise 5 on-marked-down shutdown-sessions maxconn \(connectionLimit)\(lookup)
        \(lines)
        """
    }

    private func replicas(_ port: Int) -> String {
        """
        listen replicas
            bind \(bind(port))
            balance leastconn
            option redispatch
            option httpchk OPTIONS /replica
            http-check expect status 200
            default-server inter 1s fall 3 rise 2 on-marked-down shutdown-sessions maxconn \(connectionLimit)\(lookup)
        \(lines)
        """
    }

    private func bind(_ port: Int) -> String { "\(ServerPlace.bracketed(ports.address)):\(port)" }

    /// A name need not lead anywhere when HAProxy starts.
    private var lookup: String { places == .names ? " resolvers pods init-addr none" : "" }

    private var lines: String {
        servers.map { "    server \($0.name) \($0.place) check port \($0.agentPort)" }.joined(separator: "\n")
    }
}
