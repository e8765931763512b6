extension PromotionWatch {
    /// So long a promotion may take before the member says what it waits for.
    public static let usualTime: Duration = .seconds(5)

    /// What replay waits for is looked at again after so long.
    public static let interval: Duration = .milliseconds(100)
}

extension ServerState {
    /// A server that leads, or streams from who does, has nothing more to tell of a promotion.
    public var hasLeftPromotion: Bool {
        switch self {
        case .primary: true
        case .standby(let standby): standby.isStreaming
        case .noData, .unusable, .damaged, .stopped, .starting, .unresponsive: false
        }
    }
}
