import Units

/// What a measured figure must not exceed.
public struct Bar: Hashable, Sendable {
    /// Which figure of the result.
    public enum Figure: Hashable, Sendable {
        case outage
        /// One of ``ScenarioResult/figures``.
        case named(String)
    }

    public let figure: Figure
    public let median: Int64?
    public let maximum: Int64?

    public init(_ figure: Figure, median: Int64? = nil, maximum: Int64? = nil) {
        self.figure = figure
        self.median = median
        self.maximum = maximum
    }

    /// For tables.
    public var title: String {
        switch figure {
        case .outage: "outage ms"
        case .named(let name): name
        }
    }

    public var limits: String {
        [median.map { "median ≤ \($0)" }, maximum.map { "max ≤ \($0)" }].compactMap { $0 }.joined(separator: ", ")
    }

    public func value(in result: ScenarioResult) -> Int64? {
        switch figure {
        case .outage: result.outage?.milliseconds
        case .named(let name): result.figures[name]
        }
    }

    /// Whether the measurements stay below; none at all do not.
    public func isMet(by series: Series) -> Bool {
        guard let seriesMedian = series.median, let seriesMaximum = series.maximum else { return false }
        return median.map { seriesMedian <= $0 } ?? true && maximum.map { seriesMaximum <= $0 } ?? true
    }
}
