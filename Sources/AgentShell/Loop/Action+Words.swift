import HighAvailability

extension Action {
    /// What is done, in a word or two.
    var words: String {
        switch self {
        case .wait: "wait"
        case .bootstrap: "create the cluster"
        case .bootstrapStandby: "create the cluster as a copy of the remote server"
        case .clone(let source): "copy the data of \(source)"
        case .race: "race for the lock"
        case .acquire: "take the lock"
        case .startPrimary: "start the primary"
        case .startStandby(let leader?): "start as a standby of \(leader)"
        case .startStandby(nil): "start as a standby of nobody"
        case .promote: "promote"
        case .lead: "lead"
        case .follow(let leader, from: let source): Self.words("follow \(leader)", leader, source)
        case .rejoin(let leader, from: let source): Self.words("rejoin \(leader)", leader, source)
        case .followRemote: "follow the remote server"
        case .leadStandby: "lead the standby cluster"
        case .demoteCluster: "become a standby cluster"
        case .demote: "demote"
        case .recover: "recover from the crash"
        case .handOver(to: let candidate?, requestID: _): "hand over to \(candidate)"
        case .handOver(to: nil, requestID: _): "hand over"
        case .refuseHandOver: "refuse to hand over"
        case .finishHandOver: "report the change of leader"
        case .restart: "kill and start the server"
        case .restartInPlace: "restart in place"
        case .answerRestart: "answer the request for a restart"
        case .reinitialize(_, from: let source): "copy the data of \(source) anew"
        case .answerReinitialize: "answer the request for a copy"
        case .release: "let the lock go"
        case .shutDown: "shut down"
        case .refuse: "go no further"
        }
    }

    private static func words(_ text: String, _ leader: String, _ source: String?) -> String {
        guard let source else { return "\(text) without a stream" }
        return source == leader ? text : "\(text), through \(source)"
    }
}
