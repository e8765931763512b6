import SeededChance

/// The only source of chance in a run: xoshiro256**, seeded by splitmix64.
///
/// Own, because a run has to be the same on every platform and with every version of Swift.
struct SeededRandom: Sendable {
    private var state: (UInt64, UInt64, UInt64, UInt64)

    init(seed: UInt64) {
        var mix = SeededGenerator(seed: seed)
        state = (mix.next(), mix.next(), mix.next(), mix.next())
    }

    mutating func next() -> UInt64 {
        let result = Self.rotated(state.1 &* 5, by: 7) &* 9
        let shifted = state.1 << 17
        state.2 ^= state.0
        state.3 ^= state.1
        state.1 ^= state.2
        state.0 ^= state.3
        state.2 ^= shifted
        state.3 = Self.rotated(state.3, by: 45)
        return result
    }

    /// A number of the range; the bias of the multiplication is far below anything a run could show.
    mutating func next(in range: ClosedRange<Int64>) -> Int64 {
        let width = UInt64(range.upperBound - range.lowerBound) + 1
        return range.lowerBound + Int64(next().multipliedFullWidth(by: width).high)
    }

    mutating func index(below count: Int) -> Int {
        Int(next(in: 0...Int64(count - 1)))
    }

    mutating func happens(perMille: Int) -> Bool {
        perMille > 0 && next(in: 0...999) < Int64(perMille)
    }

    private static func rotated(_ word: UInt64, by bits: UInt64) -> UInt64 {
        (word << bits) | (word >> (64 - bits))
    }
}
