import PostgresConfiguration
import Testing
import Units

@Suite struct WALSegmentsTests {
    @Test(arguments: [
        ("0000000000000003", UInt64(16) << 20, UInt64(0x0300_0000)), ("00000002000000FF", 16 << 20, 0x2_FF00_0000),
        ("0000000200000003", 1 << 30, 0x2_C000_0000), ("0000000100000FFF", 1 << 20, 0x1_FFF0_0000),
    ])
    func `a segment begins where its name says`(_ digits: String, _ size: UInt64, _ start: UInt64) {
        #expect(WALSegments.start(of: digits, size: size) == LSN(rawValue: start))
    }

    @Test(arguments: [
        ("0000000000000100", UInt64(16) << 20), ("0000000200000004", 1 << 30), ("00000003", 16 << 20),
        ("000000000000000g", 16 << 20), ("0000000000000003", 0), ("0000000000000003", 3 << 20),
    ])
    func `what is no name of a segment of that size begins nowhere`(_ digits: String, _ size: UInt64) {
        #expect(WALSegments.start(of: digits, size: size) == nil)
    }

    @Test func `a standby needs its WAL from the beginning of the segment that its own ends in`() {
        let size: UInt64 = 16 << 20
        let end = LSN(rawValue: 0x0312_3456)
        #expect(WALSegments.missing(after: end, oldest: LSN(rawValue: 0x0300_0000), size: size) == nil)
        #expect(WALSegments.missing(after: end, oldest: LSN(rawValue: 0x0200_0000), size: size) == nil)
        #expect(
            WALSegments.missing(after: end, oldest: LSN(rawValue: 0x0400_0000), size: size)
                == LSN(rawValue: 0x0300_0000))
        let whole = LSN(rawValue: 0x0400_0000)
        #expect(WALSegments.missing(after: whole, oldest: whole, size: size) == nil)
        #expect(WALSegments.missing(after: end, oldest: whole, size: 0) == nil)
    }
}
