import Testing
import Units

@Suite struct BootInstantTests {
    @Test func `an instant for ever away is still one`() {
        let now = BootInstant(nanoseconds: .max - 1)
        #expect((now + .seconds(1 << 60)).nanoseconds == .max)
        #expect((BootInstant(nanoseconds: .min + 1) - .seconds(1 << 60)).nanoseconds == .min)
        #expect(now - BootInstant(nanoseconds: .min) == .nanoseconds(Int64.max))
    }
}
