/// Something that is done to one member, or to the API server all of them use.
public enum Fault: String, Hashable, Sendable, CaseIterable {
    case killInit = "kill-init"
    case killAgent = "kill-agent"
    case killPostmaster = "kill-postmaster"
    case killBackend = "kill-backend"
    case stopAgent = "stop-agent"
    case stopPostmaster = "stop-postmaster"
    case stopBackends = "stop-backends"
    case stopWalSenders = "stop-walsenders"
    case stopCheckpointer = "stop-checkpointer"
    case freeze
    case cutAPI = "cut-api"
    case cutAPIRequests = "cut-api-requests"
    case cutAPIAnswers = "cut-api-answers"
    case cutPeers = "cut-peers"
    case cutPeersIncoming = "cut-peers-incoming"
    case cutPeersOutgoing = "cut-peers-outgoing"
    case cutAll = "cut-all"
    case isolate
    case slowAPI = "slow-api"
    case unluckyAPI = "unlucky-api"
    case silentAPI = "silent-api"
    case stoppedAPI = "stopped-api"
    case frozenAPI = "frozen-api"
    case fullVolume = "full-volume"
    case starve
    case starveOut = "starve-out"
    case clockAhead = "clock-ahead"
    case clockBehind = "clock-behind"
    case configuration
    case switchover
    case slowCallbacks = "slow-callbacks"

    /// For people: what it is, with what undoes it.
    public var title: String {
        switch self {
        case .killInit: "kill -9 of PID 1; the container is started again"
        case .killAgent: "kill -9 of the agent"
        case .killPostmaster: "kill -9 of the postmaster"
        case .killBackend: "kill -9 of one backend"
        case .stopAgent: "SIGSTOP of the agent"
        case .stopPostmaster: "SIGSTOP of the postmaster"
        case .stopBackends: "SIGSTOP of the clients' backends"
        case .stopWalSenders: "SIGSTOP of the walsenders"
        case .stopCheckpointer: "SIGSTOP of the checkpointer"
        case .freeze: "the whole member frozen"
        case .cutAPI: "cut from the API server"
        case .cutAPIRequests: "requests to the API server lost"
        case .cutAPIAnswers: "answers of the API server lost"
        case .cutPeers: "cut from the other members"
        case .cutPeersIncoming: "packets from other members lost"
        case .cutPeersOutgoing: "packets to other members lost"
        case .cutAll: "cut from everything"
        case .isolate: "cut from API server and members, not from clients"
        case .slowAPI: "API server 600 ms away, for every member"
        case .unluckyAPI: "30 % of answers 409, 403, 429, 5xx or lost, for every member"
        case .silentAPI: "connections to the API server silent for every member"
        case .stoppedAPI: "API server stopped"
        case .frozenAPI: "API server frozen"
        case .fullVolume: "volume full"
        case .starve: "20 ms of one processor in each second for the whole member"
        case .starveOut: "4 ms of one processor in each second for the whole member"
        case .clockAhead: "wall clock one hour ahead, then right again"
        case .clockBehind: "wall clock one hour behind, then right again"
        case .configuration: "settings changed"
        case .switchover: "switchover asked for"
        case .slowCallbacks: "callbacks that take a minute and ignore SIGTERM, for every member"
        }
    }

    /// Whether it ends by itself: there is nothing to undo.
    public var isMomentary: Bool {
        switch self {
        case .killInit, .killAgent, .killPostmaster, .killBackend, .configuration, .switchover: true
        case .stopAgent, .stopPostmaster, .stopBackends, .stopWalSenders, .stopCheckpointer, .freeze, .cutAPI,
            .cutAPIRequests, .cutAPIAnswers, .cutPeers, .cutPeersIncoming, .cutPeersOutgoing, .cutAll, .isolate,
            .slowAPI, .unluckyAPI, .silentAPI, .stoppedAPI, .frozenAPI, .fullVolume, .starve, .starveOut, .clockAhead,
            .clockBehind, .slowCallbacks:
            false
        }
    }

    /// Whether acknowledged rows may be lost by it where replication is asynchronous: it can take away a primary that has
    /// something its standbys do not.
    public var mayLoseRows: Bool {
        switch self {
        case .configuration, .switchover, .killAgent, .slowAPI, .unluckyAPI, .clockAhead, .clockBehind, .slowCallbacks:
            false
        case .killInit, .killPostmaster, .killBackend, .stopAgent, .stopPostmaster, .stopBackends, .stopWalSenders,
            .stopCheckpointer, .freeze, .cutAPI, .cutAPIRequests, .cutAPIAnswers, .cutPeers, .cutPeersIncoming,
            .cutPeersOutgoing, .cutAll,
            .isolate, .silentAPI, .stoppedAPI, .frozenAPI, .fullVolume, .starve, .starveOut:
            true
        }
    }

    /// Whether a client's commit may be acknowledged after another leads: a machine that stood still as a whole finds what
    /// its server had written into the sockets, and cannot fence before it runs again. Not so in the synchronous modes.
    public var mayAcknowledgeLate: Bool { self == .freeze }

    /// Whether it is done to the API server or the way to it, so that two of them cannot be told apart.
    public var concernsWholeAPI: Bool {
        switch self {
        case .slowAPI, .unluckyAPI, .silentAPI, .stoppedAPI, .frozenAPI: true
        case .killInit, .killAgent, .killPostmaster, .killBackend, .stopAgent, .stopPostmaster, .stopBackends,
            .stopWalSenders, .stopCheckpointer, .freeze, .cutAPI, .cutAPIRequests, .cutAPIAnswers, .cutPeers,
            .cutPeersIncoming, .cutPeersOutgoing, .cutAll, .isolate, .fullVolume, .starve, .starveOut, .clockAhead,
            .clockBehind,
            .configuration, .switchover, .slowCallbacks:
            false
        }
    }

    /// Whether it needs members with clocks of their own.
    public var movesClock: Bool { self == .clockAhead || self == .clockBehind }

    /// Whether it needs a proxy that understands HTTP.
    public var needsHTTP: Bool { self == .unluckyAPI }
}
