import HighAvailability
import KubernetesModels
import Units

/// `takeover` in what a member publishes of itself; durations have whole milliseconds.
extension TakeoverPhases {
    /// nil for what does not say the timeline and how long each phase took, or names a time nobody has waited.
    init?(json: JSONValue?) {
        func duration(_ key: String) -> Duration? {
            json?[key]?.int64Value.flatMap { 0...Self.longestMillis ~= $0 ? .milliseconds($0) : nil }
        }
        guard let timeline = Timeline(json: json?["timeline"]), let silence = duration("silenceMillis"),
            let election = duration("electionMillis"), let promotion = duration("promotionMillis"),
            let firstWrite = duration("firstWriteMillis")
        else { return nil }
        self.init(
            timeline: timeline, silence: silence, election: election, promotion: promotion, firstWrite: firstWrite)
    }

    var json: JSONValue {
        [
            "timeline": .int(Int64(timeline.rawValue)), "silenceMillis": .int(silence.milliseconds),
            "electionMillis": .int(election.milliseconds), "promotionMillis": .int(promotion.milliseconds),
            "firstWriteMillis": .int(firstWrite.milliseconds),
        ]
    }

    /// 34 years: sums of these fit wherever they are counted.
    private static let longestMillis: Int64 = 1 << 40
}
