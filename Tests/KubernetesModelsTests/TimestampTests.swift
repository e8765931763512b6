import KubernetesModels
import Testing

@Suite("Timestamps")
struct TimestampTests {
    @Test(arguments: [
        ("1970-01-01T00:00:00Z", 0), ("2000-02-29T12:34:56Z", 951_827_696_000_000),
        ("2026-11-20T23:30:00.5Z", 1_795_217_400_500_000), ("1969-12-31T23:59:59.999999Z", -1),
        ("2026-01-01T01:00:00+01:00", 1_767_225_600_000_000), ("2026-01-01T00:00:00.123456789Z", 1_767_225_600_123_456),
        ("2026-01-01t00:00:00z", 1_767_225_600_000_000),
    ])
    func `RFC 3339 is read`(text: String, microseconds: Int64) throws {
        #expect(try #require(Timestamp(text)).microsecondsSince1970 == microseconds)
    }

    @Test(arguments: [
        "", "2026", "2026-13-01T00:00:00Z", "2025-02-29T00:00:00Z", "2026-01-01T24:00:00Z", "2026-01-01T00:00:00",
        "2026-01-01T00:00:00.Z", "2026-01-01T00:00:00ZZ", "2026-01-01T00:00:00+1:00", "２026-01-01T00:00:00Z",
    ])
    func `anything else is not`(text: String) {
        #expect(Timestamp(text) == nil)
    }

    @Test func `days of five centuries are written as they are read`() throws {
        for day in stride(from: -100_000, to: 100_000, by: 7) {
            let time = Timestamp(secondsSince1970: Int64(day) * 86_400 + 3661)
            #expect(Timestamp(time.description) == time)
        }
    }

    @Test func `fractions appear when there are some, or when asked for`() {
        let whole = Timestamp(secondsSince1970: 1_767_225_600)
        #expect(whole.description == "2026-01-01T00:00:00Z")
        #expect(whole.microsecondDescription == "2026-01-01T00:00:00.000000Z")
        #expect((whole + .microseconds(42)).description == "2026-01-01T00:00:00.000042Z")
        #expect((whole + .seconds(2)) - whole == .seconds(2))
    }

    @Test func `extreme instants do not trap`() {
        for value in [Int64.min, .max, 0] {
            let time = Timestamp(microsecondsSince1970: value)
            #expect(!time.description.isEmpty)
            _ = Timestamp(secondsSince1970: value)
            _ = time + .seconds(Int64.max)
            _ = Timestamp(microsecondsSince1970: .max) - time
        }
    }
}
