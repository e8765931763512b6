import KubernetesModels

/// A sum of whole-number properties of an object, each taken a number of times.
public struct Sum: Sendable, Hashable {
    /// A property taken `times` times; `fallback` stands in for it while it is absent.
    public struct Term: Sendable, Hashable {
        public let property: String
        public let times: Int64
        public let fallback: Int64?

        public init(_ property: String, times: Int64 = 1, fallback: Int64? = nil) {
            self.property = property
            self.times = times
            self.fallback = fallback
        }
    }

    public let terms: [Term]

    public init(_ terms: Term...) { self.terms = terms }

    /// Its value; nil while a property without a fallback is absent, or beyond 64 bits.
    func value(in object: JSONValue) -> Int64? {
        var total: Int64 = 0
        for term in terms {
            guard let number = term.number(in: object) else { return nil }
            let (product, overflow) = number.multipliedReportingOverflow(by: term.times)
            let (sum, overflowed) = total.addingReportingOverflow(product)
            guard !overflow, !overflowed else { return nil }
            total = sum
        }
        return total
    }

    /// With its figures, for people: `loopWait 10 + 2·retryTimeout 10 = 30`.
    func figures(in object: JSONValue) -> String? {
        guard let value = value(in: object) else { return nil }
        let parts = terms.map { "\($0.size)\($0.property) \($0.number(in: object) ?? 0)" }
        return joined(parts, minus: "−") + " = \(value)"
    }

    /// Properties that must be there before the sum is taken.
    var guards: [String] { terms.filter { $0.fallback == nil }.map(\.property) }

    /// In CEL, `self` being the object.
    var expression: String { joined(terms.map(\.expression), minus: "-") }

    private func joined(_ parts: [String], minus: String) -> String {
        zip(terms, parts).enumerated().reduce(into: "") { text, next in
            let (index, (term, part)) = next
            let sign = term.times < 0 ? minus : "+"
            text += index == 0 ? (term.times < 0 ? minus : "") + part : " \(sign) \(part)"
        }
    }
}

extension Sum.Term {
    fileprivate func number(in object: JSONValue) -> Int64? { object[property]?.int64Value ?? fallback }

    fileprivate var size: String { times.magnitude == 1 ? "" : "\(times.magnitude)·" }

    fileprivate var expression: String {
        let value = fallback.map { "(has(self.\(property)) ? self.\(property) : \($0))" } ?? "self.\(property)"
        return times.magnitude == 1 ? value : "\(times.magnitude) * \(value)"
    }
}
