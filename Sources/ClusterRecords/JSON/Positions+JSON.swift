public import KubernetesModels
public import Units

extension Timeline {
    /// A number of 32 bits; nil for anything else.
    init?(json: JSONValue?) {
        guard let number = json?.int64Value.flatMap({ UInt32(exactly: $0) }) else { return nil }
        self.init(rawValue: number)
    }
}

extension LSN {
    /// As PostgreSQL writes it, `0/5000060`; nil for anything else.
    init?(json: JSONValue?) {
        guard let position = json?.stringValue.flatMap({ LSN($0) }) else { return nil }
        self = position
    }

    /// In bytes, as Patroni writes it; nil for anything else.
    public init?(bytes json: JSONValue?) {
        guard let bytes = json?.int64Value.flatMap({ UInt64(exactly: $0) }) else { return nil }
        self.init(rawValue: bytes)
    }
}
